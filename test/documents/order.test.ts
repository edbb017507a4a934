import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Order, ranked } from '#kneser/src/documents/order.js';

test('ranks and quantiles are those of sorted numbers, equal ones in their order', () => {
  const numbers = fc.array(fc.oneof(fc.double(), fc.integer({ min: -2, max: 2 })), { maxLength: 40 });
  fc.assert(
    fc.property(numbers, fc.integer({ min: 0, max: 3 }), (some, doublings) => {
      // More than 4,096 numbers are counted digit by digit instead of sorted.
      const values = new Array<number[]>(doublings === 3 ? 300 : 1).fill(some).flat();
      const order = new Order(values.length, i => values[i]);
      const sorted = [...values.keys()]
        .filter(i => !Number.isNaN(values[i]))
        .sort((a, b) => values[a] - values[b] || a - b);
      expect(order.size).toBe(sorted.length);
      const places = [0, 0.3, 0.9999].map(share => Math.floor(share * sorted.length));
      for (const rank of sorted.length > 0 ? places : []) {
        expect(order.at([rank])[0]).toBe(values[sorted[rank]] + 0);
        const isBelow = order.below(rank);
        const below = [...values.keys()].filter(i => isBelow(i));
        expect(below).toEqual(sorted.slice(0, rank).sort((a, b) => a - b));
        const around = order.around(rank, 3);
        expect(around.below).toEqual(sorted.slice(Math.max(0, rank - 3), rank).reverse());
        expect(around.above).toEqual(sorted.slice(rank, rank + 3));
      }
      expect([...ranked(Uint32Array.from(sorted).sort(), Float64Array.from(values))]).toEqual(sorted);
    }),
    { numRuns: 60 },
  );
});
