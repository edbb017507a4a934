import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CORPORA, type Corpus } from '#kneser/corpora/catalog.js';
import {
  prepareOneBillionWord,
  preparePtb,
  prepareSplits,
  prepareText8,
  prepareWikiText103,
  prepareWikiText2,
} from '#kneser/corpora/prepare.js';

let root: string;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'kneser-corpora-'))));
afterAll(() => rmSync(root, { recursive: true }));

/** A new folder with the given files, by path within it. */
function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(root, 'folder-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('corpora in a folder', () => {
  const text = { train: 'a b\n', valid: 'b\n', test: 'a\n' };
  const small: Corpus = {
    ...CORPORA.ptb,
    splits: {
      train: { file: 'small.train', alsoNamed: ['train.txt'], sha256: hashOf(text.train) },
      test: { file: 'small.test', sha256: hashOf(text.test) },
    },
  };

  test('are found by any of their names when the checksum is right', async () => {
    const folder = folderOf({ 'train.txt': text.train, 'small.test': text.test });
    expect(await prepareSplits(small, folder)).toEqual({
      train: [join(folder, 'train.txt')],
      test: [join(folder, 'small.test')],
    });
    expect(readdirSync(folder).sort()).toEqual(['small.test', 'train.txt']);
  });

  test('are refused, with the name of the file, if a checksum is wrong', async () => {
    const folder = folderOf({ 'small.train': text.train, 'small.test': 'another text\n' });
    await expect(prepareSplits(small, folder)).rejects.toMatchObject({
      name: 'CorpusError',
      code: 'CORPUS_CHECKSUM',
      message: expect.stringContaining(join(folder, 'small.test')) as string,
    });
  });

  test('another text in place of the Penn Treebank, WikiText-2 or text8 is refused', async () => {
    const refused = { code: 'CORPUS_CHECKSUM' };
    const named = { 'train.txt': text.train, 'valid.txt': text.valid, 'test.txt': text.test };
    await expect(preparePtb(folderOf(named))).rejects.toMatchObject(refused);
    await expect(prepareWikiText2(folderOf(named))).rejects.toMatchObject(refused);
    const folder = folderOf({ text8: 'anarchism originated' });
    await expect(prepareText8(folder, folder)).rejects.toMatchObject(refused);
    expect(readdirSync(folder)).toEqual(['text8']);
  });

  test('say which file is missing and where it is published', async () => {
    const folder = folderOf({ text8: 'not here' });
    const missing = { code: 'CORPUS_FILE_MISSING' };
    await expect(preparePtb(folder)).rejects.toMatchObject(missing);
    await expect(preparePtb(folder)).rejects.toThrow(/ptb\.train\.txt or train\.txt.*simple-examples/);
    await expect(prepareText8(join(folder, 'nowhere'), folder)).rejects.toMatchObject(missing);
  });

  test('WikiText is used as it is, blank lines and headings included', async () => {
    const lines = ' \n = Title = \n \n A paragraph . \n';
    const folder = folderOf({ 'wiki.train.tokens': lines, 'wiki.valid.tokens': lines, 'wiki.test.tokens': lines });
    const { train, valid, test } = await prepareWikiText103(folder);
    expect([train, valid, test]).toEqual([
      [join(folder, 'wiki.train.tokens')],
      [join(folder, 'wiki.valid.tokens')],
      [join(folder, 'wiki.test.tokens')],
    ]);
    expect(readFileSync(join(folder, 'wiki.train.tokens'), 'utf8')).toBe(lines);
  });

  test('text8 is cut by position into the out folder', async () => {
    const whole = 'abc def ghi';
    const split = { file: 'text8', sha256: hashOf(whole) };
    const tiny: Corpus = {
      ...CORPORA.text8,
      splits: {
        train: { ...split, bytes: [0, 6] },
        valid: { ...split, bytes: [6, 9] },
        test: { ...split, bytes: [9, 11] },
      },
    };
    const out = join(root, 'text8-out');
    const { train, valid, test } = await prepareSplits(tiny, folderOf({ text8: whole }), out);
    expect([train, valid, test].flat().map(path => path && readFileSync(path, 'utf8'))).toEqual([
      'abc de',
      'f g',
      'hi',
    ]);
    expect(readdirSync(out).sort()).toEqual(['text8.test.txt', 'text8.train.txt', 'text8.valid.txt']);
    const ranges = Object.values(CORPORA.text8.splits).map(({ bytes }) => bytes);
    expect(ranges).toEqual([
      [0, 90e6],
      [90e6, 95e6],
      [95e6, 100e6],
    ]);
  });

  test('One Billion Word is its 99 training and 50 held-out files', async () => {
    const shard = (n: number): string => String(n).padStart(5, '0');
    const files: Record<string, string> = {};
    for (let n = 1; n < 100; n++) files[`training-monolingual.tokenized.shuffled/news.en-${shard(n)}-of-00100`] = '';
    for (let n = 0; n < 50; n++)
      files[`heldout-monolingual.tokenized.shuffled/news.en.heldout-${shard(n)}-of-00050`] = '';
    const folder = folderOf(files);
    const { train, valid, test } = await prepareOneBillionWord(folder);
    expect(train).toHaveLength(99);
    expect(valid).toHaveLength(49);
    expect(test?.map(path => basename(path))).toEqual(['news.en.heldout-00000-of-00050']);
    expect([...(train ?? []), ...(test ?? []), ...(valid ?? [])]).toEqual(
      Object.keys(files).map(name => join(folder, name)),
    );
    rmSync(join(folder, 'training-monolingual.tokenized.shuffled/news.en-00042-of-00100'));
    await expect(prepareOneBillionWord(folder)).rejects.toThrow(/news\.en-00042-of-00100/);
  });
});
