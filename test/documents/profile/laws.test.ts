import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitHeaps, fitZipf } from '#kneser/src/documents/profile/laws.js';

describe('laws', () => {
  test('the exponent of Zipf has the highest likelihood, and is found again', () => {
    const exact = Uint32Array.from({ length: 2000 }, (_, k) => Math.round(1e7 * (k + 1) ** -1.3));
    expect(fitZipf(exact).exponent).toBeCloseTo(1.3, 4);
    const property = fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 60 }), list => {
      const counts = Uint32Array.from(list.sort((a, b) => b - a));
      const { exponent, ks } = fitZipf(counts);
      const logLikelihood = (s: number): number => {
        const mass = counts.reduce((sum, _, k) => sum + (k + 1) ** -s, 0);
        return counts.reduce((sum, count, k) => sum - count * (s * Math.log(k + 1) + Math.log(mass)), 0);
      };
      const s = exponent ?? NaN;
      for (const other of [s - 1e-3, s + 1e-3]) {
        if (other >= 0) expect(logLikelihood(s)).toBeGreaterThanOrEqual(logLikelihood(other));
      }
      expect(ks).toBeLessThan(1);
    });
    fc.assert(property, { numRuns: 100 });
    expect(fitZipf(Uint32Array.of(7))).toEqual({ exponent: null, ks: null });
  });

  test('the law of Heaps has the highest likelihood', () => {
    const arrivals = Uint32Array.of(1, 2, 4, 5, 9, 17, 30, 31, 70);
    const { alpha, beta } = fitHeaps(arrivals, 100);
    const logLikelihood = (a: number, b: number): number =>
      arrivals.reduce((sum, at) => sum + Math.log(a * b * at ** (b - 1)), 0) - a * 100 ** b;
    const [a, b] = [alpha ?? NaN, beta ?? NaN];
    for (const [da, db] of [
      [1e-3, 0],
      [-1e-3, 0],
      [0, 1e-3],
      [0, -1e-3],
    ]) {
      expect(logLikelihood(a, b)).toBeGreaterThan(logLikelihood(a + da, b + db));
    }
    expect(fitHeaps(Uint32Array.of(1), 1)).toEqual({ alpha: null, beta: null });
  });
});
