import { openAsBlob, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { LanguageModel } from '#kneser/native-free/index.js';
import { copyToMemory } from '#kneser/native-free/memory.js';
import { saveModel } from '#kneser/native-free/indexeddb.js';
import * as node from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';
import { serve } from '../support/range-server.js';

const folder = temporaryFolder('paged');
const file = join(folder, 'model.kneser');
// A model that is longer than the part of a file that is read when it is opened.
const sentences = Array.from({ length: 20_000 }, (_, i) =>
  Array.from({ length: 9 }, (_, j) => `w${(i * i * (j + 3)) % 4999}`).join(' '),
);
await node.train({ sentences, out: join(folder, 'model'), order: 3 });
await node.pack({ model: join(folder, 'model'), out: file });

const SENTENCE = 'w4 w100 w7 w2500';

const WAITING: readonly [string, (model: LanguageModel, signal: AbortSignal) => Promise<unknown>][] = [
  ['load', (model, signal) => model.load({ signal })],
  ['perplexity', (model, signal) => model.perplexity([SENTENCE], { signal })],
  ['generate', (model, signal) => model.generate({ signal }).next()],
  ['copyToMemory', (model, signal) => copyToMemory(model, { signal })],
];

test.each(WAITING)('%s is aborted while a server does not answer, and the model closes', async (_name, call) => {
  await using server = await serve(file);
  const model = await LanguageModel.fromFile(server.url);
  server.behaviour = { hangs: true };
  const { requests } = server;
  const stop = new AbortController();
  const calling = call(model, stop.signal);
  await vi.waitUntil(() => server.requests > requests);
  stop.abort('enough');
  await expect(calling).rejects.toMatchObject({ code: 'KNESER_ABORTED', cause: 'enough' });
  await model.close();
});

test.each(WAITING)('%s ends when its model is closed while a server does not answer', async (_name, call) => {
  await using server = await serve(file);
  const model = await LanguageModel.fromFile(server.url);
  server.behaviour = { hangs: true };
  const { requests } = server;
  const calling = call(model, new AbortController().signal);
  const refused = expect(calling).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
  await vi.waitUntil(() => server.requests > requests);
  await model.close();
  await refused;
});

test('a file is scored and aborted while a server does not answer', async () => {
  await using server = await serve(file);
  await using model = await node.LanguageModel.open(server.url, { tables: 'page' });
  const path = join(folder, 'text.txt');
  writeFileSync(path, SENTENCE);
  server.behaviour = { hangs: true };
  const { requests } = server;
  const stop = new AbortController();
  const calling = model.perplexityOfFile(path, { signal: stop.signal });
  await vi.waitUntil(() => server.requests > requests);
  stop.abort();
  await expect(calling).rejects.toMatchObject({ code: 'KNESER_ABORTED' });
});

test('a closed model is not copied or saved', async () => {
  const model = await LanguageModel.fromFile(await openAsBlob(file));
  const copy = await copyToMemory(model);
  await model.close();
  await copy.close();
  for (const closed of [model, copy]) {
    await expect(copyToMemory(closed)).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
    await expect(saveModel(closed, 'name')).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
  }
});
