import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { expandInputs } from '#kneser/src/text/formats/input.js';
import { withModel } from '../../support/models.js';
import { Texts } from '../../support/texts.js';

const texts = new Texts('input');

describe('inputs', () => {
  const pathsOf = async (root: string, names: readonly string[]): Promise<string[]> =>
    (await expandInputs(names.map(name => (name === '-' ? name : join(root, name))))).map(({ path }) =>
      path === '-' ? path : relative(root, path),
    );

  test('a folder stands for its text files, sorted, with those of its subfolders', async () => {
    const root = texts.files({
      'b.txt': '',
      'a.tokens': '1',
      'A.TXT': '',
      'news.en-00001-of-00100': '',
      plain: '',
      'c.txt.gz': gzipSync(''),
      'z.tok': '',
      'raw.raw': '',
      'sub/inner.text': '',
      'sub/deeper/x': '',
      'image.png': '',
      'model.yaml': '',
      'c4.json.gz': gzipSync(''),
      'data.json': '',
      '.hidden': '',
      '.git/config': '',
    });
    const expected = [
      'A.TXT',
      'a.tokens',
      'b.txt',
      'c.txt.gz',
      'c4.json.gz',
      'data.json',
      'news.en-00001-of-00100',
      'plain',
      'raw.raw',
      'sub/deeper/x',
      'sub/inner.text',
      'z.tok',
    ];
    expect(await pathsOf(root, ['.'])).toEqual(expected);
    // A file that is named itself is text, whatever its ending.
    expect(await pathsOf(root, ['sub', '-', 'image.png'])).toEqual([
      'sub/deeper/x',
      'sub/inner.text',
      '-',
      'image.png',
    ]);
    const [{ bytes }] = await expandInputs([join(root, 'a.tokens')]);
    expect(bytes).toBe(1);
    expect(await expandInputs(['-'])).toEqual([{ path: '-', bytes: undefined }]);
  });

  test('standard input named twice is refused: the second time it would be empty', async () => {
    await expect(expandInputs(['-', '-'])).rejects.toMatchObject({
      code: 'KNESER_OPTION',
      message: '-: standard input is named twice, but can be read only once',
    });
  });

  test('missing files and folders without text are refused by name', async () => {
    const root = texts.files({ 'image.png': '', 'sub/.keep': '' });
    for (const path of ['nowhere', 'image.png/inside']) {
      await expect(expandInputs([join(root, path)])).rejects.toMatchObject({
        code: 'KNESER_INPUT_MISSING',
        message: expect.stringContaining(join(root, path)) as string,
      });
    }
    await expect(expandInputs([root])).rejects.toMatchObject({
      code: 'KNESER_INPUT_EMPTY',
      message: expect.stringContaining(root) as string,
    });
  });

  test('several files have the same text as their concatenation, with a line feed after an unfinished last line', async () => {
    const root = texts.files({ '1.txt': 'a b\nb a', '2.txt': '', '3.txt.gz': gzipSync('\ufeffa\n') });
    await withModel(texts.model, { files: [root], order: 2 }, ({ loaded }) => {
      expect(loaded.info).toMatchObject({ sentences: 3, tokens: 8, vocabulary: 4 });
    });
  });
});
