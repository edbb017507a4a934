import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShortEncoder } from '#kneser/src/text/short-encoder.js';
import { anyCharacter } from '../support/characters.js';

test('short texts are encoded as TextEncoder does, one after another', () => {
  const encoder = new ShortEncoder();
  const text = fc.oneof(fc.string({ unit: anyCharacter }), fc.string({ maxLength: 2000 }), fc.constant('\ud800x'));
  fc.assert(
    fc.property(text, text => {
      const length = encoder.encode(text);
      expect([...encoder.bytes.subarray(0, length)]).toEqual([...new TextEncoder().encode(text)]);
    }),
  );
});
