import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CacheExperts, MEMORIES } from '#kneser/src/smoothing/cache/experts.js';
import type { NextWord } from '#kneser/src/smoothing/cache/running-text.js';
import type { WordClasses } from '#kneser/src/tables/classes.js';

/** Six words, `<unk>` (1) among them, in classes of their own, two and three. */
const WORDS = [1, 3, 4, 5, 6, 7];
const classes: WordClasses = {
  count: 6,
  predicted: 4,
  of: Uint32Array.of(0, 1, 2, 3, 4, 4, 5, 5),
  share: Float64Array.of(0, 1, 1, 1, 0.25, 0.75, 0.4, 0.6),
};
/** p of a class, which the class model gives whatever came before. */
const OF_CLASS = [0, 0.1, 0, 0.2, 0.3, 0.4];

const next = (word: number, first: number, second: number, unknown = false): NextWord => {
  const classProbability = OF_CLASS[classes.of[word]] * classes.share[word];
  return { word, first, second, unknown, probability: 1 / WORDS.length, classProbability };
};

const texts = fc.array(fc.record({ word: fc.constantFrom(...WORDS), unknown: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
});

test.each([
  ['with classes', classes, MEMORIES],
  ['without classes', undefined, { ...MEMORIES, classes: [] }],
])('every expert that is present is a distribution, after any text, %s', (_, of, memories) => {
  fc.assert(
    fc.property(texts, fc.nat(7), fc.nat(7), (text, first, second) => {
      const experts = new CacheExperts(memories, of);
      let [before, beforeThat] = [0, 0];
      for (const { word, unknown } of text) {
        const one = next(word, before, beforeThat, unknown && word === 1);
        experts.look(one);
        experts.add(one);
        [before, beforeThat] = [word, before];
      }
      const sums = new Float64Array(experts.probabilities.length);
      let present: Uint8Array | undefined;
      for (const word of WORDS) {
        if (!experts.look(next(word, first, second))) return;
        present ??= experts.present.slice();
        expect(experts.present).toEqual(present);
        experts.probabilities.forEach((p, j) => (sums[j] += p));
      }
      sums.forEach((sum, j) => expect(sum).toBeCloseTo(present?.[j] ?? NaN, 12));
    }),
  );
});

test('a word that the model expected weighs little: its weight is the square of ln p', () => {
  const experts = new CacheExperts({ unigrams: [1e9], classes: [], bigrams: [], trigrams: [] }, undefined);
  for (const [word, probability] of [
    [4, Math.exp(-1)],
    [5, Math.exp(-3)],
  ]) {
    const one = { ...next(word, 0, 0), probability };
    experts.look(one);
    experts.add(one);
  }
  experts.look(next(5, 0, 0));
  expect(experts.probabilities[1]).toBeCloseTo(0.9, 6);
});
