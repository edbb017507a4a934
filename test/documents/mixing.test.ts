import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  correlations,
  fitWeights,
  gradients,
  groupStep,
  minimaxWeights,
  mixtureLoss,
  project,
  type Probabilities,
} from '#kneser/src/documents/mixing.js';
import { randomNumbers } from '../support/models.js';

const random = randomNumbers(9);

const LOSSES = [
  [0.9, 1.1, 0.7],
  [0.85, 1.0, 0.8],
  [0.95, 0.9, 0.75],
  [0.7, 1.2, 0.6],
  [0.8, 1.05, 0.65],
];
const ERRORS = [0.6, 0.5, 0.65, 0.3, 0.4];

test('correlations and their projection are those of an independent computation', () => {
  const close = (values: readonly number[]): unknown[] => values.map(value => expect.closeTo(value, 12) as unknown);
  expect(correlations(LOSSES, ERRORS, 'spearman')).toEqual(close([1, -0.7, 0.7]));
  expect(correlations(LOSSES, ERRORS, 'sign-cdf')).toEqual(close([0.4, -0.28, 0.28]));
  expect(correlations(LOSSES, ERRORS, 'sign-sign')).toEqual(close([1, -0.6, 0.6]));
  expect(correlations(LOSSES, ERRORS, 'sign')).toEqual(close([0.12, -0.11, 0.07]));
  expect(project([1, -0.7, 0.7], [0.5, 0.6, 0.3], 'linear')).toEqual(close([0.5, 0.2, 0.3]));
  const near = project([0.4, -0.3, 0.2], [0.5, 0.6, 0.6], 'l2');
  expect(near.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(near[0] - near[2]).toBeLessThanOrEqual(0.2 + 1e-12);
});

test("a step of group DRO is DoReMi's", () => {
  const step = (smooth: number): number[] => [...groupStep([0.5, 0.3, 0.2], [0.2, -0.1, 0.5], 1, smooth)];
  expect(step(1e-4)).toEqual([0.49230828, 0.24185772, 0.265834].map(q => expect.closeTo(q, 8) as unknown));
  expect(step(1e-3)).toEqual([0.49216519, 0.24194005, 0.26589476].map(q => expect.closeTo(q, 8) as unknown));
});

function randomText(models: number, tokens: number, strong: number): Probabilities {
  const values = Float64Array.from(
    { length: tokens * models },
    (_, at) => (at % models === strong ? 0.1 : 0.02) + 0.3 * random() ** 4,
  );
  return { values, models };
}

test('weights by EM satisfy the conditions of the optimum', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5 }), models => {
      const text = randomText(models, 100, 0);
      const weights = fitWeights([text], [1], undefined, 50_000, -Infinity);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      gradients(text, weights).forEach((gradient, i) => {
        expect(gradient).toBeLessThanOrEqual(1 + 1e-6);
        if (weights[i] > 1e-3) expect(gradient).toBeCloseTo(1, 6);
      });
    }),
    { numRuns: 4 },
  );
});

test('minimax comes within 0.001 of the least worst excess, which a convex search finds', () => {
  const texts = [0, 1, 2].map(strong => randomText(3, 150, strong));
  const references = texts.map(text => mixtureLoss(text, fitWeights([text])));
  const worst = (weights: readonly number[]): number =>
    Math.max(...texts.map((text, j) => mixtureLoss(text, weights) - references[j]));
  // A function that is convex in both parameters is convex in the first one, when the second is the best: two searches by thirds.
  const least = (f: (share: number) => number): number => {
    let [low, high] = [1e-9, 1 - 1e-9];
    for (let step = 0; step < 40; step++) {
      const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
      if (f(a) < f(b)) high = b;
      else low = a;
    }
    return f(low);
  };
  const best = least(a => least(b => worst([a, b * (1 - a), (1 - b) * (1 - a)])));
  const found = minimaxWeights(texts, references, { rounds: 200, step: 1, smooth: 1e-3 });
  const gap = Math.max(...found.excess) - best;
  expect(gap).toBeGreaterThan(-1e-6);
  expect(gap).toBeLessThan(1e-3);
  expect(found.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10);
});

test('a step of group DRO is finite however large it is', () => {
  expect([...groupStep([0.5, 0.5], [0.4, 0.9], 1e6, 0)]).toEqual([0, 1]);
  expect([...groupStep([0.5, 0.5], [0.9, 0.9], 1e6, 0)]).toEqual([0.5, 0.5]);
  expect([...groupStep([0, 1], [800, 0], 1, 0)]).toEqual([0, 1]);
});
