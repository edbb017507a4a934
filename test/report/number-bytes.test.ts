import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NUMBER_BYTES, writeNumber } from '#kneser/src/report/number-bytes.js';

const bytes = new Uint8Array(NUMBER_BYTES + 2);
const decoder = new TextDecoder();

/** What `writeNumber` writes behind two other bytes. */
function written(value: number): string {
  return decoder.decode(bytes.subarray(2, writeNumber(value, bytes, 2)));
}

/** The next double above a positive one. */
function after(value: number): number {
  const double = Float64Array.of(value);
  new BigInt64Array(double.buffer)[0]++;
  return double[0];
}

test('a number has the bytes of JSON', () => {
  const numbers = [0, -0, 1, -1, 0.1, 0.5, 1 / 3, 2 / 3, 1e-6, 1e-7, 5e-324, 1e9, 1e9 - 1, 1e15, 1e15 - 0.125, 1e16];
  const more = [1e21, 1e300, 1.7976931348623157e308, 123456789.125, 9007199254740993, 4.35, 0.000123, 100.5, -99.995];
  const powers = Array.from({ length: 60 }, (_, i) => 2 ** (i - 20));
  const tens = Array.from({ length: 22 }, (_, i) => Number(`1e${i - 6}`));
  for (const value of [...numbers, ...more, ...powers, ...tens]) {
    for (const near of [value, after(value), after(after(value)), -value]) {
      expect(written(near)).toBe(JSON.stringify(near));
    }
  }
});

test('so have numbers of any size, and those of few digits with their neighbours', () => {
  const figures = fc.double({ min: -400, max: 400, noNaN: true });
  const sizes = fc.tuple(fc.double({ min: 1, max: 10, noNaN: true }), fc.integer({ min: -8, max: 17 }));
  const short = fc.tuple(fc.integer({ min: -1e7, max: 1e7 }), fc.integer({ min: 0, max: 12 }), fc.nat({ max: 2 }));
  fc.assert(
    fc.property(
      fc.oneof(
        figures,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        sizes.map(([value, exponent]) => value * 10 ** exponent),
        short.map(([whole, places, ulps]) => (whole / 10 ** places) * (1 + ulps * Number.EPSILON)),
      ),
      value => {
        expect(written(value)).toBe(JSON.stringify(value));
      },
    ),
    { numRuns: 5000 },
  );
});
