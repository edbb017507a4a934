import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as browser from '#kneser/native-free/index.js';
import { copyToMemory } from '#kneser/native-free/memory.js';
import { train as trainInMemory } from '#kneser/native-free/train.js';
import * as library from '#kneser/src/index.js';
import { LanguageModel, type LoadedModel, type Progress, type WorkOptions } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';

/** All that takes long says how far it has come in one shape, and stops when its signal is aborted. */
const folder = temporaryFolder('progress');
const text = join(import.meta.dirname, '../fixtures/kenlm.train.txt');
const path = join(folder, 'model');
const at = (name: string): string => join(folder, name);

let model: LanguageModel;
let loaded: LoadedModel;
let packed: browser.LanguageModel;

beforeAll(async () => {
  await library.train({ files: [text], out: path, order: 2, patterns: { skip: true } });
  await library.train({ files: [text], out: at('plain'), order: 2 });
  await library.pack({ model: path, out: at('packed') });
  await library.exportArpa({ model: at('plain'), file: at('arpa') });
  const files = { train: [text], valid: [text], test: [text] };
  await library.baseline({ ...files, orders: [1], classes: 0, resamples: 100, out: at('baseline') });
  model = await LanguageModel.open(path);
  loaded = await model.load();
  packed = await browser.LanguageModel.fromFile(readFileSync(at('packed')));
});

afterAll(async () => {
  await model.close();
  await loaded.close();
  await packed.close();
});

async function* sentences(): AsyncGenerator<string> {
  for (let i = 0; i < 2000; i++) yield await Promise.resolve('a b c');
}

const LONG: Readonly<Record<string, (work: WorkOptions) => unknown>> = {
  train: work => library.train({ ...defined(work), files: [text], out: at('trained'), order: 2, force: true }),
  tune: work => library.tune({ ...work, model: path, files: [text] }),
  prune: work => library.prune({ ...defined(work), model: at('plain'), out: at('pruned'), prune: [0, 1], force: true }),
  pack: work => library.pack({ ...defined(work), model: path, out: at('packed again'), force: true }),
  unpack: work => library.unpack({ ...defined(work), file: at('packed'), out: at('unpacked'), force: true }),
  exportArpa: work => library.exportArpa({ ...defined(work), model: at('plain'), file: at('arpa again') }),
  importArpa: work => library.importArpa({ ...defined(work), file: at('arpa'), out: at('imported'), force: true }),
  verify: work => library.verify(path, work),
  ngramCounts: work => library.ngramCounts({ ...defined(work), model: at('plain') }).next(),
  baseline: work =>
    library.baseline({ ...defined(work), train: [text], valid: [text], test: [text], orders: [2], classes: 0 }),
  load: work => model.load(work),
  perplexity: work => model.perplexity(sentences(), work),
  'perplexity in memory': work => loaded.perplexity(Array<string>(600).fill('a b c'), work),
  perplexityOfFile: work => model.perplexityOfFile(text, work),
  'perplexityOfFile in memory': work => loaded.perplexityOfFile(text, work),
  'perplexityOfFile after loading': async work => {
    await using opened = await LanguageModel.open(path, { tables: 'load' });
    return await opened.perplexityOfFile(text, work);
  },
  'copyToMemory of a page': async work => (await copyToMemory(packed, work)).close(),
  'train of a page': async work => {
    const trained = await trainInMemory({
      ...defined(work),
      text: readFileSync(text, 'utf8'),
      order: 2,
      worker: false,
    });
    await trained.model.close();
  },
};

/** As options whose types leave `undefined` out take them. */
function defined({ onProgress, signal }: WorkOptions): {
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
} {
  return { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) };
}

async function failure(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was interrupted');
}

describe.each(Object.entries(LONG))('%s', (_name, act) => {
  const reason = new Error('the user went away');
  const interrupted = { name: 'KneserError', code: 'KNESER_ABORTED', cause: reason };

  test('reports its progress', async () => {
    const reports: Progress[] = [];
    await act({ onProgress: progress => reports.push(progress) });
    expect(reports.length).toBeGreaterThan(0);
    for (const { stage, done, total, unit } of reports) {
      expect(stage).toMatch(/^[a-z]+$/);
      expect(['bytes', 'tokens', 'n-grams', 'passes', 'sentences']).toContain(unit);
      expect(done).toBeGreaterThanOrEqual(0);
      if (total !== undefined) expect(done).toBeLessThanOrEqual(total);
    }
  });

  test('does not begin if its signal is already aborted', async () => {
    expect(await failure(() => act({ signal: AbortSignal.abort(reason) }))).toMatchObject(interrupted);
  });

  test('stops when its signal is aborted; the reason is the cause of the error', async () => {
    const stop = new AbortController();
    expect(await failure(() => act({ onProgress: () => stop.abort(reason), signal: stop.signal }))).toMatchObject(
      interrupted,
    );
  });
});

test('compare stops when its signal is aborted', async () => {
  const reason = 'enough';
  const call = () => library.compare({ file: at('baseline/tokens.tsv.gz'), signal: AbortSignal.abort(reason) });
  expect(await failure(call)).toMatchObject({ code: 'KNESER_ABORTED', cause: reason });
});

test('perplexity of sentences lets timers run, so that a timer can stop it', async () => {
  async function* endless(): AsyncGenerator<string> {
    for (;;) yield await Promise.resolve('a b c');
  }
  const error = await failure(() => model.perplexity(endless(), { signal: AbortSignal.timeout(200) }));
  expect(error).toMatchObject({ code: 'KNESER_ABORTED', cause: { name: 'TimeoutError' } });
});

test('aborting the call that loads the tables does not stop another call that waits for them', async () => {
  await using opened = await LanguageModel.open(path, { tables: 'load' });
  const stop = new AbortController();
  const first = opened.perplexityOfFile(text, { signal: stop.signal, onProgress: () => stop.abort() });
  const second = opened.perplexityOfFile(text);
  expect(await failure(() => first)).toMatchObject({ code: 'KNESER_ABORTED' });
  expect((await second).tokens).toBeGreaterThan(0);
});
