import { expect, test } from 'vitest';
import { grown, lookAtHoldings, openAndClose, prepare, scoreManyTimes } from '#kneser/test/faults/long.js';
import { LanguageModel, type LoadedModel } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('long');
const prepared = prepare(folder, 1);
const CLOSED = { code: 'KNESER_CLOSED', exitCode: 2 };

test('many calls of all sizes hold memory flat', async () => {
  const { model } = await prepared;
  const holdings = await scoreManyTimes(model, 4000, 1);
  expect(grown(holdings[3], holdings[holdings.length - 1])).toEqual([]);
});

test('closing frees descriptors, threads and folders', async () => {
  const { model, text } = await prepared;
  await openAndClose(model, text, 1);
  const before = await lookAtHoldings();
  await openAndClose(model, text, 5);
  // The garbage collector decides when memory is free again.
  await expect.poll(async () => grown(before, await lookAtHoldings()), { timeout: 20_000 }).toEqual([]);
  expect(before.folders).toBe(0);
});

test('calls of a closed model throw the error of a closed model', async () => {
  const { model: path, text } = await prepared;
  const model = await LanguageModel.open(path);
  const loaded = await model.load();
  await Promise.all([model.close(), model.close()]);
  await model.close();
  const calls: ((of: LanguageModel | LoadedModel) => unknown)[] = [
    of => of.score('w1'),
    of => of.predict('w1'),
    of => of.ngramPerplexities('w1'),
    of => of.perplexity([]),
    of => of.perplexityOfFile(text),
  ];
  for (const call of calls) await expect(call(model)).rejects.toMatchObject(CLOSED);
  await expect(model.load()).rejects.toMatchObject(CLOSED);
  // A loaded model is independent of the one that it was made by.
  expect(loaded.score('w1').tokens).toEqual(['w1', '</s>']);
  await Promise.all([loaded.close(), loaded.close()]);
  for (const call of calls) await expect(Promise.resolve().then(() => call(loaded))).rejects.toMatchObject(CLOSED);
  expect(() => loaded.log10Prob('w1')).toThrow(expect.objectContaining(CLOSED));
});

test('after closing, calls under way end with their result or with the error of a closed model', async () => {
  const { model: path, text } = await prepared;
  await using other = await LanguageModel.open(path);
  const expected = await other.score('w1 w2');
  for (const tables of ['page', 'load'] as const) {
    for (const threads of [1, 2]) {
      const model = await LanguageModel.open(path, { tables });
      const began = [
        model.score('w1 w2'),
        model.perplexity(['w1', 'w2']),
        model.predict('w1'),
        model.load(),
        model.load(),
        model.perplexityOfFile(text, { threads }),
      ];
      const closed = model.close();
      const outcomes = await Promise.allSettled(began);
      await closed;
      expect(outcomes[0]).toEqual({ status: 'fulfilled', value: expected });
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(CLOSED);
    }
  }
});

test('closing while a file is scored by threads', async () => {
  const { model: path, text } = await prepared;
  await using model = await LanguageModel.open(path);
  const loaded = await model.load();
  const scoring = Array.from({ length: 8 }, () => loaded.perplexityOfFile(text, { threads: 2 }));
  await loaded.close();
  for (const outcome of await Promise.allSettled(scoring)) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(CLOSED);
  }
});

test('models are opened and closed at the same time', async () => {
  const { model: path } = await prepared;
  const before = await lookAtHoldings();
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      await using model = await LanguageModel.open(path);
      expect((await model.score('w1')).tokens).toEqual(['w1', '</s>']);
    }),
  );
  expect((await lookAtHoldings()).folders).toBe(before.folders);
});
