import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bertinWeight, highestKeys, inverseWeights, weightOf } from '#kneser/src/documents/choices.js';
import { ranked } from '#kneser/src/documents/order.js';

test("BERTIN's probabilities are those of its README", () => {
  const quartiles = [200, 300, 500] as const;
  const x = [100, 250, 400, 900];
  expect(x.map(figure => 150 * bertinWeight('stepwise', figure, quartiles))).toEqual(
    [0.75, 3 / 2 + 0, 0.75, 0.03].map(p => expect.closeTo(p, 12) as number),
  );
  const gaussian = x.map(figure => 0.78 * bertinWeight('gaussian', figure, quartiles));
  expect(gaussian).toEqual([0.706645, 0.7752, 0.760977, 0.320668].map(p => expect.closeTo(p, 6) as number));
});

test('weights of SoftDedup: mean 1 over tokens, the ratio between the ends, falling', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 1e-6, max: 1, noNaN: true }), fc.integer({ min: 1, max: 500 })), {
        minLength: 2,
        maxLength: 60,
      }),
      fc.integer({ min: 1, max: 20 }),
      (documents, segments) => {
        const figures = Float64Array.from(documents, ([figure]) => figure);
        const tokens = Float64Array.from(documents, ([, count]) => count);
        const order = ranked(Uint32Array.from(figures.keys()), figures);
        const found = inverseWeights(order, figures, tokens, { segments, ratio: 10 });
        const { weights } = found;
        const [first, last] = [weights[0], weights[weights.length - 1]];
        if (weights.length > 1 && found.beta > 0) expect(first / last).toBeCloseTo(10, 8);
        weights.forEach((weight, k) => {
          if (k > 0) expect(weight).toBeLessThanOrEqual(weights[k - 1] * (1 + 1e-12));
        });
        const mass = tokens.reduce((sum, count, i) => sum + count * weightOf(found, figures[i]), 0);
        expect(mass / tokens.reduce((sum, count) => sum + count, 0)).toBeCloseTo(1, 8);
      },
    ),
  );
});

test('documents of one commonness have one weight', () => {
  const figures = new Float64Array(9).fill(0.1 + 0.2);
  const tokens = Float64Array.from(figures, (_, i) => 7 + 3 * i);
  const found = inverseWeights(Uint32Array.from(figures.keys()), figures, tokens, { segments: 4, ratio: 10 });
  expect(found).toMatchObject({ beta: 0, weights: found.weights.map(() => 1) });
});

test('inclusion frequencies of resampling are those of Plackett and Luce', () => {
  const scores = Float64Array.from([0, 0.5, 1, -0.5, 0.2, 1.5]);
  const weights = scores.map(Math.exp);
  const members = Uint32Array.from(scores.keys());
  // P(i among the first 3) by the definition: all ordered choices without replacement.
  const expected = new Float64Array(6);
  const visit = (taken: readonly number[], p: number): void => {
    if (taken.length === 3) {
      for (const i of taken) expected[i] += p;
      return;
    }
    const left = [...members].filter(i => !taken.includes(i));
    const total = left.reduce((sum, i) => sum + weights[i], 0);
    for (const i of left) visit([...taken, i], (p * weights[i]) / total);
  };
  visit([], 1);
  const seen = new Float64Array(6);
  for (let seed = 0; seed < 2000; seed++) {
    const isChosen = highestKeys(6, i => scores[i], 3, seed);
    for (const i of members) if (isChosen(i)) seen[i]++;
  }
  seen.forEach((times, i) => {
    const p = expected[i];
    expect(Math.abs(times / 2000 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 2000));
  });
});
