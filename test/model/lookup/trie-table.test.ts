import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel, train, verify, type OpenOptions } from '#kneser/src/index.js';
import { TRIE_ROWS } from '#kneser/src/tables/trie-block.js';
import { randomNumbers, temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('trie-table');
const model = join(folder, 'model');
const text = join(folder, 'text.txt');

/** `of` has followers in three blocks, `the` in one; sentences share contexts, so that rows are mapped as well as searched. */
const WIDE = 2 * TRIE_ROWS + 100;
const random = randomNumbers(3);
const pick = (count: number): string => `w${Math.floor(count * random() ** 3)}`;
const sentences = [
  ...Array.from({ length: WIDE }, (_, i) => `of w${i} ${i % 3 === 0 ? 'of' : 'the'} ${pick(300)}`),
  ...Array.from({ length: 1500 }, () => `${pick(40)} of ${pick(WIDE)} the ${pick(60)} ${pick(9)}`),
];

beforeAll(async () => {
  await train({ sentences, out: model, order: 3, patterns: { skip: true }, classes: [6, 3], holdOut: 0.05 });
  const held = Array.from({ length: 4000 }, () => `${pick(50)} of ${pick(WIDE)} unseen ${pick(80)} of ${pick(9)}`);
  writeFileSync(text, held.join('\n') + '\n');
});

describe('a model with contexts of more rows than a block holds', () => {
  test('is sound', async () => {
    expect(await verify(model)).toMatchObject({ sound: true, findings: [] });
  });

  const options: OpenOptions[] = [{ smoothing: 'mkn' }, {}, { weights: 'uniform' }, { order: 2 }];
  test.each(options)('gives the same figures from its blocks as from memory: %o', async how => {
    await using opened = await LanguageModel.open(model, { ...how, tables: 'page' });
    const loaded = await opened.load();
    expect(await opened.perplexityOfFile(text)).toEqual(await loaded.perplexityOfFile(text));
    for (const sentence of ['of w8000 the w1', 'w0 w1 of', 'of of the', '']) {
      expect(await opened.score(sentence)).toEqual(loaded.score(sentence));
    }
    for (const history of ['of', 'w1 of', 'the', 'nothing of']) {
      expect(await opened.predict(history, { top: 30 })).toEqual(loaded.predict(history, { top: 30 }));
    }
    await loaded.close();
  });

  test('counts its n-grams, also those in later blocks', async () => {
    await using opened = await LanguageModel.open(model);
    expect(await opened.countOf(['of', `w${WIDE - 1}`])).toBeGreaterThan(0);
    expect(await opened.countOf(['of', 'unseen'])).toBe(0);
  });
});
