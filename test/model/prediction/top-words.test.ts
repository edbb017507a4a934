import type { WordClasses } from '#kneser/src/tables/classes.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Followers } from '#kneser/src/smoothing/followers.js';
import { TopWords, wordLists } from '#kneser/src/model/prediction/top-words.js';
import type { NextWord } from '#kneser/src/model/prediction/voters.js';
import { Term } from '#kneser/src/smoothing/terms.js';
import { randomNumbers } from '../../support/models.js';

/** Followers of one context, as a table might have them. */
function followersOf(key: number, counts: ReadonlyMap<number, number>): Followers {
  return {
    key,
    length: counts.size,
    copy: (words, into) => [...counts].forEach(([word, count], i) => ((words[i] = word), (into[i] = count))),
    countOf: word => counts.get(word) ?? 0,
  };
}

describe('the search', () => {
  test('finds the same words as scoring every word, for any counts and discounts', () => {
    const discount = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    const term = fc.tuple(fc.double({ min: 1e-6, max: 1, noNaN: true }), discount, discount, discount);
    const shape = fc.record({
      seed: fc.integer(),
      terms: fc.array(fc.tuple(term, fc.constantFrom(3, 500, 600, 1100, 2500), fc.constantFrom(1, 3, 5000)), {
        maxLength: 4,
      }),
      unigrams: term,
      classes: fc.constantFrom([], [1], [40], [40, 7]),
      isChain: fc.boolean(),
      k: fc.constantFrom(1, 5, 50, 5000),
    });
    fc.assert(
      fc.property(shape, ({ seed, terms, unigrams, classes, isChain, k }) => {
        const random = randomNumbers(seed);
        const ids = 3000;
        const draw = (size: number, most: number): Map<number, number> =>
          new Map(
            Array.from({ length: size }, () => [3 + Math.floor(random() * (ids - 3)), Math.ceil(random() ** 6 * most)]),
          );
        // Discounts of 2 and 3 that can make them worth less than 1.
        const termOf = ([scale, d1, d2, d3]: [number, number, number, number], table: number): Term =>
          new Term([table], table, scale, d1, 2 * d2, 3 * d3);
        const clusterings = isChain ? [] : classes.map(count => classesOf(ids, count, random));
        const mixed = {
          voters: terms.map(([values, size, most], i) => ({
            term: termOf(values, i + 1),
            followers: followersOf(i, draw(size, most)),
          })),
          unigrams: termOf(unigrams, 0),
          uniform: 1e-7,
          nextClasses: clusterings.map(wordClasses => ({
            classes: wordClasses,
            voters: [],
            uniform: 0,
            probabilities: Float64Array.from({ length: wordClasses.count }, () => random() ** 4),
          })),
        };
        const unigramCounts = draw(2000, 300);
        const lists = wordLists(ids, followersOf(0, unigramCounts), clusterings);
        const next = isChain ? chainOf(mixed, followersOf(0, unigramCounts)) : mixed;
        const expected = Array.from(lists.byCount, word => {
          let probability = next.uniform + next.unigrams.value(unigramCounts.get(word) ?? 0);
          for (const { term, followers } of next.voters) probability += term.value(followers.countOf(word));
          for (const { classes: its, probabilities } of next.nextClasses) {
            probability += its.share[word] * probabilities[its.of[word]];
          }
          return { word, probability };
        }).sort((a, b) => b.probability - a.probability || a.word - b.word);
        const search = new TopWords(lists);
        for (let again = 0; again < 2; again++) {
          const found = search.find(next, k, 0);
          expect(found).toHaveLength(Math.min(k, expected.length));
          expect(new Set(found.map(({ word }) => word)).size).toBe(found.length);
          const far = found.filter(
            ({ probability }, i) => !(Math.abs(probability / expected[i].probability - 1) < 1e-12),
          );
          expect(far).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** A next word with the same followers and discounts, whose contexts are a chain. */
function chainOf({ voters, unigrams }: NextWord, ofAll: Followers): NextWord {
  let mass = 1;
  const chained = (old: Term, followers: Followers): Term => {
    const words = new Uint32Array(followers.length);
    const counts = new Uint32Array(followers.length);
    followers.copy(words, counts);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const of = (wanted: number): number => counts.filter(count => count === wanted).length;
    const [d1, d2, d3] = [1, 2, 3].map(count => count - old.discounted(count));
    const numbers = Uint32Array.of(0, total, of(1), of(2), followers.length, 0);
    const term = new Term(old.pattern, old.table, mass / total, d1, d2, d3, 0, numbers);
    mass *= term.freed / term.total;
    return term;
  };
  const longestFirst = [...voters]
    .reverse()
    .map(({ term, followers }) => ({ term: chained(term, followers), followers }));
  const all = chained(unigrams, ofAll);
  const floor = 1 / 3000;
  return { voters: longestFirst.reverse(), unigrams: all, uniform: mass * floor, nextClasses: [], floor };
}

function classesOf(ids: number, count: number, random: () => number): WordClasses {
  const of = Uint32Array.from({ length: ids }, () => Math.floor(random() * count));
  const share = Float64Array.from({ length: ids }, () => Math.floor(1 + 5 * random()) / ids);
  return { count, predicted: new Set(of).size, of, share };
}
