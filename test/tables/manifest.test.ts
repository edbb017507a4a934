import { expect, test } from 'vitest';
import { BlockDamage } from '#kneser/src/base/sealed.js';
import { decodeManifest, encodeManifest, type Manifest } from '#kneser/src/tables/manifest.js';
import { FORMAT_VERSION } from '#kneser/src/store/keys.js';
import { damaged } from '../support/damaged.js';

const manifest = {
  format: FORMAT_VERSION,
  order: 2,
  sentences: 3,
  tokens: 5_000_000_000,
  vocabulary: 4,
  unknown: 0,
  dictionaryBlocks: 1,
  tables: [
    { pattern: '1', mixed: true, rows: 3, contexts: 1, tokens: 9, countsOfCounts: [1, 0, 1, 1] },
    { pattern: '11', mixed: true, rows: 4, contexts: 3, tokens: 12, countsOfCounts: [2, 1, 0, 1] },
  ],
  clusterings: [],
  options: {
    lowercase: false,
    skipBlank: true,
    vocabulary: 'limit=4',
    tokenization: { tokenizer: 'words', locale: 'de', sentences: 'segment', normalize: 'NFC' },
  },
} satisfies Manifest;

test('any change of a byte of the manifest is noticed, which otherwise is decoded as it was encoded', () => {
  const value = encodeManifest(manifest);
  expect(decodeManifest(value)).toEqual(manifest);
  for (let place = 0; place < value.length; place++) {
    for (const flip of [1, 0x80, 0xff]) {
      expect(() => decodeManifest(damaged(value, place, flip))).toThrow(BlockDamage);
    }
  }
});
