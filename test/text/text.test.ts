import fc from 'fast-check';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { train, type TrainOptions, type VocabularyChoice } from '#kneser/src/index.js';
import { compareBytes } from '#kneser/src/base/bytes.js';
import { readBytes } from '#kneser/src/text/formats/bytes.js';
import { expandInputs } from '#kneser/src/text/formats/input.js';
import { LineCutter } from '#kneser/src/text/line-cutter.js';
import { splitTokens } from '#kneser/src/text/tokens.js';
import { ShortEncoder } from '#kneser/src/text/short-encoder.js';
import { Tokenizer } from '#kneser/src/text/tokenizer.js';
import { hashBytes, WordList } from '#kneser/src/text/word-list.js';
import { anyCharacter } from '../support/characters.js';
import { expectToBe } from '../support/expect-to-be.js';
import { temporaryFolder, withModel } from '../support/models.js';

const folder = temporaryFolder('text');

/** A new file with the given content. */
function fileOf(content: string | Uint8Array, name = 'text.txt'): string {
  const path = join(mkdtempSync(join(folder, 'input-')), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A new folder with the given files, by path within it. */
function folderOf(files: Record<string, string | Uint8Array>): string {
  const root = mkdtempSync(join(folder, 'folder-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

/** The tokens of bytes that come in chunks; a token is written with one character for each byte. */
function tokenize(chunks: readonly Uint8Array[]): { lines: string[][]; hashesHold: boolean } {
  const lines: string[][] = [];
  let line: string[] = [];
  let hashesHold = true;
  const tokenizer = new Tokenizer({
    token(bytes, from, to, hash) {
      line.push(Buffer.from(bytes.subarray(from, to)).toString('latin1'));
      hashesHold &&= hash === hashBytes(bytes, from, to);
    },
    line() {
      lines.push(line);
      line = [];
    },
  });
  for (const chunk of chunks) tokenizer.feed(chunk);
  tokenizer.end();
  expect(line).toEqual([]);
  return { lines, hashesHold };
}

/** The same tokens by one regular expression. */
function split(bytes: Uint8Array): string[][] {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(line => line.split(/[\0\t\v\f\r ]+/).filter(token => token !== ''));
}

/** Bytes among which separators, UTF-8 and its fragments are common. */
const byte = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Buffer.from(' \t\n\v\f\r\0ab')) },
  { weight: 1, arbitrary: fc.constantFrom(0xc2, 0xa0, 0x85, 0xe2, 0x80, 0xa8, 0xef, 0xbb, 0xbf, 0xff) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
);
const text = fc.array(byte, { maxLength: 200 }).map(bytes => Uint8Array.from(bytes));

describe('tokens', () => {
  test('are those of splitting the whole text, for any chunks of the text', () =>
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 200 }), { maxLength: 20 }), (bytes, cuts) => {
        const places = [0, ...cuts.map(cut => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, i) => bytes.slice(places[i], end));
        expect(tokenize(chunks)).toEqual({ lines: split(bytes), hashesHold: true });
      }),
      { numRuns: 1000 },
    ));

  test('longer than a chunk stay whole', () => {
    const long = 'x'.repeat(5000);
    const bytes = new TextEncoder().encode(`a ${long}\n${long}`);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(7 * i, 7 * i + 7));
    expect(tokenize(chunks).lines).toEqual([['a', long], [long]]);
  });

  test('are separated by space, tab, CR, VT, FF and NUL, and by nothing else', () => {
    for (let code = 0; code < 256; code++) {
      const { lines } = tokenize([Uint8Array.of(0x61, code, 0x62, 0x0a)]);
      if (code === 0x0a) expect(lines).toEqual([['a'], ['b']]);
      else if ([0x20, 0x09, 0x0d, 0x0b, 0x0c, 0x00].includes(code)) expect(lines).toEqual([['a', 'b']]);
      else expect(lines).toEqual([[`a${String.fromCharCode(code)}b`]]);
    }
  });

  test('of a string are those of its bytes, with line feeds as spaces', () => {
    const character = fc.constantFrom('a', 'é', ' ', '\t', '\n', '\r', '\v', '\f', '\0', '\u00a0', '\u2003', '\u0085');
    fc.assert(
      fc.property(fc.string({ unit: character }), sentence => {
        const { lines } = tokenize([new TextEncoder().encode(sentence.replaceAll('\n', ' ') + '\n')]);
        const tokens = lines[0].map(token => Buffer.from(token, 'latin1').toString());
        expect(splitTokens(sentence)).toEqual(tokens);
      }),
      { numRuns: 500 },
    );
  });
});

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

