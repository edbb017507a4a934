import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MOST_WORDS } from '#kneser/src/text/word-list.js';
import { BlockDamage } from '#kneser/src/base/sealed.js';
import {
  decodeDictionaryBlock,
  decodeDictionaryDirectory,
  encodeDictionaryBlock,
  encodeDictionaryDirectory,
} from '#kneser/src/tables/dictionary.js';
import { compareBytes } from '#kneser/src/base/bytes.js';
import { anyCharacter } from '../support/characters.js';
import { damaged } from '../support/damaged.js';

const encoder = new TextEncoder();
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const words = fc
  .uniqueArray(fc.string({ unit: anyCharacter, maxLength: 12 }), { minLength: 1, maxLength: 40 })
  .map(texts =>
    texts
      .map(text => encoder.encode(text))
      .sort(compareBytes)
      .filter((word, i, all) => i === 0 || compareBytes(all[i - 1], word) !== 0),
  );
const dictionaryBlocks = words.chain(list =>
  fc.record({
    words: fc.constant(list),
    ids: fc.array(uint32, { minLength: list.length, maxLength: list.length }).map(values => Float64Array.from(values)),
    frequencies: fc
      .array(uint32, { minLength: list.length, maxLength: list.length })
      .map(values => Float64Array.from(values)),
  }),
);

describe('the dictionary', () => {
  /** The largest word id and count. */
  const largest = {
    words: [Uint8Array.of(97), Uint8Array.of(98)],
    ids: Float64Array.of(4, MOST_WORDS),
    frequencies: Float64Array.of(2 ** 32 - 1, 1),
  };

  test('any block comes back', () =>
    fc.assert(
      fc.property(dictionaryBlocks, block => {
        const decoded = decodeDictionaryBlock(encodeDictionaryBlock(block));
        expect(decoded.words.map(word => [...word])).toEqual(block.words.map(word => [...word]));
        expect(decoded.ids).toEqual(block.ids);
        expect(decoded.frequencies).toEqual(block.frequencies);
      }),
      { examples: [[largest]] },
    ));

  test('any directory comes back', () =>
    fc.assert(
      fc.property(words, first => {
        const decoded = decodeDictionaryDirectory(encodeDictionaryDirectory(first));
        expect(decoded.map(word => [...word])).toEqual(first.map(word => [...word]));
      }),
    ));
});

describe('any change of a byte is noticed', () => {
  const change = [fc.nat(), fc.integer({ min: 1, max: 255 })] as const;

  test('in a block or a directory', () =>
    fc.assert(
      fc.property(dictionaryBlocks, words, ...change, (block, first, place, flip) => {
        expect(() => decodeDictionaryBlock(damaged(encodeDictionaryBlock(block), place, flip))).toThrow(BlockDamage);
        const value = damaged(encodeDictionaryDirectory(first), place, flip);
        expect(() => decodeDictionaryDirectory(value)).toThrow(BlockDamage);
      }),
    ));
});
