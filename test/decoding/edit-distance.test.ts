import fc from 'fast-check';
import { test } from 'vitest';
import { editDistance } from '#kneser/src/decoding/edit-distance.js';

test('edit distances are those of a search through all edits', () => {
  const brute = (a: string[], b: string[]): number =>
    a.length === 0 || b.length === 0
      ? a.length + b.length
      : Math.min(
          brute(a.slice(1), b) + 1,
          brute(a, b.slice(1)) + 1,
          brute(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
        );
  const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 });
  fc.assert(
    fc.property(words, words, (a, b) => editDistance(a, b) === brute(a, b)),
    { numRuns: 50 },
  );
});
