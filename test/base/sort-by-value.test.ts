import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortByValue } from '#kneser/src/base/sort-by-value.js';

/** Lengths that each of the ways to sort takes. */
const lengths = fc.constantFrom(0, 1, 2, 24, 25, 700, 4096, 4097, 6000);
const largest = fc.constantFrom(3, 2000, 5_000_000, 2 ** 31 - 2);

test('places are sorted by their values, and places with equal values stay in order', () => {
  fc.assert(
    fc.property(lengths, fc.integer(), largest, (length, seed, most) => {
      let state = seed >>> 0;
      const values = Int32Array.from({ length: length + 10 }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return (state % (most + 1)) - 1;
      });
      const order = Uint32Array.from(values, (_, place) => place);
      const sorted = [...order.subarray(5, 5 + length)].sort((a, b) => values[a] - values[b] || a - b);
      sortByValue(order, 5, 5 + length, values);
      expect([...order.subarray(5, 5 + length)]).toEqual(sorted);
      expect([...order.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4]);
    }),
    { numRuns: 40 },
  );
});
