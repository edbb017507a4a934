import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exp, exp10, log, log10 } from '#kneser/src/base/elementary.js';

/** The largest relative difference: two units in the last place, because the engine's functions are not exact either. */
function close(actual: number, expected: number): boolean {
  return Object.is(actual, expected) || Math.abs(actual - expected) <= 4.5e-16 * Math.abs(expected);
}

describe('exponentials and logarithms', () => {
  const positive = fc.double({ min: 1e-300, max: 1e300, noNaN: true });

  test('differ from those of the engine in the last digit at most', () => {
    fc.assert(
      fc.property(
        positive,
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        fc.double({ min: -300, max: 300, noNaN: true }),
        (x, near, power) => {
          for (const value of [x, near])
            expect([close(log(value), Math.log(value)), close(log10(value), Math.log10(value))]).toEqual([true, true]);
          expect(close(exp(power), Math.exp(power))).toBe(true);
          // The rounding of the power allows no closer result.
          expect(Math.abs(exp10(power) / 10 ** power - 1)).toBeLessThan(1e-15);
        },
      ),
    );
  });

  test('of 0, negative numbers, NaN, infinities, and where exp overflows or underflows, are those of the engine', () => {
    for (const x of [0, -1, NaN, Infinity, 1]) {
      expect(log(x)).toBe(Math.log(x));
      expect(log10(x)).toBe(Math.log10(x));
    }
    for (const x of [-Infinity, -746, 0, 1, 710, Infinity, NaN]) expect(exp(x)).toBe(Math.exp(x));
    for (const x of [-Infinity, -400, 0, 400, Infinity, NaN]) expect(exp10(x)).toBe(10 ** x);
    expect(close(log(5e-324), Math.log(5e-324)) && close(log10(5e-324), Math.log10(5e-324))).toBe(true);
    expect(exp10(Math.log10(2)) / 2).toBeCloseTo(1, 15);
  });

  test('have the recorded bits on every machine', () => {
    expect([log(0.3), log10(0.3), exp(0.3), exp10(0.3)]).toEqual([
      -1.2039728043259361, -0.5228787452803376, 1.3498588075760032, 1.9952623149688797,
    ]);
  });
});
