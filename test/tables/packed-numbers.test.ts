import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  findPacked,
  headsOf,
  mostPackedWords,
  NARROW_GROUPS,
  numberAt,
  packNumbers,
  WIDE_GROUPS,
} from '#kneser/src/tables/packed-numbers.js';

const number = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }));

test('a packed number is found where it is, and else where it would be', () => {
  const ascending = fc.uniqueArray(number, { maxLength: 200 }).map(numbers => numbers.sort((a, b) => a - b));
  fc.assert(
    fc.property(ascending, number, fc.constantFrom(WIDE_GROUPS, NARROW_GROUPS), fc.nat(200), fc.nat(200), (...of) => {
      const [numbers, wanted, shift, one, other] = of;
      const values = Uint32Array.from(numbers);
      const words = new Uint32Array(mostPackedWords(values.length, shift));
      packNumbers(values, 0, values.length, shift, words, 0);
      const data = headsOf(values.length, shift);
      expect(numbers.map((_, i) => numberAt(words, 0, data, shift, i))).toEqual(numbers);
      const [low, high] = [one, other].map(at => Math.min(at, numbers.length)).sort((a, b) => a - b);
      const index = numbers.slice(low, high).indexOf(wanted);
      const greater = numbers.slice(low, high).findIndex(value => value > wanted);
      const expected = index >= 0 ? low + index : -1 - (greater < 0 ? high : low + greater);
      expect(findPacked(words, 0, data, shift, low, high, wanted)).toBe(expected);
    }),
  );
});
