import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseNumber } from '#kneser/src/tools/arpa/number.js';

const encoder = new TextEncoder();

const numbers = fc.oneof(
  fc.double({ noNaN: true }),
  fc.double({ min: -10, max: 1, noNaN: true }),
  fc.tuple(fc.integer(), fc.integer({ min: 0, max: 16 })).map(([digits, point]) => digits / 10 ** point),
);

test('numbers are read as JavaScript reads them', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 0, max: 20 }), (value, digits) => {
      if (!Number.isFinite(value)) return;
      for (const text of [String(value), value.toExponential(digits), value.toPrecision(digits + 1)]) {
        const bytes = encoder.encode(`x${text} `);
        expect(parseNumber(bytes, 1, bytes.length - 1)).toEqual(Number.isFinite(Number(text)) ? Number(text) : NaN);
      }
    }),
  );
  for (const text of ['', '-', '.', '-.', '1-', '--1', '1.2.3', '1e', '1e+', 'e5', '0x10', 'Infinity', 'NaN', '1 ']) {
    expect([text, parseNumber(encoder.encode(text), 0, text.length)]).toEqual([text, NaN]);
  }
  expect(parseNumber(encoder.encode('-.5'), 0, 3)).toBe(-0.5);
  expect(parseNumber(encoder.encode('-5.'), 0, 3)).toBe(-5);
});
