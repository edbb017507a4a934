import { expect, test } from 'vitest';
import { itemsUnlessAborted, unlessAborted } from '#kneser/src/base/unless-aborted.js';
import { annotate, LanguageModel, rescore, train, tuneRescoring } from '#kneser/src/index.js';
import { train as trainInMemory } from '#kneser/native-free/train.js';
import { join } from 'node:path';
import { getEventListeners } from 'node:events';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('aborted');
const path = join(folder, 'model');
await train({ sentences: ['the cat sat'], out: path, order: 2 });

const ABORTED = { code: 'KNESER_ABORTED' };

/** An iterable that gives one item and then waits for ever, and what became of it. */
function waiting<T>(first: T) {
  const controller = new AbortController();
  const seen = { returned: 0 };
  let given = 0;
  const items: AsyncIterable<T> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        if (given++ === 0) return Promise.resolve({ done: false, value: first });
        queueMicrotask(() => controller.abort('enough'));
        return new Promise(() => undefined);
      },
      return: () => {
        seen.returned++;
        return new Promise(() => undefined);
      },
    }),
  };
  return { items, seen, signal: controller.signal };
}

async function all(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

const list = { id: 'a', candidates: [{ text: 'the cat', score: 1 }] };
const CALLS: readonly [
  string,
  unknown,
  (items: never, signal: AbortSignal, model: LanguageModel) => Promise<unknown>,
][] = [
  ['train', 'the cat', (sentences, signal) => train({ sentences, signal, order: 2, out: join(folder, 'out') })],
  ['perplexity', 'the cat', (sentences, signal, model) => model.perplexity(sentences, { signal })],
  ['generate', 'the', (beginnings, signal, model) => all(model.generate({ beginnings, signal }))],
  [
    'generate in turns',
    'the',
    (beginnings, signal, model) => all(model.generate({ beginnings, signal, sentences: 3 })),
  ],
  ['train in memory, sentences', 'the cat', (sentences, signal) => trainInMemory({ sentences, signal, order: 2 })],
  ['train in memory, text', 'the cat\n', (text, signal) => trainInMemory({ text, signal, order: 2 })],
  ['annotate', { text: 'the cat' }, (documents, signal, model) => all(annotate({ model, documents, signal }))],
  ['rescore', list, (lists, signal, model) => all(rescore({ model, lists, signal }))],
  ['tuneRescoring', list, (lists, signal, model) => tuneRescoring({ model, lists, references: ['a'], signal })],
];

test.each(CALLS)('%s stops while it waits for an item of the caller', async (_name, first, call) => {
  await using model = await LanguageModel.open(path);
  const { items, seen, signal } = waiting(first);
  const error: unknown = await call(items as never, signal, model).catch((error: unknown) => error);
  expect(error).toMatchObject({ ...ABORTED, cause: 'enough' });
  expect(seen.returned).toBe(1);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('rescoring stops while it waits for the score of another model', async () => {
  const controller = new AbortController();
  const model = {
    score: () => {
      queueMicrotask(() => controller.abort());
      return new Promise<never>(() => undefined);
    },
  };
  await expect(all(rescore({ model, lists: [list], signal: controller.signal }))).rejects.toMatchObject(ABORTED);
});

test('the items and errors are those of the iterable, which is told when no more are wanted', async () => {
  const { signal } = new AbortController();
  const ends: string[] = [];
  async function* letters(): AsyncGenerator<string, void, void> {
    try {
      yield* ['a', 'b', 'c'];
      throw new Error('no more letters');
    } finally {
      await Promise.resolve();
      ends.push('end');
    }
  }
  const seen: string[] = [];
  for await (const letter of itemsUnlessAborted(letters(), signal, 'reading')) {
    seen.push(letter);
    if (letter === 'b') break;
  }
  expect([seen, ends]).toEqual([['a', 'b'], ['end']]);
  const reading = all(itemsUnlessAborted(letters(), signal, 'reading') as AsyncIterable<string>);
  await expect(reading).rejects.toThrow('no more letters');
  expect([ends, getEventListeners(signal, 'abort')]).toEqual([['end', 'end'], []]);
  const array = ['a'];
  expect(itemsUnlessAborted(array, signal, 'reading')).toBe(array);
});

test('work that another caller awaits goes on when the waiting is aborted', async () => {
  const controller = new AbortController();
  let finish: (value: number) => void = () => undefined;
  const work = new Promise<number>(resolve => (finish = resolve));
  const waiting = unlessAborted(work, controller.signal, 'loading');
  controller.abort();
  await expect(waiting).rejects.toMatchObject(ABORTED);
  finish(3);
  expect(await unlessAborted(work, new AbortController().signal, 'loading')).toBe(3);
});