test('lines are cut alike, however the text is divided', () =>
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'ä', ' ', '\n') }), fc.array(fc.nat(5)), (text, lengths) => {
      const lines: string[] = [];
      const cutter = new LineCutter((bytes, from, to) => lines.push(Buffer.from(bytes.subarray(from, to)).toString()));
      let rest = Buffer.from(text);
      for (const length of [...lengths, Infinity]) {
        cutter.feed(rest.subarray(0, length));
        rest = rest.subarray(length);
      }
      const [last, ...others] = text.split('\n').reverse();
      expect(cutter.unended).toBe(Buffer.byteLength(last));
      cutter.end();
      expect(lines).toEqual(last === '' ? others.reverse() : text.split('\n'));
    }),
  ));

describe('a list of words', () => {
  test('gives each different byte string one id', () =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 300 }), words => {
        const list = new WordList();
        const numbers = new Map<string, number>(['<unk>', '<s>', '</s>'].map((word, i) => [word, i + 1]));
        for (const bytes of words) {
          const key = Buffer.from(bytes).toString('latin1');
          const expected = numbers.get(key) ?? numbers.size + 1;
          numbers.set(key, expected);
          expectToBe(list.add(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length)), expected);
        }
        expect(list.size).toBe(numbers.size);
        for (const [key, number] of numbers) expectToBe(Buffer.from(list.bytes(number)).toString('latin1'), key);
      }),
    ));

  test('finds every word after growing, and no other', () => {
    const list = new WordList();
    for (let i = 0; i < 20_000; i++) expectToBe(list.addWord(`word ${i}`), i + 4);
    let wrong = 0;
    for (let i = 0; i < 20_000; i++)
      if (list.findWord(`word ${i}`) !== i + 4 || list.findWord(`Word ${i}`) !== 0) wrong++;
    expect(wrong).toBe(0);
  });
});

test('bytes are ordered as code points are', () =>
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), fc.string({ unit: anyCharacter }), (a, b) => {
      const points = (value: string): number[] => Array.from(value, c => c.codePointAt(0) ?? 0);
      const [x, y] = [points(a), points(b)];
      const first = x.findIndex((point, i) => point !== y[i]);
      const expected = first < 0 ? x.length - y.length : first < y.length ? x[first] - y[first] : 1;
      const encoder = new TextEncoder();
      expect(Math.sign(compareBytes(encoder.encode(a), encoder.encode(b)))).toBe(Math.sign(expected));
    }),
  ));

type Settings = Pick<TrainOptions, 'order' | 'vocabulary' | 'lowercase' | 'skipBlank' | 'reserved'>;

/** Trains on a file. @returns the model's `info`, and whether it knows some words. */
function learn(content: string | Uint8Array, words: string[] = [], options: Settings = {}, name?: string) {
  return withModel(join(folder, 'model'), { files: [fileOf(content, name)], order: 2, ...options }, async trained => {
    const { paged, loaded, warnings } = trained;
    const { sentences, tokens, vocabulary } = paged.info;
    const { oov } = loaded.score(words);
    expect((await paged.score(words)).oov).toEqual(oov);
    const known = words.filter((_, i) => !oov[i]);
    return { sentences, tokens, vocabulary, known, warnings };
  });
}

