import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashGumbel, hashRandom } from '#kneser/src/base/hash-random.js';

const MASK = (1n << 64n) - 1n;
const GOLDEN = 0x9e3779b97f4a7c15n;

/** The definition, in whole numbers of any size. */
function byDefinition(seed: number, index: number): number {
  let z = ((BigInt(seed) ^ ((BigInt(index) * GOLDEN) & MASK)) + GOLDEN) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
}

test('numbers by position are those of SplitMix64', () => {
  // The first number of SplitMix64 from the seed 0 is 0xe220a8397b1dcdaf.
  expect(hashRandom(0, 0)).toBe(Number(0xe220a8397b1dcdafn >> 11n) / 2 ** 53);
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (seed, index) => {
      expect(hashRandom(seed, index)).toBe(byDefinition(seed, index));
    }),
  );
});

test('they are uniform, and their Gumbel draws have the mean of that distribution', () => {
  const numbers = Float64Array.from({ length: 20_000 }, (_, i) => hashRandom(7, i)).sort();
  const distance = Math.max(...numbers.map((u, i) => Math.abs(u - (i + 0.5) / numbers.length)));
  expect(distance).toBeLessThan(1.95 / Math.sqrt(numbers.length));
  const mean = numbers.reduce((sum, _, i) => sum + hashGumbel(7, i), 0) / numbers.length;
  expect(Math.abs(mean - 0.5772156649)).toBeLessThan((4 * Math.PI) / Math.sqrt(6 * numbers.length));
});
