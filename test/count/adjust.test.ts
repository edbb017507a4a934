import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planSorts } from '#kneser/src/count/adjust.js';
import { comparePatterns, contiguous, formatPattern, span, type Pattern } from '#kneser/src/tables/pattern.js';

/** All patterns of an order, in the order that models keep them in. */
function lattice(order: number): Pattern[] {
  const patterns = Array.from({ length: 2 ** (order - 1) }, (_, bits) =>
    contiguous(order).filter(distance => (bits >> (distance - 1)) & 1),
  );
  return patterns.sort(comparePatterns);
}

test('patterns are each counted by exactly one sort', () => {
  const choice = fc.integer({ min: 2, max: 8 }).chain(order => {
    const all = lattice(order);
    return fc.record({
      order: fc.constant(order),
      skipping: fc.subarray(all.filter(pattern => pattern.length < span(pattern))),
    });
  });
  fc.assert(
    fc.property(choice, ({ order, skipping }) => {
      const plain = Array.from({ length: order }, (_, i) => contiguous(i + 1));
      const patterns = [...plain, ...skipping].sort(comparePatterns);
      const sorts = planSorts(patterns, order);
      // The unigrams follow from the others.
      expect(sorts.flat().map(formatPattern).sort()).toEqual(patterns.slice(1).map(formatPattern).sort());
      for (const [longest, ...others] of sorts) {
        // Tuples that are grouped by the longest pattern are grouped by its beginnings.
        for (const other of others) expect(longest.slice(0, other.length)).toEqual(other);
      }
    }),
  );
});
