import { describe, expect, test } from 'vitest';
import type { VocabularyChoice } from '#kneser/src/index.js';
import { withModel } from '../../support/models.js';
import { Texts, type Settings } from '../../support/texts.js';

const texts = new Texts('choose-vocabulary');

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
    expect(await texts.learn(content, words, { vocabulary })).toMatchObject({
      known,
      vocabulary: size,
      sentences: 2,
      tokens: 14,
    });
  });

  test('words outside are <unk>, counted as any other word', async () => {
    const replaced = content.replace(/[cde]/g, '<unk>');
    const scoreOf = (body: string, options: Settings) =>
      withModel(texts.model, { files: [texts.file(body)], order: 3, ...options }, ({ loaded }) =>
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
    expect((await texts.learn('a b\n', ['<unk>'])).known).toEqual([]);
    expect((await texts.learn('a <unk> b\n', ['<unk>', 'other'])).known).toEqual(['<unk>']);
    expect((await texts.learn('a b\n', ['<unk>'], { vocabulary: { kind: 'limit', limit: 1 } })).known).toEqual([
      '<unk>',
    ]);
  });

  test('a long list of words counts every occurrence from the first on', async () => {
    const list = Array.from({ length: 100_000 }, (_, i) => `w${i}`);
    const options: Settings = { order: 1, vocabulary: { kind: 'words', words: list } };
    await withModel(texts.model, { sentences: [['w99999', 'w99999', 'w5', 'w99998']], ...options }, ({ loaded }) => {
      expect(loaded.info.tables[0].tokens).toBe(5);
      expect(loaded.info.vocabulary).toBe(100_002);
      expect(loaded.log10Prob('w99999')).toBeGreaterThan(loaded.log10Prob('w99998'));
    });
  });

  test('words are known with any part of a large dictionary in memory', async () => {
    const list = Array.from({ length: 300_000 }, (_, i) => `w${i}`);
    const training = { sentences: ['w1 w2'], order: 1, vocabulary: { kind: 'words', words: list } as const };
    await withModel(texts.model, training, async ({ paged }) => {
      for (let from = 0; from < list.length; from += 2000) {
        const { oov } = await paged.score([list[0], ...list.slice(from, from + 2000), 'w300000']);
        expect(oov.indexOf(true)).toBe(oov.length - 2);
      }
    });
  });

  test('listed words in any case match a text that is lower-cased', async () => {
    const vocabulary: VocabularyChoice = { kind: 'words', words: ['Apple', 'pear'] };
    const { known } = await texts.learn('Apple apple PEAR plum\n', ['Apple', 'apple', 'Pear', 'plum'], {
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
    await expect(texts.learn(content, [], { vocabulary })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
  });
});
