import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { train } from '#kneser/src/index.js';
import { readVocabularyList } from '#kneser/src/text/formats/vocabulary-list.js';
import { CommandLine } from '../../support/command-line.js';

const cli = new CommandLine('vocabulary-list');

describe('a vocabulary list is read:', () => {
  test.each<[string, string | Uint8Array, string[]]>([
    ['a word a line', 'the\ncat\n1984\n', ['the', 'cat', '1984']],
    ['any text', 'the cat sat\n\non the 7 mats\r\n', ['the', 'cat', 'sat', 'on', 'the', '7', 'mats']],
    ['packed', gzipSync('\ufeffthe\ncat\n'), ['the', 'cat']],
    ['Kaldi', '<eps> 0\n!SIL 1\nthe 2\ncat 3\n#0 4\n#1 5\n<s> 6\n</s> 7\n', ['!SIL', 'the', 'cat']],
    ['words with counts', 'the\t120\ncat\t7\n#1\t3\n', ['the', 'cat', '#1']],
    ['words with scores', '<unk>\t0\n<s>\t0\n</s>\t0\n▁the\t-3.25\n1\t-9e-2\n', ['<unk>', '▁the', '1']],
    ['uniq -c', '     12 the\n      3 cat\n      1 1984\n', ['the', 'cat', '1984']],
    ['uniq -c of words', '     12 the\n      3 cat\n', ['the', 'cat']],
    ['vocab.json', '{"the": 0, "Ġcat": 1,\n "a b": 2, "<s>": 3}', ['the', 'Ġcat', 'a▁b']],
    ['an array', '["the", "cat"]', ['the', 'cat']],
    ['an array with scores', '[["the", -1.5], ["cat", -2]]', ['the', 'cat']],
    [
      'tokenizer.json',
      '{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}}, "added_tokens": [{"content": "<x>"}]}',
      ['a', 'b', '<x>'],
    ],
    ['the token {', '{\n}\n[\n', ['{', '}', '[']],
  ])('%s', async (_, content, words) => {
    const read = readVocabularyList(cli.file(content, typeof content === 'string' ? '.txt' : '.gz'));
    expect(await read).toEqual(words);
  });

  test.each<[string, string, RegExp]>([
    [
      'a line without its number',
      'the 1\ncat\nsat 3\n',
      /, line 2: "cat" has no column of numbers, but line 1 has one \("the 1"\)/,
    ],
    ['a head', 'word\tcount\nthe\t9\ncat\t3\n', /, line 1: "word count" has no column of numbers, but line 2 has one/],
    [
      'three columns',
      'the 1 7\ncat 2 3\n',
      /, line 1: "the 1 7" has 3 columns; write a word and a number on each line/,
    ],
    ['two numbers', '1 2\n3 4\n', /, line 1: "1 2" has two numbers/],
    ['numbers on either side', 'the 1\n2 cat\n', /, line 2: "2 cat" has its number in another column than line 1/],
    ['two words before a number', 'the\t1\nNew York\t2\n', /, line 2: "New York" is not one word/],
    ['commas', 'the,12\ncat,3\n', /, line 1: a comma separates a word from a number/],
    ['other JSON', '{"words": {"the": 1}}', /, line 1: JSON, but neither/],
    ['JSON cut short', '{"the": 1,\n"cat": \n', /, line 3: not JSON, though the file begins like JSON/],
  ])('but not %s', async (_, content, message) => {
    const read = readVocabularyList(cli.file(content));
    await expect(read).rejects.toMatchObject({
      code: 'KNESER_INPUT_VOCABULARY',
      message: expect.stringMatching(message) as string,
    });
  });

  test('but not a list of special symbols only', async () => {
    const read = readVocabularyList(cli.file('<eps> 0\n#0 1\n<s> 2\n'));
    await expect(read).rejects.toMatchObject({ code: 'KNESER_INPUT_EMPTY' });
  });
});

test('a warning gives the share of words that do not occur, if most do not', async () => {
  const words = (list: string[]) => ({ kind: 'words', words: list }) as const;
  const trained = async (list: string[]): Promise<readonly string[]> =>
    (await train({ sentences: ['the cat sat'], out: cli.fresh(), order: 1, vocabulary: words(list) })).warnings;
  expect(await trained(['the', 'THE', 'CAT', 'SAT'])).toEqual([
    expect.stringMatching(/^3 of the 4 words of the vocabulary \(75 %\) never occur in the text/),
  ]);
  expect(await trained(['the', 'cat', 'CAT', 'SAT'])).toEqual([]);
});
