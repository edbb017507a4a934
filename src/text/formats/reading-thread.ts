import { Worker } from 'node:worker_threads';
import { abortedError, KneserError, type ErrorCode } from '../../base/errors.js';

/**
 * Text that is unpacked in a thread of its own, since the libraries that do it trust what they read: a few bytes can make
 * them work for days or ask for all memory. The thread is ended where it takes far longer than its data can need.
 */
export type ReadingTask =
  { readonly kind: 'zstd' } | { readonly kind: 'parquet'; readonly path: string; readonly column: string };

/** A piece of text, and how many bytes of the file are needed up to its end; an empty one says what is read next. */
export interface Piece {
  readonly text: Uint8Array;
  readonly read: number;
  /** How many lines each document of the text has. */
  readonly documents?: readonly number[];
}

/** What wakes the thread: it is to go on, or has the next bytes that it asked for, or there are none. */
export type ThreadRequest =
  { readonly kind: 'next' } | { readonly kind: 'bytes'; readonly bytes: Uint8Array | undefined };

/** What it answers, and then sleeps. */
export type ThreadAnswer = { readonly milliseconds: number } & (
  | { readonly kind: 'ready' | 'bytes' | 'done' }
  | { readonly kind: 'piece'; readonly piece: Piece }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode | undefined;
      readonly system: string | undefined;
      readonly reason: string;
    }
);

/** What a thread may take for nothing and for each byte that it reads or makes: libraries take a 50th of that. */
const GRACE = 5000;
const MILLISECONDS_A_BYTE = 1e-3;
/** Memory of a thread but for its buffers, of which each has a limit of its own. */
const MOST_MEGABYTES = 512;
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Runs a task.
 *
 * @param source the bytes that it asks for.
 * @param grace what it may take for nothing, in milliseconds.
 * @throws KneserError where the task does, KNESER_ABORTED, and else an error with a reason, which has the `code` of the
 *   system where it was that.
 */
export async function* readAside(
  task: ReadingTask,
  source?: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
  grace = GRACE,
): AsyncGenerator<Piece> {
  const worker = new Worker(new URL('./reading-worker.js', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
  });
  const bytes = source?.[Symbol.asyncIterator]();
  let read = 0;
  let allowed = grace;
  try {
    await answer(worker, Infinity, signal);
    for (let request: ThreadRequest = { kind: 'next' }; ;) {
      worker.postMessage(request);
      const found = await answer(worker, allowed, signal);
      allowed -= found.milliseconds;
      request = { kind: 'next' };
      if (found.kind === 'done') return;
      if (found.kind === 'failed') throw failure(found);
      if (found.kind === 'piece') {
        const { piece } = found;
        allowed += MILLISECONDS_A_BYTE * (piece.text.length + piece.read - read);
        read = piece.read;
        if (piece.text.length > 0) yield piece;
      } else {
        const next = await bytes?.next();
        const chunk = next?.done ? undefined : next?.value;
        allowed += MILLISECONDS_A_BYTE * (chunk?.length ?? 0);
        request = { kind: 'bytes', bytes: chunk };
      }
    }
  } finally {
    await worker.terminate();
    await bytes?.return?.();
  }
}

/** The next answer of a thread. @param limit in milliseconds. */
function answer(worker: Worker, limit: number, signal: AbortSignal | undefined): Promise<ThreadAnswer> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      worker.off('message', succeed);
      worker.off('error', fail);
      signal?.removeEventListener('abort', abort);
    };
    const succeed = (found: ThreadAnswer): void => {
      end();
      resolve(found);
    };
    const fail = (error: Error): void => {
      end();
      const isFull = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
      reject(isFull ? new Error('it takes too much memory') : error);
    };
    const abort = (): void => fail(abortedError());
    // An answer that came while this thread was busy is heard first.
    const timer = setTimeout(
      () => setImmediate(() => fail(new Error('it takes far too long for its size'))),
      Math.min(limit, LONGEST_TIMER),
    );
    worker.on('message', succeed);
    worker.on('error', fail);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
  });
}

function failure({ code, system, reason }: Extract<ThreadAnswer, { kind: 'failed' }>): Error {
  return code ? new KneserError(code, reason) : Object.assign(new Error(reason), system ? { code: system } : {});
}
