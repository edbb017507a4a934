import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LanguageModel, train, type PredictOptions, type TrainOptions } from '#kneser/src/index.js';
import { temporaryFolder, type WithoutOut } from '../../support/models.js';

const folder = temporaryFolder('letters');

test('prefix, startsWith and endsWith are read as the model reads texts', async () => {
  const kinds: [string, WithoutOut<TrainOptions>, string, string, string[], string[]][] = [
    ['lowercase', { sentences: ['Apple APRIL banana'], lowercase: true }, 'AP', 'NA', ['apple', 'april'], ['banana']],
    [
      'NFC',
      { sentences: ['e\u0301tude the\u0301 a'], tokenization: { normalize: 'NFC' } },
      'e\u0301',
      'e\u0301',
      ['\u00e9tude'],
      ['th\u00e9'],
    ],
    ['characters', { sentences: ['a b a'], tokenization: { tokenizer: 'characters' } }, ' ', ' ', ['▁'], ['▁']],
    ['bytes', { sentences: ['a b a'], tokenization: { tokenizer: 'bytes' } }, 'a', 'b', ['<0x61>'], ['<0x62>']],
  ];
  for (const [kind, options, beginning, end, begun, ended] of kinds) {
    const path = join(folder, kind);
    await train({ ...options, out: path, order: 2 });
    await using model = await LanguageModel.open(path);
    const loaded = await model.load();
    const find = async (text: string, asked: PredictOptions): Promise<string[]> => {
      const found = await model.predict(text, asked);
      expect(loaded.predict(text, asked)).toEqual(found);
      return found.map(({ token }) => token).sort();
    };
    expect(await find('', { prefix: beginning }), kind).toEqual(begun);
    expect(await find('___', { gap: '___', startsWith: beginning }), kind).toEqual(begun);
    expect(await find('___', { gap: '___', endsWith: end }), kind).toEqual(ended);
  }
});

test('a space before a filler is among its letters if it is wanted', async () => {
  const path = join(folder, 'space');
  await train({ sentences: ['a b a', 'b a b', 'ab'], out: path, order: 2, tokenization: { tokenizer: 'characters' } });
  await using model = await LanguageModel.open(path);
  const find = async (startsWith: string): Promise<string[]> =>
    (await model.predict('a___', { gap: '___', gapLength: 2, startsWith, top: 99 })).map(({ token }) => token).sort();
  expect(await find(' b')).toEqual(['▁ b']);
  expect(await find('b')).toEqual(['b a', 'b b', 'b ▁', '▁ b']);
});
