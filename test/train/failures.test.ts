import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { KneserError, LanguageModel, train, tune, type TrainOptions } from '#kneser/src/index.js';
import { LevelWriter } from '#kneser/src/store/level.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('failures');
const random = randomNumbers(7);
/** Long enough for more tasks than threads. */
const sentences = Array.from({ length: 75_000 }, () =>
  Array.from({ length: 12 }, () => `w${Math.floor(20_000 ** random())}`).join(' '),
);

afterEach(() => {
  vi.restoreAllMocks();
});

let attempts = 0;

/** Trains into a new folder, which must not be left behind. @returns the error that training threw. */
async function failureOf(options: Partial<TrainOptions>): Promise<unknown> {
  const out = join(folder, `new-${attempts++}`);
  const failure = await train({ sentences, order: 3, out, ...options } as TrainOptions).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(existsSync(out)).toBe(false);
  return failure;
}

describe('nothing is left behind, and no thread goes on', () => {
  test.each([1, 2])(
    'when the disk is full, with %i threads',
    async threads => {
      let calls = 0;
      const unhandled = vi.fn();
      process.on('unhandledRejection', unhandled);
      vi.spyOn(LevelWriter.prototype, 'put').mockImplementation(() =>
        ++calls < 4
          ? Promise.resolve()
          : Promise.reject(Object.assign(new Error('No space left on device'), { code: 'ENOSPC' })),
      );
      const failure = await failureOf({ threads });
      process.off('unhandledRejection', unhandled);
      expect(failure).toMatchObject({ code: 'KNESER_DISK_FULL', exitCode: 1 });
      expect(unhandled).not.toHaveBeenCalled();
    },
    20_000,
  );

  test.each(['sentences', 'files'] as const)('when training on %s is interrupted', async kind => {
    const path = join(folder, 'text.txt');
    writeFileSync(path, sentences.join('\n'));
    const text = kind === 'files' ? { sentences: undefined, files: [path] } : { sentences };
    const atOnce = AbortSignal.abort();
    for (const signal of [atOnce, AbortSignal.timeout(60)]) {
      const failure = await failureOf({ ...text, signal } as Partial<TrainOptions>);
      expect(failure).toBeInstanceOf(KneserError);
      expect(failure).toMatchObject({ code: 'KNESER_ABORTED', exitCode: 130 });
      expect((failure as Error).cause).toBe(signal.reason);
    }
  });

  test('when tuning is interrupted, at any stage: the model keeps the weights that it has', async () => {
    const [out, held] = [join(folder, 'tuned'), join(folder, 'held-out.txt')];
    const some = sentences.slice(0, 4000);
    await train({ sentences: some, out, order: 3, patterns: { skip: true } });
    writeFileSync(held, some.join('\n'));
    const interrupted = async (abort: AbortController, onProgress?: () => void): Promise<void> => {
      const { signal } = abort;
      const failure: unknown = await tune({
        model: out,
        files: [held],
        signal,
        ...(onProgress ? { onProgress } : {}),
      }).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'KNESER_ABORTED',
        message: expect.stringMatching(/^tuning was/) as string,
      });
      expect((failure as Error).cause).toBe(signal.reason);
    };
    const reason = new Error('a reason of one’s own');
    const atOnce = new AbortController();
    atOnce.abort(reason);
    await interrupted(atOnce);
    const soon = new AbortController();
    setTimeout(() => soon.abort(reason), 30);
    await interrupted(soon);
    const late = new AbortController();
    await interrupted(late, () => late.abort(reason));
    await using model = await LanguageModel.open(out);
    expect(model.info.weights).toEqual([]);
  });

  test('when reading the sentences throws; the error is passed on', async () => {
    const reason = new TypeError('a reason of one’s own');
    function* failing(): Generator<string> {
      yield 'a b';
      throw reason;
    }
    const failure = await failureOf({ sentences: failing() });
    expect(failure === reason || (failure as Error).cause === reason).toBe(true);
    expect((failure as Error).message).not.toMatch(/writing failed/);
  });
});

test('the error of a training with too little memory names the amount that suffices', async () => {
  const failure = (await failureOf({ classes: 4000, memory: 64 << 20 })) as Error;
  expect(failure).toMatchObject({ code: 'KNESER_LIMIT' });
  expect(failure.message).toBe(
    'classes: 4000 classes need 245 MB, but memory (--memory) leaves them 10 MB; set it to at least 1003 MB, or ask for fewer',
  );
  // With this much memory only the size of the text matters.
  await train({ sentences: ['a b'], out: join(folder, 'enough'), classes: 4000, memory: 1003 << 20 });
});

test('a model stays as it was until the next one is complete', async () => {
  const out = join(folder, 'kept');
  await train({ sentences: ['a b', 'b a'], out, order: 2 });
  await expect(train({ sentences: ['x'], out, order: 2 })).rejects.toMatchObject({ code: 'KNESER_OUTPUT_EXISTS' });
  const open = await LanguageModel.open(out);
  const before = await open.score('a b');
  await expect(train({ sentences: [''], out, force: true })).rejects.toMatchObject({ code: 'KNESER_INPUT_EMPTY' });
  await train({ sentences: ['x y', 'a'], out, order: 3, force: true });
  expect(await open.score('a b')).toStrictEqual(before);
  await open.close();
  await open.close();
  await expect(open.score('a')).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
  const next = await LanguageModel.open(out);
  expect(next.info).toMatchObject({ order: 3, vocabulary: 5 });
  await next.close();
  expect(readdirSync(out).sort()).toEqual(['generation-2', 'kneser.json']);
});

test('an empty folder that existed stays', async () => {
  const out = join(folder, 'empty');
  mkdirSync(out);
  await expect(train({ sentences: [''], out })).rejects.toMatchObject({ code: 'KNESER_INPUT_EMPTY' });
  expect(readdirSync(out)).toEqual([]);
});

test('the file that an interrupted replacement of kneser.json leaves does not count as a file of the user', async () => {
  const out = join(folder, 'broken-off');
  await train({ sentences: ['a'], out, order: 1 });
  writeFileSync(join(out, 'kneser.json.1a2b3c4d'), '{');
  await train({ sentences: ['a'], out, order: 1, force: true });
});

test('one string in place of a list of sentences, and a number in place of a sentence, are refused', async () => {
  const out = join(folder, 'strings');
  await expect(train({ sentences: 'a b' as unknown as string[], out })).rejects.toMatchObject({
    code: 'KNESER_OPTION',
    message: expect.stringContaining('got one string; pass an array') as string,
  });
  await train({ sentences: ['a b'], out, order: 2 });
  const model = await LanguageModel.open(out);
  const loaded = await model.load();
  const refused = { code: 'KNESER_OPTION' };
  await expect(model.perplexity('a b')).rejects.toMatchObject(refused);
  await expect(model.score(5 as unknown as string)).rejects.toMatchObject(refused);
  expect(() => loaded.perplexity('a b')).toThrow(expect.objectContaining(refused) as Error);
  expect(() => loaded.score(5 as unknown as string)).toThrow(expect.objectContaining(refused) as Error);
  await model.close();
});
