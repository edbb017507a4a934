import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { importArpa, LanguageModel, train, type FileOptions, type OpenOptions } from '#kneser/src/index.js';
import { SMOOTHING_NAMES, SMOOTHINGS } from '#kneser/src/smoothing/index.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('smoothings');
const out = join(folder, 'model');

beforeAll(async () => {
  await train({ sentences: ['the cat sat', 'the cat ran', 'a dog sat', 'the dog ran'], out, order: 3 });
});

describe('the table of smoothings', () => {
  test('every name opens a model, whose description has the name', async () => {
    for (const smoothing of SMOOTHING_NAMES) {
      await using model = await LanguageModel.open(out, { smoothing });
      expect(model.info.smoothing).toBe(smoothing);
      expect(SMOOTHINGS[smoothing].title).not.toBe('');
      expect((await model.score('the cat sat')).log10Prob).toBeLessThan(0);
    }
  });

  test('an unknown name is refused, and the message lists the names', async () => {
    for (const smoothing of ['katz', 'MKN', 'backoff', 'toString', '', null]) {
      await expect(LanguageModel.open(out, { smoothing } as unknown as OpenOptions)).rejects.toMatchObject({
        code: 'KNESER_OPTION',
        message: `smoothing: ${JSON.stringify(smoothing)} is not one of ${SMOOTHING_NAMES.join(', ')}`,
      });
    }
  });

  test('of a back-off model too', async () => {
    const imported = join(folder, 'imported');
    await importArpa({ file: new URL('../fixtures/kenlm.arpa', import.meta.url).pathname, out: imported });
    const open = (smoothing: string): Promise<LanguageModel> =>
      LanguageModel.open(imported, { smoothing } as unknown as OpenOptions);
    await expect(open('katz')).rejects.toMatchObject({ code: 'KNESER_OPTION' });
    await expect(open('mkn')).rejects.toMatchObject({ code: 'KNESER_NO_COUNTS' });
  });
});

describe('other options of opening and scoring', () => {
  test('are refused by name for models and values that do not allow them', async () => {
    const bad: readonly [Record<string, unknown>, RegExp][] = [
      [{ tables: 'sometimes' }, /^tables: "sometimes" is not one of auto, page, load$/],
      [{ blockMemory: 'lots' }, /^blockMemory: "lots" is not/],
      [{ blockMemory: -1 }, /^blockMemory: -1 is not/],
      [{ blockMemory: NaN }, /^blockMemory: NaN is not/],
    ];
    for (const [options, message] of bad) {
      const opened = LanguageModel.open(out, options);
      await expect(opened).rejects.toMatchObject({ code: 'KNESER_OPTION' });
      await expect(opened).rejects.toThrow(message);
    }
    const file = new URL('../fixtures/kenlm.train.txt', import.meta.url).pathname;
    await using model = await LanguageModel.open(out, { blockMemory: 0, tables: 'page' });
    const loaded = await model.load();
    for (const threads of [-3, 0, 1.5, 257, NaN, '2']) {
      for (const from of [model, loaded]) {
        const scored = from.perplexityOfFile(file, { threads } as FileOptions);
        await expect(scored).rejects.toMatchObject({ code: 'KNESER_OPTION' });
        await expect(scored).rejects.toThrow(/^threads: /);
      }
    }
    expect((await model.perplexityOfFile(file, { threads: 1 })).tokens).toBeGreaterThan(0);
    await loaded.close();
  });
});
