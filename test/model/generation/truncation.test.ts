import { expect, test } from 'vitest';
import { massOf, truncate, type TruncationOptions } from '#kneser/src/model/generation/truncation.js';

/** The number of types that a truncation leaves of probabilities, by type. */
function keptOf(probabilities: readonly number[], options: TruncationOptions): number[] {
  const counts = new Uint32Array(probabilities.length).fill(1);
  truncate(Float64Array.from(probabilities), counts, options);
  return [...counts.keys()].filter(i => counts[i] > 0);
}

test('truncations keep what an independent computation keeps', () => {
  const toy = [0.4, 0.2, 0.15, 0.1, 0.06, 0.04, 0.03, 0.015, 0.004, 0.001];
  expect(keptOf(toy, { typical: 0.9 })).toEqual([0, 1, 2, 3, 4]);
  expect(keptOf(toy, { eta: 0.01 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(keptOf(toy, { topK: 3 })).toEqual([0, 1, 2]);
  expect(keptOf(toy, { topP: 0.7 })).toEqual([0, 1, 2]);
  expect(keptOf(toy, { minP: 0.09 })).toEqual([0, 1, 2, 3, 4, 5]);
  expect(keptOf(toy, { epsilon: 0.5 })).toEqual([0]);
  // Each step works on the renormalized rest: 0.2 of 0.75 is 0.267.
  expect(keptOf(toy, { topK: 3, epsilon: 0.25 })).toEqual([0, 1]);
  // A group of equally probable types is cut in the middle by top-k and top-p.
  const counts = Uint32Array.of(1, 10);
  truncate(Float64Array.of(0.5, 0.05), counts, { topP: 0.72 });
  expect([...counts]).toEqual([1, 5]);
  expect(massOf(Float64Array.of(0.5, 0.05), counts)).toBeCloseTo(0.75, 12);
});
