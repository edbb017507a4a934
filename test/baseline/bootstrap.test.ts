import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intervalOf, pairedTest, Resampling } from '#kneser/src/baseline/bootstrap.js';
import { randomNumbers } from '../support/models.js';

describe('bootstrap', () => {
  const options = { resamples: 400, seed: 7, stream: 0 };
  const mean = ([count, sum]: Float64Array): number => sum / count;
  const resample = (values: readonly number[], changed: Partial<typeof options> = {}): Resampling => {
    const resampling = new Resampling(2, { ...options, ...changed });
    for (const value of values) resampling.add([1, value]);
    return resampling;
  };

  test('the interval contains the mean and lies between the smallest and the largest value', () => {
    const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 8, maxLength: 60 });
    fc.assert(
      fc.property(values, given => {
        const resampling = resample(given);
        const [low, high] = intervalOf(resampling.statistics(mean)) ?? [NaN, NaN];
        const slack = 1e-9;
        expect(low).toBeGreaterThanOrEqual(Math.min(...given) - slack);
        expect(high).toBeLessThanOrEqual(Math.max(...given) + slack);
        expect(low).toBeLessThanOrEqual(mean(resampling.sums) + slack);
        expect(high).toBeGreaterThanOrEqual(mean(resampling.sums) - slack);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test('the interval of 2,000 values extends 1.96 standard errors to either side, as in theory', () => {
    const random = randomNumbers(5);
    const values = Array.from({ length: 2000 }, () => random());
    const [low, high] = intervalOf(resample(values, { resamples: 2000 }).statistics(mean)) ?? [NaN, NaN];
    const error = Math.sqrt(1 / 12 / values.length);
    expect((high - low) / (2 * 1.96 * error)).toBeCloseTo(1, 1);
  });

  test('resamples are equal for equal seed and stream, and different otherwise', () => {
    const values = [1, 2, 5, 9];
    const statistics = (changed = {}): Float64Array => resample(values, changed).statistics(mean);
    expect(statistics()).toEqual(statistics());
    expect(statistics()).not.toEqual(statistics({ seed: 8 }));
    expect(statistics()).not.toEqual(statistics({ stream: 1 }));
  });

  test('a resample takes each unit 0, 1, 2, … times with the probabilities of a Poisson distribution of mean 1', () => {
    const taken = resample([0], { resamples: 20_000 }).statistics(([count]) => count);
    for (const [times, probability] of [0.3679, 0.3679, 0.1839, 0.0613].entries()) {
      expect(taken.filter(count => count === times).length / taken.length).toBeCloseTo(probability, 1.5);
    }
    expect(taken.reduce((sum, count) => sum + count, 0) / taken.length).toBeCloseTo(1, 1.5);
  });

  test('p is 1 for equal values, and as small as the number of resamples allows for values that all are larger', () => {
    const same = resample([3, 1, 2]).statistics(mean);
    expect(pairedTest(same.map((value, i) => value - same[i]))).toEqual({ interval: [0, 0], p: 1 });
    const more = resample([4, 2, 3]).statistics(mean);
    const { interval, p } = pairedTest(more.map((value, i) => value - same[i]));
    interval?.forEach(end => expect(end).toBeCloseTo(1, 12));
    expect(p).toBe(2 / (same.filter(Number.isFinite).length + 1));
  });

  test('gives null instead of interval and p if most resamples are empty', () => {
    expect(intervalOf(Float64Array.of(NaN, NaN, 1))).toBeNull();
    expect(pairedTest(Float64Array.of(NaN, NaN, 1))).toEqual({ interval: null, p: null });
  });
});
