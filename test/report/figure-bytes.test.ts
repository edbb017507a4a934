import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FIGURE_BYTES, writeFigure, writeWhole } from '#kneser/src/report/figure-bytes.js';
import { figure } from '#kneser/src/report/figures.js';

const bytes = new Uint8Array(FIGURE_BYTES + 2);

/** What `writeFigure` writes behind two other bytes. */
function written(value: number, decimals: 2 | 4): string {
  return Buffer.from(bytes.subarray(2, writeFigure(value, decimals, bytes, 2))).toString();
}

/** Numbers at which rounding is hard: ties of the fifth and third decimal, and their neighbours among the doubles. */
const ties = fc
  .tuple(fc.integer({ min: -2_000_000, max: 2_000_000 }), fc.constantFrom(1e5, 1e3, 8, 1), fc.constantFrom(0, 1, -1))
  .map(([n, scale, ulps]) => (n / scale) * (1 + ulps * Number.EPSILON));

test('a figure has the bytes of the same figure as text', () => {
  const numbers = [0, -0, -1e-9, 1e-9, 0.00005, -0.00005, 1.005, 99.995, 9.99995, 1e5, 99999.99995, 1e9, 1e21, 1e300];
  for (const value of [...numbers, -Infinity, Infinity, NaN, -5e-324, -99, 123456789.125]) {
    for (const decimals of [2, 4] as const) expect(written(value, decimals)).toBe(figure(value, decimals));
  }
  fc.assert(
    fc.property(
      fc.oneof(ties, fc.double(), fc.double({ min: -30, max: 0 })),
      fc.constantFrom(2, 4),
      (value, decimals) => {
        expect(written(value, decimals)).toBe(figure(value, decimals));
      },
    ),
    { numRuns: 2000 },
  );
});

test('a whole number has its digits', () => {
  for (const value of [0, 1, 9, 10, 99, 100, 12345, 999_999_999]) {
    expect(Buffer.from(bytes.subarray(1, writeWhole(value, bytes, 1))).toString()).toBe(`${value}`);
  }
});