describe('training text', () => {
  test('lines end with LF or CRLF, the last line may end without; blank lines are empty sentences', async () => {
    const expected = { sentences: 4, tokens: 7, vocabulary: 5, known: ['a', 'b', 'c'], warnings: [] };
    for (const content of ['a b\n\nc\n \n', 'a b\r\n\r\nc\r\n\r\n', 'a b\n\nc\n ', '\ufeffa b\n\nc\n\n']) {
      expect(await learn(content, ['a', 'b', 'c', '\r', '\ufeffa'])).toEqual(expected);
    }
  });

  test('skipBlank leaves out lines without a token, in training and in scoring', async () => {
    const content = 'a b\n\n \t\nc\n\n';
    expect(await learn(content, [], { skipBlank: true })).toMatchObject({ sentences: 2, tokens: 5 });
    await withModel(join(folder, 'model'), { files: [fileOf(content)], skipBlank: true }, async ({ paged, loaded }) => {
      for (const model of [paged, loaded]) {
        expect(await model.perplexity(['a', '', ' ', []])).toMatchObject({ sentences: 1, tokens: 2 });
        expect(await model.perplexityOfFile(fileOf('a\n\n \n\n'))).toMatchObject({ sentences: 1, tokens: 2 });
      }
    });
  });

  test('a no-break space and other Unicode spaces are part of a word', async () => {
    const words = ['a\u00a0b', 'c\u2003d', 'e\u0085f'];
    expect(await learn(words.join(' ') + '\n', [...words, 'a', 'b', 'c', 'd', 'e', 'f'])).toMatchObject({
      tokens: 4,
      known: words,
    });
  });

  test('a byte-order mark is dropped only at the beginning of a file', async () => {
    const { known } = await learn('\ufeffa \ufeffb\n\ufeffc\n', ['a', '\ufeffa', '\ufeffb', 'b', '\ufeffc', 'c']);
    expect(known).toEqual(['a', '\ufeffb', '\ufeffc']);
  });

  test('invalid UTF-8 is read as U+FFFD, and counted', async () => {
    // Alone, in the middle, a cut-short sequence, a surrogate, and a literal U+FFFD, which is valid.
    const content = Buffer.from('\xff a\xffb a\xffb \xe2\x82 \xed\xa0\x80 \xef\xbf\xbd\n', 'latin1');
    const { warnings, ...others } = await learn(content, ['\ufffd', 'a\ufffdb', '\ufffd\ufffd\ufffd', 'ab']);
    expect(warnings).toEqual([expect.stringMatching(/^7 invalid UTF-8 sequences/)]);
    expect(others).toMatchObject({ tokens: 7, vocabulary: 5, known: ['\ufffd', 'a\ufffdb', '\ufffd\ufffd\ufffd'] });
    const chosen: Settings = { vocabulary: { kind: 'words', words: ['a\ufffdb'] } };
    expect(await learn(content, ['a\ufffdb', '\ufffd'], chosen)).toMatchObject({ known: ['a\ufffdb'], warnings });
  });

  test('with lowercase, the case of words does not matter', async () => {
    const content = 'The THE the İstanbul ÉTÉ été <UNK>\n';
    const words = ['the', 'THE', 'tHe', 'été', 'ÉTÉ', 'İstanbul', 'other', '<unk>'];
    const lowered = await learn(content, words, { lowercase: true });
    expect(lowered).toMatchObject({ tokens: 8, vocabulary: 5, known: words.filter(word => word !== 'other') });
    const { known } = await learn(content, words);
    expect(known).toEqual(['the', 'THE', 'été', 'ÉTÉ', 'İstanbul']);
  });

  test('lowercase gives the model of the text in lower case', async () => {
    const content = 'The cat SAT.\nthe Cat sat.\nA cat\n';
    const scoreOf = (body: string, options: Settings) =>
      withModel(join(folder, 'model'), { files: [fileOf(body)], order: 3, ...options }, ({ loaded }) =>
        loaded.score('THE CAT sat. a'),
      );
    const lowered = await scoreOf(content, { lowercase: true });
    expect(lowered.tokens).toEqual(['the', 'cat', 'sat.', 'a', '</s>']);
    expect(lowered).toStrictEqual(await scoreOf(content.toLowerCase(), { lowercase: true }));
  });

  test('without a token is refused', async () => {
    for (const content of ['', '\n', ' \n\t\n']) {
      await expect(learn(content)).rejects.toMatchObject({ code: 'KNESER_INPUT_EMPTY' });
    }
  });
});

