import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editSimilarity, rougeL } from '#kneser/src/documents/similarity.js';

test('likeness of continuations is that of its definitions', () => {
  expect(editSimilarity('kitten', 'sitting')).toBeCloseTo(1 - 3 / 7, 12);
  expect(editSimilarity('', 'ab')).toBe(0);
  expect(rougeL(['a', 'b', 'c', 'd'], ['a', 'c', 'x', 'd'])).toBe(0.75);
  const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
  fc.assert(
    fc.property(words, words, (a, b) => {
      const [forth, back] = [editSimilarity(a.join(''), b.join('')), editSimilarity(b.join(''), a.join(''))];
      expect(forth).toBe(back);
      expect(forth === 1).toBe(a.join('') === b.join(''));
      expect(rougeL(a, b)).toBe(rougeL(b, a));
      expect(rougeL(a, a)).toBe(1);
    }),
  );
});
