import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentNgrams } from '#kneser/src/smoothing/cache/recent-ngrams.js';
import { randomNumbers } from '../../support/models.js';

const MEMORIES = [2, 50];

/** The share of a word after a context and the weight of the context, by adding up all occurrences. */
function bruteForce(
  occurrences: readonly { first: number; word: number; weight: number; at: number }[],
  now: number,
  memory: number,
  first: number,
  word: number,
): { share: number; total: number } {
  let [total, own] = [0, 0];
  for (const one of occurrences) {
    if (one.first !== first) continue;
    const weight = one.weight * Math.exp((one.at - now) / memory);
    total += weight;
    if (one.word === word) own += weight;
  }
  return { share: total > 0 ? own / total : 0, total };
}

test('shares and totals are those of all occurrences, each faded exponentially', () => {
  const step = fc.record({
    first: fc.nat(3),
    word: fc.integer({ min: 1, max: 5 }),
    weight: fc.double({ min: 0.1, max: 9, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const ngrams = new RecentNgrams(MEMORIES, 1e-250);
      steps.forEach(({ first, word, weight }) => {
        ngrams.step();
        ngrams.add(0, first, word, weight);
      });
      const occurrences = steps.map((one, at) => ({ ...one, at }));
      for (let first = 0; first <= 3; first++) {
        for (let word = 1; word <= 6; word++) {
          ngrams.look(0, first, word);
          MEMORIES.forEach((memory, m) => {
            const { share, total } = bruteForce(occurrences, steps.length - 1, memory, first, word);
            expect(ngrams.shares[m]).toBeCloseTo(share, 9);
            expect(ngrams.totals[m]).toBeCloseTo(total, 9);
          });
        }
      }
    }),
  );
});

test('a long text: shares sum to one, what has faded is forgotten, and memory stays bounded', () => {
  const ngrams = new RecentNgrams([1, 40], 1e-6);
  // Weights are divided by their unit every 460 words of the first memory; the table is rebuilt whenever it is half full.
  for (let i = 0; i < 30_000; i++) {
    ngrams.step();
    ngrams.add(0, 1 + (i % 7), 1 + ((i * i) % 997), 1);
  }
  const words = Array.from({ length: 1000 }, (_, i) => i + 1);
  for (let first = 1; first <= 7; first++) {
    for (const m of [0, 1]) {
      const sum = words.reduce((total, word) => {
        ngrams.look(0, first, word);
        return total + ngrams.shares[m];
      }, 0);
      expect(sum).toBeCloseTo(1, 9);
    }
  }
  // 14 memories are 560 words: with their 7 contexts, fewer than 1,000 entries in at most 4,096 slots.
  expect(ngrams.slots).toBeLessThanOrEqual(4096);
  ngrams.look(0, 8, 1);
  expect([...ngrams.totals]).toEqual([0, 0]);
  ngrams.clear();
  ngrams.look(0, 1, 1);
  expect([...ngrams.shares, ...ngrams.totals]).toEqual([0, 0, 0, 0]);
});

test('a table that grows keeps the weight of every context and n-gram', () => {
  const sizes = {
    words: fc.integer({ min: 1, max: 3000 }),
    contexts: fc.integer({ min: 1, max: 3000 }),
    seed: fc.nat(),
  };
  fc.assert(
    fc.property(fc.record(sizes), ({ words, contexts, seed }) => {
      const ngrams = new RecentNgrams([1e15], 1e-250);
      const random = randomNumbers(seed);
      const counts = new Map<string, number>();
      const counted = (key: string): number => {
        counts.set(key, (counts.get(key) ?? 0) + 1);
        return counts.get(key) ?? 0;
      };
      for (let i = 0; i < 3000; i++) {
        const [first, word] = [1 + Math.floor(contexts * random()), 1 + Math.floor(words * random())];
        ngrams.add(0, first, word, 1);
        ngrams.look(0, first, word);
        const total = counted(`${first}`);
        expect([...ngrams.totals, ...ngrams.shares]).toEqual([total, counted(`${first} ${word}`) / total]);
      }
    }),
    { numRuns: 30 },
  );
});
