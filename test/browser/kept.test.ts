import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page, Route } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type * as IndexedDB from '#kneser/native-free/indexeddb.js';
import type * as Training from '#kneser/native-free/train.js';
import { pack, train } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';
import { useSite } from './support.js';

const root = join(temporaryFolder('kept'), 'site');
const site = useSite(root);

/** The entries of the package, and what the tests need in a page. */
type Library = typeof IndexedDB &
  typeof Training & {
    /** The probabilities of a few sentences. */
    figures: (model: Training.LanguageModel) => Promise<number[]>;
    /** The code of the error with which a call fails; else `fulfilled`. */
    codeOf: (call: Promise<unknown>) => Promise<string>;
  };

/** The code that pages import: the library, and what the tests need. */
const LIBRARY = `
  export * from './browser/indexeddb.js';
  export * from './browser/train.js';
  export const codeOf = call => call.then(() => 'fulfilled', error => error.code ?? String(error));
  export const figures = async model => {
    const scores = await Promise.all(['a b c d', 'd c b a', 'a a z'].map(sentence => model.score(sentence)));
    return scores.flatMap(({ log10Probs }) => [...log10Probs]);
  };
`;

/** A text, and another one with the same words. */
const ONE = 'a b c d\nb c d a\n'.repeat(20);
const OTHER = 'd c b a\nd d b b a\nc\n'.repeat(20);

let page: Page;

beforeAll(async () => {
  mkdirSync(root, { recursive: true });
  cpSync(fileURLToPath(new URL('../../dist/browser', import.meta.url)), join(root, 'browser'), { recursive: true });
  writeFileSync(join(root, 'library.js'), LIBRARY);
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>kept</title><link rel="icon" href="data:,">');
  const large = join(root, '../large');
  const words = (i: number): string => Array.from({ length: 9 }, (_, j) => `w${(i * i * (j + 3)) % 4999}`).join(' ');
  await train({ sentences: Array.from({ length: 20_000 }, (_, i) => words(i)), out: large, order: 3 });
  await pack({ model: large, out: join(root, 'large.kneser') });
});
beforeEach(async () => ({ page } = await site.visit()));
afterEach(() => page.context().close());

/** Runs a function in a page, with the library and the two texts. */
async function inPage<T>(act: (library: Library, one: string, other: string) => Promise<T>, where = page): Promise<T> {
  const call = `import('./library.js').then(library => (${String(act)})(library, ${JSON.stringify(ONE)}, ${JSON.stringify(OTHER)}))`;
  return where.evaluate<T>(call);
}

/** Another tab of the same site. */
async function secondTab(): Promise<Page> {
  const tab = await page.context().newPage();
  await tab.goto(site.url);
  return tab;
}

/** The server of a large model, which can stop answering. */
async function stallingServer(): Promise<{ stall: () => void; goOn: () => void }> {
  let waiting: Route[] | undefined;
  await page.route('**/large.kneser', async route => {
    if (waiting) waiting.push(route);
    else await route.continue();
  });
  return {
    stall: () => void (waiting = []),
    goOn: () => {
      for (const route of waiting ?? []) void route.continue();
      waiting = undefined;
    },
  };
}