describe('gzip', () => {
  const plain = 'the cat\nsat on the mat\n';

  test('a .gz file is the text in it, in one member or several', async () => {
    const expected = await learn(plain, ['cat', 'mat']);
    const [first, second] = [plain.slice(0, 8), plain.slice(8)];
    const members = Buffer.concat([gzipSync(first), gzipSync(second)]);
    for (const content of [gzipSync(plain), members]) {
      expect(await learn(content, ['cat', 'mat'], {}, 'text.txt.gz')).toEqual(expected);
    }
    expect(expected).toMatchObject({ sentences: 2, tokens: 8 });
  });

  test.each([
    ['cut short', gzipSync(plain).subarray(0, -9)],
    ['cut short in its header', gzipSync(plain).subarray(0, 5)],
    ['changed', Buffer.from(gzipSync(plain)).fill(0x55, 14, 20)],
    ['not gzip at all', Buffer.from(plain)],
  ])('%s is refused, by name', async (_, content) => {
    const file = fileOf(content, 'broken.gz');
    await expect(train({ files: [file], out: join(folder, 'never') })).rejects.toMatchObject({
      code: 'KNESER_INPUT_GZIP',
      message: expect.stringContaining(file) as string,
    });
  });

  test('progress counts the bytes on disk', async () => {
    const content = gzipSync('a '.repeat(100_000));
    const file = fileOf(content, 'text.gz');
    let reported = 0;
    let length = 0;
    for await (const bytes of readBytes(file, { onRead: read => (reported += read) })) length += bytes.length;
    expect([reported, length]).toEqual([content.length, 200_000]);
  });
});

describe('literal sentence marks', () => {
  test.each<[string, string, number, Settings]>([
    ['<s>', 'a b\nc d\ne <s> f\n', 3, {}],
    ['</s>', '</s>', 1, {}],
    ['<S>', 'a\nb <S>\n', 2, { lowercase: true }],
    ['</s>', '\n\n</s>\n', 3, { skipBlank: true, vocabulary: { kind: 'words', words: ['a'] } }],
  ])('%s is refused, naming file and line', async (mark, content, line, options) => {
    const file = fileOf(content);
    await expect(
      train({ files: [fileOf('x\ny\n'), file], out: join(folder, 'never'), ...options }),
    ).rejects.toMatchObject({
      code: 'KNESER_INPUT_RESERVED',
      message: expect.stringContaining(`${file}, line ${line}: the text holds a literal ${mark}`) as string,
    });
  });

  test('are dropped on request, and counted', async () => {
    const dropping = await learn('<s> a b </s>\n<s>\nb </s> a\n', ['a', 'b', '<s>', '</s>'], { reserved: 'drop' });
    expect(dropping).toMatchObject({ sentences: 3, tokens: 7, vocabulary: 4, known: ['a', 'b'] });
    expect(dropping.warnings).toEqual([expect.stringMatching(/^4 literal/)]);
  });

  test('are unknown words in a text that is scored', async () => {
    await learn('a b\n', ['a', '<s>', '</s>']).then(({ known }) => expect(known).toEqual(['a']));
  });
});

