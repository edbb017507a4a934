import { describe, expect, test } from 'vitest';
import { permutationTest } from '#kneser/src/documents/profile/permutation.js';
import { DISTANCE_NAMES, Pool } from '#kneser/src/documents/profile/pool.js';
import { randomNumbers } from '#kneser/src/base/random.js';
import { UnitText, type TextArrays } from '#kneser/src/documents/profile/unit-text.js';
import { hashBytes, WordList } from '#kneser/src/text/word-list.js';

type Sentence = readonly string[];

/** Texts with the sentences in memory, and the pool of their units. */
function poolOf(...texts: readonly (readonly Sentence[])[]): Pool {
  const words = new WordList();
  const encoder = new TextEncoder();
  const arrays = texts.map((own): TextArrays => {
    const text = new UnitText(words, false);
    for (const tokens of own) {
      for (const token of tokens) {
        const bytes = encoder.encode(token);
        text.token(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
      }
      text.line();
    }
    return text.arrays(false);
  });
  const symbols = new Uint32Array(words.size + 1);
  return new Pool(arrays, false, words.size, { stopwords: undefined, symbols });
}

describe('permutation test', () => {
  test('p is uniform where both texts are of one kind', async () => {
    const seeds = 150;
    const resamples = 39;
    const all: number[][] = DISTANCE_NAMES.map(() => []);
    for (let seed = 1; seed <= seeds; seed++) {
      const random = randomNumbers(seed);
      const own = Array.from({ length: 24 }, () =>
        Array.from({ length: 4 + Math.floor(random() * 12) }, () => String(Math.floor(40 * random() ** 3))),
      );
      // The texts differ in their numbers of tokens, so that ranks are compared after a cut.
      const pool = poolOf(own.slice(0, 10), own.slice(10));
      const { p } = await permutationTest((order, first) => pool.compare(order, first), pool, { resamples, seed });
      p.forEach((value, k) => all[k].push(value));
    }
    for (const name of ['unigrams', 'rankFrequency', 'typeToken'] as const) {
      const own = all[DISTANCE_NAMES.indexOf(name)];
      // The KS distance from the uniform distribution over 1/40 … 1; 1.63/√n is exceeded with a probability of 1 %.
      const distance = Array.from({ length: resamples + 1 }, (_, i) => {
        const at = (i + 1) / (resamples + 1);
        return Math.abs(own.filter(value => value <= at + 1e-9).length / seeds - at);
      }).reduce((most, value) => Math.max(most, value));
      expect([name, distance < 1.63 / Math.sqrt(seeds)]).toEqual([name, true]);
    }
    // Lengths have ties, which only make p larger.
    const lengths = all[DISTANCE_NAMES.indexOf('length')];
    expect(lengths.filter(value => value <= 0.1).length / seeds).toBeLessThan(0.1 + 1.63 / Math.sqrt(seeds));
  });

  test('p is that of all divisions of a small text', async () => {
    const [a, b] = [
      [['x'], ['x', 'y'], ['x', 'y', 'z']],
      [
        ['q', 'q', 'q', 'q'],
        ['q', 'q', 'z', 'z', 'z'],
      ],
    ];
    const pool = poolOf(a, b);
    const observed = pool.compare(Uint32Array.of(0, 1, 2, 3, 4), 3);
    const divisions = [0, 1, 2, 3, 4].flatMap(i => [0, 1, 2, 3, 4].filter(j => j > i).map(j => [i, j]));
    const atLeast = divisions.filter(other => {
      const order = Uint32Array.from([...[0, 1, 2, 3, 4].filter(unit => !other.includes(unit)), ...other]);
      return pool.compare(order, 3)[0] >= observed[0] - 1e-12;
    });
    const { p } = await permutationTest((order, first) => pool.compare(order, first), pool, {
      resamples: 3999,
      seed: 5,
    });
    expect(p[0]).toBeGreaterThan(atLeast.length / divisions.length - 0.03);
    expect(p[0]).toBeLessThan(atLeast.length / divisions.length + 0.03);
  });
});
