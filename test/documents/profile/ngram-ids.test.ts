import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countDistinct, doubled } from '#kneser/src/documents/profile/ngram-ids.js';

test('two places have one id if and only if the same pair begins there, also with ids above 2^26', () => {
  const ids = fc.array(fc.oneof(fc.nat(4), fc.integer({ min: 2 ** 26 - 2, max: 2 ** 26 + 60 })), { maxLength: 300 });
  fc.assert(
    fc.property(ids, list => {
      const pairs = doubled({ length: 1, ids: Uint32Array.from(list), most: 2 ** 26 + 60 });
      const names = new Map<string, number>();
      for (let at = 0; at + 1 < list.length; at++) {
        const isPair = list[at] > 0 && list[at + 1] > 0;
        const name = `${list[at]} ${list[at + 1]}`;
        if (isPair && !names.has(name)) names.set(name, names.size + 1);
        expect(pairs.ids[at]).toBe(isPair ? names.get(name) : 0);
      }
      expect(pairs).toMatchObject({ length: 2, most: names.size });
      expect(countDistinct(pairs, 0, list.length).distinct).toBe(names.size);
    }),
  );
  // The keys of these pairs were once the same number.
  const [a, b] = [2 ** 26 + 50, 50];
  expect(doubled({ length: 1, ids: Uint32Array.of(7, a, 0, 8, b), most: a }).most).toBe(2);
});