/** Takes Web Locks from a page, as from one that is not in a secure context. */
async function withoutLocks(): Promise<void> {
  await page.evaluate(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
}

describe('a kept model whose name gets another model', () => {
  test('fails in the tab that replaces it, and is not saved again', async () => {
    const found = await inPage(async ({ train, saveModel, codeOf, figures }, one, other) => {
      const into = { order: 3, into: 'm', force: true };
      const { model: first } = await train({ text: one, ...into });
      const { model: second } = await train({ text: other, ...into });
      const { model: memory } = await train({ text: other, order: 3 });
      return {
        score: await codeOf(first.score('a b c d')),
        saved: await codeOf(saveModel(first, 'copy')),
        savedInPlace: await codeOf(saveModel(first, 'm', { force: true })),
        second: await figures(second),
        wanted: await figures(memory),
      };
    });
    expect(found).toMatchObject({ score: 'KNESER_IO', saved: 'KNESER_IO', savedInPlace: 'KNESER_IO' });
    expect(found.second).toEqual(found.wanted);
    expect(await inPage(async ({ listModels }) => (await listModels()).map(({ name }) => name))).toEqual(['m']);
  });

  test.each(['saveModel', 'deleteModel'])('fails in another tab: %s', async call => {
    await inPage(async ({ train }, one) => (await train({ text: one, order: 3, into: 'm' })).model.close());
    const tab = await secondTab();
    await inPage(async ({ openModel }) => void Object.assign(globalThis, { old: await openModel('m') }), tab);
    await inPage(
      call === 'saveModel'
        ? async ({ train, saveModel }, _one, other) =>
            saveModel((await train({ text: other, order: 3 })).model, 'm', { force: true })
        : async ({ deleteModel }) => deleteModel('m'),
    );
    const message = await inPage(async () => {
      const { old } = globalThis as unknown as { old: Training.LanguageModel };
      return old.score('a b c d').then(String, (error: unknown) => (error as Error).message);
    }, tab);
    expect(message).toBe('m: the model that the browser kept was replaced or deleted; open it again');
  });
});

describe.each(['with', 'without'])('writers of one name, %s Web Locks', locks => {
  beforeEach(async () => (locks === 'without' ? withoutLocks() : undefined));

  test('without force no model is lost, and a result is that of the text given', async () => {
    const { outcomes, results, kept } = await inPage(async ({ train, openModel, figures, codeOf }, one, other) => {
      const trainings = [one, other].map(text => train({ text, order: 3, into: 'race' }));
      const outcomes = await Promise.all(trainings.map(codeOf));
      const results = [];
      for (const [i, text] of [one, other].entries()) {
        if (outcomes[i] !== 'fulfilled') continue;
        const { model } = await trainings[i];
        results.push([await figures(model), await figures((await train({ text, order: 3 })).model)]);
      }
      return { outcomes, results, kept: await figures(await openModel('race')) };
    });
    // Without locks, each may end the other; what is kept is whole all the same, and no result is of another text.
    if (locks === 'with') expect(outcomes.sort()).toEqual(['KNESER_OUTPUT_EXISTS', 'fulfilled']);
    for (const outcome of outcomes) expect(['fulfilled', 'KNESER_OUTPUT_EXISTS', 'KNESER_IO']).toContain(outcome);
    expect(results).toEqual(outcomes.filter(outcome => outcome === 'fulfilled').map(() => [kept, kept]));
    expect(results.length).toBeLessThan(2);
  });

  test('with force the later call wins', async () => {
    const { outcomes, kept, wanted } = await inPage(
      async ({ train, saveModel, openModel, figures, codeOf }, one, other) => {
        const [first, second] = await Promise.all([one, other].map(text => train({ text, order: 3 })));
        const saving = [first, second].map(({ model }) => saveModel(model, 'race', { force: true }));
        const outcomes = await Promise.all(saving.map(codeOf));
        return { outcomes, kept: await figures(await openModel('race')), wanted: await figures(second.model) };
      },
    );
    expect(outcomes[1]).toBe('fulfilled');
    expect(kept).toEqual(wanted);
  });

  test('a model that is deleted while it is saved is not said to be saved', async () => {
    const server = await stallingServer();
    await inPage(async ({ LanguageModel, saveModel, codeOf }) => {
      const model = await LanguageModel.fromFile(new URL('large.kneser', location.href));
      Object.assign(globalThis, {
        save: () => void Object.assign(globalThis, { saving: codeOf(saveModel(model, 'd')) }),
      });
    });
    server.stall();
    await page.evaluate('save()');
    await expect.poll(() => page.evaluate(async () => (await indexedDB.databases()).length)).toBe(1);
    await inPage(async ({ deleteModel }) => deleteModel('d'));
    server.goOn();
    const found = await inPage(async ({ openModel, listModels, codeOf }) => ({
      saved: await (globalThis as unknown as { saving: Promise<string> }).saving,
      opened: await codeOf(openModel('d')),
      names: (await listModels()).length,
    }));
    expect(found).toEqual({ saved: 'KNESER_IO', opened: 'KNESER_INPUT_MISSING', names: 0 });
  });
});

test('two tabs that save without force: one is refused', async () => {
  const tab = await secondTab();
  const save = async ({ train, codeOf }: Library, one: string): Promise<string> =>
    codeOf(train({ text: one, order: 3, into: 'tabs' }));
  const outcomes = await Promise.all([inPage(save), inPage(save, tab)]);
  expect(outcomes.sort()).toEqual(['KNESER_OUTPUT_EXISTS', 'fulfilled']);
});

test('an interrupted saving leaves nothing, and reports the error of onProgress as it is', async () => {
  const found = await inPage(async ({ train, saveModel, codeOf }, one) => {
    const { model } = await train({ text: one, order: 3 });
    const stop = new AbortController();
    const failing = (): never => {
      throw new RangeError('mine');
    };
    return {
      aborted: await codeOf(saveModel(model, 'q', { signal: stop.signal, onProgress: () => stop.abort() })),
      before: await codeOf(saveModel(model, 'q', { signal: stop.signal })),
      failed: await codeOf(saveModel(model, 'q', { onProgress: failing })),
      databases: await indexedDB.databases(),
    };
  });
  expect(found).toEqual({
    aborted: 'KNESER_ABORTED',
    before: 'KNESER_ABORTED',
    failed: 'RangeError: mine',
    databases: [],
  });
});

test('a saving that is aborted before it writes leaves the model that it would replace, with and without Web Locks', async () => {
  const codes = await inPage(async ({ train, saveModel, openModel, codeOf }, one, other) => {
    const model = (await train({ text: one })).model;
    const { model: another } = await train({ text: other });
    await saveModel(model, 'kept', { force: true });
    const found: string[] = [];
    const open = indexedDB.open.bind(indexedDB);
    for (const hasLocks of [true, false]) {
      if (!hasLocks) Object.defineProperty(navigator, 'locks', { value: undefined });
      for (const moment of ['before', 'at once', 'soon', 'opened']) {
        const abort = new AbortController();
        if (moment === 'before') abort.abort();
        if (moment === 'opened') {
          indexedDB.open = (...args) => {
            indexedDB.open = open;
            const request = open(...args);
            request.addEventListener('success', () => abort.abort());
            return request;
          };
        }
        const saving = codeOf(saveModel(another, 'kept', { force: true, signal: abort.signal }));
        if (moment === 'at once') abort.abort();
        if (moment === 'soon') void Promise.resolve().then(() => abort.abort());
        found.push(await saving);
        const kept = await openModel('kept');
        found.push(kept.info.identity === model.info.identity ? 'there' : 'replaced');
        await kept.close();
      }
    }
    return found;
  });
  expect(codes).toEqual(Array.from({ length: 8 }, () => ['KNESER_ABORTED', 'there']).flat());
});

test('a saving is aborted while a server does not answer, and the name is free again', async () => {
  const server = await stallingServer();
  await inPage(async ({ LanguageModel, saveModel, codeOf }) => {
    const model = await LanguageModel.fromFile(new URL('large.kneser', location.href));
    const stop = new AbortController();
    const save = (): void => {
      const saving = codeOf(saveModel(model, 'a', { signal: stop.signal }));
      Object.assign(globalThis, { saving });
    };
    Object.assign(globalThis, { save, stop });
  });
  server.stall();
  await page.evaluate('save()');
  await expect.poll(() => page.evaluate(async () => (await indexedDB.databases()).length)).toBe(1);
  const found = await inPage(async ({ train, saveModel, codeOf }, one) => {
    const { saving, stop } = globalThis as unknown as { saving: Promise<string>; stop: AbortController };
    stop.abort();
    const aborted = await saving;
    const databases = await indexedDB.databases();
    return { aborted, databases, saved: await codeOf(saveModel((await train({ text: one })).model, 'a')) };
  });
  expect(found).toEqual({ aborted: 'KNESER_ABORTED', databases: [], saved: 'fulfilled' });
});

test('an error of onProgress ends a training in a worker as it is', async () => {
  const { page: other, errors } = await site.visit();
  const found = await inPage(async ({ train, codeOf }, one) => {
    const onProgress = (): never => {
      throw new RangeError('mine');
    };
    return codeOf(train({ text: one, onProgress }));
  }, other);
  expect([found, errors]).toEqual(['RangeError: mine', []]);
  await other.context().close();
});

test('databases of others whose names begin alike are left as they are', async () => {
  const found = await inPage(async ({ train, saveModel, openModel, deleteModel, listModels, codeOf }, one) => {
    for (const [name, version, store] of [
      ['kneser-later', 3, 'later'],
      ['kneser-foreign', 1, 'things'],
    ] as const) {
      await new Promise<void>((resolve, reject) => {
        const request = indexedDB.open(name, version);
        request.onupgradeneeded = () => request.result.createObjectStore(store);
        request.onsuccess = () => {
          request.result.close();
          resolve();
        };
        request.onerror = () => reject(new Error(name, { cause: request.error }));
      });
    }
    const { model } = await train({ text: one, order: 3, into: 'mine' });
    return {
      opened: await codeOf(openModel('foreign')),
      unfinished: await codeOf(openModel('later')),
      saved: await codeOf(saveModel(model, 'foreign', { force: true })),
      deleted: await codeOf(deleteModel('foreign')),
      missing: await codeOf(openModel('missing')),
      listed: (await listModels()).map(({ name }) => name),
      databases: (await indexedDB.databases()).map(({ name }) => name).sort(),
    };
  });
  expect(found).toEqual({
    opened: 'KNESER_NOT_A_MODEL',
    unfinished: 'KNESER_UNFINISHED',
    saved: 'KNESER_NOT_A_MODEL',
    deleted: 'KNESER_NOT_A_MODEL',
    missing: 'KNESER_INPUT_MISSING',
    listed: ['mine'],
    databases: ['kneser-foreign', 'kneser-later', 'kneser-mine'],
  });
});
