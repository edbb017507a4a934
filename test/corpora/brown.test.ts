import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { brownSentences, prepareBrown, type PreparedBrown } from '#kneser/corpora/brown.js';
import { CORPORA } from '#kneser/corpora/catalog.js';
import { sha256 } from '#kneser/corpora/checksum.js';
import { prepareSplits } from '#kneser/corpora/prepare.js';
import { temporaryFolder } from '../support/models.js';

const root = temporaryFolder('brown');

describe('Brown', () => {
  let prepared: PreparedBrown;
  beforeAll(async () => (prepared = await prepareBrown(join(root, 'brown'))));

  test('has 57,340 sentences and 1,161,192 tokens, words with a slash whole', () => {
    const sentences = [...brownSentences()];
    expect(sentences).toHaveLength(57_340);
    expect(sentences.reduce((sum, tokens) => sum + tokens.length, 0)).toBe(1_161_192);
    expect(sentences[0].slice(0, 6)).toEqual(['The', 'Fulton', 'County', 'Grand', 'Jury', 'said']);
    expect(sentences.some(tokens => tokens.includes('and/or'))).toBe(true);
    expect(sentences.flat().every(token => token !== '' && !/\s/.test(token))).toBe(true);
  });

  test('is prepared byte for byte as the catalog says', async () => {
    expect(await prepareSplits(CORPORA.brown, join(root, 'brown'))).toEqual({
      train: [prepared.train],
      test: [prepared.heldOut],
    });
    expect(await sha256(prepared.train)).toBe(CORPORA.brown.splits.train?.sha256);
    expect(readdirSync(join(root, 'brown')).sort()).toEqual(['brown.heldout.txt', 'brown.train.txt']);
  });

  test('holds out every tenth sentence and reports what it wrote', () => {
    const heldOut = readFileSync(prepared.heldOut, 'utf8');
    const train = readFileSync(prepared.train, 'utf8');
    const [held, kept]: [string[], string[]] = [[], []];
    let index = 0;
    for (const tokens of brownSentences()) (index++ % 10 === 9 ? held : kept).push(tokens.join(' '));
    expect(heldOut).toBe(held.join('\n') + '\n');
    expect(train).toBe(kept.join('\n') + '\n');
    expect(prepared).toMatchObject({
      sentences: 57_340,
      tokens: 1_161_192,
      heldOutSentences: 5_734,
      heldOutTokens: 115_685,
    });
    const { size } = CORPORA.brown;
    expect(size).toEqual({ train: prepared.tokens - prepared.heldOutTokens, test: prepared.heldOutTokens });
  });

  test.each([1, 0, 2.5, NaN])('refuses to hold out every %s', async holdOut => {
    await expect(prepareBrown(join(root, 'never'), { holdOut })).rejects.toMatchObject({ code: 'CORPUS_OPTION' });
    expect(existsSync(join(root, 'never'))).toBe(false);
  });
});