describe('the vocabulary', () => {
  const content = 'a a a a b b b c c d\nd e\n';
  const words = ['a', 'b', 'c', 'd', 'e', 'f'];

  test.each<[string, VocabularyChoice, string[], number]>([
    ['all words', { kind: 'all' }, words.slice(0, 5), 7],
    ['the words given, seen or not', { kind: 'words', words: ['b', 'f', 'd', 'b'] }, ['b', 'd', 'f'], 5],
    ['the most frequent', { kind: 'limit', limit: 2 }, ['a', 'b'], 4],
    ['the most frequent, in a tie the first in the order of bytes', { kind: 'limit', limit: 3 }, ['a', 'b', 'c'], 5],
    ['a limit beyond all', { kind: 'limit', limit: 100 }, words.slice(0, 5), 7],
    ['words seen often enough', { kind: 'frequency', atLeast: 2 }, ['a', 'b', 'c', 'd'], 6],
    ['no word seen often enough', { kind: 'frequency', atLeast: 5 }, [], 2],
  ])('%s', async (_, vocabulary, known, size) => {
    expect(await learn(content, words, { vocabulary })).toMatchObject({
      known,
      vocabulary: size,
      sentences: 2,
      tokens: 14,
    });
  });

  test('words outside are <unk>, counted as any other word', async () => {
    const replaced = content.replace(/[cde]/g, '<unk>');
    const scoreOf = (body: string, options: Settings) =>
      withModel(join(folder, 'model'), { files: [fileOf(body)], order: 3, ...options }, ({ loaded }) =>
        loaded.score('a c d b b f'),
      );
    const expected = await scoreOf(replaced, {});
    expect(expected.oov).toEqual([false, true, true, false, false, true, false]);
    const choices: VocabularyChoice[] = [
      { kind: 'words', words: ['a', 'b'] },
      { kind: 'words', words: ['<unk>', 'b', 'a'] },
      { kind: 'limit', limit: 2 },
      { kind: 'frequency', atLeast: 3 },
    ];
    for (const vocabulary of choices) {
      expect(await scoreOf(content, { vocabulary })).toStrictEqual(expected);
    }
    expect(expected.log10Probs[1]).toBeGreaterThan(-1.5);
  });

  test('a literal <unk> is known if the training text had one', async () => {
    expect((await learn('a b\n', ['<unk>'])).known).toEqual([]);
    expect((await learn('a <unk> b\n', ['<unk>', 'other'])).known).toEqual(['<unk>']);
    expect((await learn('a b\n', ['<unk>'], { vocabulary: { kind: 'limit', limit: 1 } })).known).toEqual(['<unk>']);
  });

  test('a long list of words counts every occurrence from the first on', async () => {
    const list = Array.from({ length: 100_000 }, (_, i) => `w${i}`);
    const options: Settings = { order: 1, vocabulary: { kind: 'words', words: list } };
    await withModel(
      join(folder, 'model'),
      { sentences: [['w99999', 'w99999', 'w5', 'w99998']], ...options },
      ({ loaded }) => {
        expect(loaded.info.tables[0].tokens).toBe(5);
        expect(loaded.info.vocabulary).toBe(100_002);
        expect(loaded.log10Prob('w99999')).toBeGreaterThan(loaded.log10Prob('w99998'));
      },
    );
  });

  test('words are known with any part of a large dictionary in memory', async () => {
    const list = Array.from({ length: 300_000 }, (_, i) => `w${i}`);
    const training = { sentences: ['w1 w2'], order: 1, vocabulary: { kind: 'words', words: list } as const };
    await withModel(join(folder, 'model'), training, async ({ paged }) => {
      for (let from = 0; from < list.length; from += 2000) {
        const { oov } = await paged.score([list[0], ...list.slice(from, from + 2000), 'w300000']);
        expect(oov.indexOf(true)).toBe(oov.length - 2);
      }
    });
  });

  test('listed words in any case match a text that is lower-cased', async () => {
    const vocabulary: VocabularyChoice = { kind: 'words', words: ['Apple', 'pear'] };
    const { known } = await learn('Apple apple PEAR plum\n', ['Apple', 'apple', 'Pear', 'plum'], {
      lowercase: true,
      vocabulary,
    });
    expect(known).toEqual(['Apple', 'apple', 'Pear']);
  });

  test.each([
    { kind: 'limit', limit: 0 },
    { kind: 'limit', limit: 2.5 },
    { kind: 'frequency', atLeast: 0 },
  ] as const)('$kind of nonsense is refused', async vocabulary => {
    await expect(learn(content, [], { vocabulary })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
  });
});

describe('inputs', () => {
  const pathsOf = async (root: string, names: readonly string[]): Promise<string[]> =>
    (await expandInputs(names.map(name => (name === '-' ? name : join(root, name))))).map(({ path }) =>
      path === '-' ? path : relative(root, path),
    );

  test('a folder stands for its text files, sorted, with those of its subfolders', async () => {
    const root = folderOf({
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

  test('missing files and folders without text are refused by name', async () => {
    const root = folderOf({ 'image.png': '', 'sub/.keep': '' });
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
    const root = folderOf({ '1.txt': 'a b\nb a', '2.txt': '', '3.txt.gz': gzipSync('\ufeffa\n') });
    await withModel(join(folder, 'model'), { files: [root], order: 2 }, ({ loaded }) => {
      expect(loaded.info).toMatchObject({ sentences: 3, tokens: 8, vocabulary: 4 });
    });
  });
});
