import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { train } from '#kneser/src/index.js';
import { withModel } from '../../support/models.js';
import { Texts, type Settings } from '../../support/texts.js';

const texts = new Texts('tokenize');

describe('training text', () => {
  test('lines end with LF or CRLF, the last line may end without; blank lines are empty sentences', async () => {
    const expected = { sentences: 4, tokens: 7, vocabulary: 5, known: ['a', 'b', 'c'], warnings: [] };
    for (const content of ['a b\n\nc\n \n', 'a b\r\n\r\nc\r\n\r\n', 'a b\n\nc\n ', '\ufeffa b\n\nc\n\n']) {
      expect(await texts.learn(content, ['a', 'b', 'c', '\r', '\ufeffa'])).toEqual(expected);
    }
  });

  test('skipBlank leaves out lines without a token, in training and in scoring', async () => {
    const content = 'a b\n\n \t\nc\n\n';
    expect(await texts.learn(content, [], { skipBlank: true })).toMatchObject({ sentences: 2, tokens: 5 });
    await withModel(texts.model, { files: [texts.file(content)], skipBlank: true }, async ({ paged, loaded }) => {
      for (const model of [paged, loaded]) {
        expect(await model.perplexity(['a', '', ' ', []])).toMatchObject({ sentences: 1, tokens: 2 });
        expect(await model.perplexityOfFile(texts.file('a\n\n \n\n'))).toMatchObject({ sentences: 1, tokens: 2 });
      }
    });
  });

  test('a no-break space and other Unicode spaces are part of a word', async () => {
    const words = ['a\u00a0b', 'c\u2003d', 'e\u0085f'];
    expect(await texts.learn(words.join(' ') + '\n', [...words, 'a', 'b', 'c', 'd', 'e', 'f'])).toMatchObject({
      tokens: 4,
      known: words,
    });
  });

  test('a byte-order mark is dropped only at the beginning of a file', async () => {
    const { known } = await texts.learn('\ufeffa \ufeffb\n\ufeffc\n', ['a', '\ufeffa', '\ufeffb', 'b', '\ufeffc', 'c']);
    expect(known).toEqual(['a', '\ufeffb', '\ufeffc']);
  });

  test('invalid UTF-8 is read as U+FFFD, and counted', async () => {
    // Alone, in the middle, a cut-short sequence, a surrogate, and a literal U+FFFD, which is valid.
    const content = Buffer.from('\xff a\xffb a\xffb \xe2\x82 \xed\xa0\x80 \xef\xbf\xbd\n', 'latin1');
    const { warnings, ...others } = await texts.learn(content, ['\ufffd', 'a\ufffdb', '\ufffd\ufffd\ufffd', 'ab']);
    expect(warnings).toEqual([expect.stringMatching(/^7 invalid UTF-8 sequences/)]);
    expect(others).toMatchObject({ tokens: 7, vocabulary: 5, known: ['\ufffd', 'a\ufffdb', '\ufffd\ufffd\ufffd'] });
    const chosen: Settings = { vocabulary: { kind: 'words', words: ['a\ufffdb'] } };
    expect(await texts.learn(content, ['a\ufffdb', '\ufffd'], chosen)).toMatchObject({ known: ['a\ufffdb'], warnings });
  });

  test('with lowercase, the case of words does not matter', async () => {
    const content = 'The THE the İstanbul ÉTÉ été <UNK>\n';
    const words = ['the', 'THE', 'tHe', 'été', 'ÉTÉ', 'İstanbul', 'other', '<unk>'];
    const lowered = await texts.learn(content, words, { lowercase: true });
    expect(lowered).toMatchObject({ tokens: 8, vocabulary: 5, known: words.filter(word => word !== 'other') });
    const { known } = await texts.learn(content, words);
    expect(known).toEqual(['the', 'THE', 'été', 'ÉTÉ', 'İstanbul']);
  });

  test('lowercase gives the model of the text in lower case', async () => {
    const content = 'The cat SAT.\nthe Cat sat.\nA cat\n';
    const scoreOf = (body: string, options: Settings) =>
      withModel(texts.model, { files: [texts.file(body)], order: 3, ...options }, ({ loaded }) =>
        loaded.score('THE CAT sat. a'),
      );
    const lowered = await scoreOf(content, { lowercase: true });
    expect(lowered.tokens).toEqual(['the', 'cat', 'sat.', 'a', '</s>']);
    expect(lowered).toStrictEqual(await scoreOf(content.toLowerCase(), { lowercase: true }));
  });

  test('without a token is refused', async () => {
    for (const content of ['', '\n', ' \n\t\n']) {
      await expect(texts.learn(content)).rejects.toMatchObject({ code: 'KNESER_INPUT_EMPTY' });
    }
  });
});

describe('literal sentence marks', () => {
  test.each<[string, string, number, Settings]>([
    ['<s>', 'a b\nc d\ne <s> f\n', 3, {}],
    ['</s>', '</s>', 1, {}],
    ['<S>', 'a\nb <S>\n', 2, { lowercase: true }],
    ['</s>', '\n\n</s>\n', 3, { skipBlank: true, vocabulary: { kind: 'words', words: ['a'] } }],
  ])('%s is refused, naming file and line', async (mark, content, line, options) => {
    const file = texts.file(content);
    await expect(
      train({ files: [texts.file('x\ny\n'), file], out: join(texts.folder, 'never'), ...options }),
    ).rejects.toMatchObject({
      code: 'KNESER_INPUT_RESERVED',
      message: expect.stringContaining(`${file}, line ${line}: the text holds a literal ${mark}`) as string,
    });
  });

  test('are dropped on request, and counted', async () => {
    const dropping = await texts.learn('<s> a b </s>\n<s>\nb </s> a\n', ['a', 'b', '<s>', '</s>'], {
      reserved: 'drop',
    });
    expect(dropping).toMatchObject({ sentences: 3, tokens: 7, vocabulary: 4, known: ['a', 'b'] });
    expect(dropping.warnings).toEqual([expect.stringMatching(/^4 literal/)]);
  });

  test('are unknown words in a text that is scored', async () => {
    await texts.learn('a b\n', ['a', '<s>', '</s>']).then(({ known }) => expect(known).toEqual(['a']));
  });
});
