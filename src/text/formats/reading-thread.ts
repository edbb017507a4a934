import { Worker } from 'node:worker_threads';
import { threadError, WORKER_OPTIONS } from '../../base/node/worker-options.js';
import { abortedError, KneserError, type ErrorCode } from '../../base/errors.js';
import type { Piece } from './corpus.js';

/**
 * A file that a library decodes in a thread of its own. These libraries trust their input: a few damaged bytes can make
 * them work for days or ask for all memory. The thread is ended when it takes far longer than its data can need.
 */
export type ReadingTask =
  | { readonly kind: 'zstd' }
  | { readonly kind: 'parquet'; readonly path: string; readonly column: string; readonly skipMissing?: boolean }
  | { readonly kind: 'rows'; readonly path: string };

/** A piece with the progress at its end (bytes of the file that were read). A piece without bytes only reports progress. */
export interface ReadPiece extends Piece {
  readonly read: number;
  /** Documents without text that were left out since the last piece; missing for none. */
  readonly skipped?: number;
}

/** A request to the thread: to continue (`next`), or the bytes that it asked for (`undefined` at the end of the file). */
export type ThreadRequest =
  { readonly kind: 'next' } | { readonly kind: 'bytes'; readonly bytes: Uint8Array | undefined };

/** The thread's answer, and the time that it worked for it [ms]. The thread then sleeps until the next request. */
export type ThreadAnswer = { readonly milliseconds: number } & (
  | { readonly kind: 'ready' | 'bytes' | 'done' }
  | { readonly kind: 'piece'; readonly piece: ReadPiece }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode | undefined;
      readonly system: string | undefined;
      readonly reason: string;
    }
);

/** The time that a thread may take [ms]: `GRACE` at the start, and more for each byte read or made. Libraries need a 50th of it. */
const GRACE = 5000;
const MILLISECONDS_A_BYTE = 1e-3;
/** The heap of a thread, in MB, without its buffers: each buffer has a limit of its own. */
const MOST_MEGABYTES = 512;
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Decodes a file in a thread. Input: the task, and the bytes of the file unless the task opens the file itself. Output:
 * the decoded pieces. Order: as in the file.
 *
 * @param source the bytes that the thread asks for.
 * @param grace the time that it may take before it has read or made any byte [ms].
 * @throws the KneserError that the task throws; KNESER_ABORTED; otherwise an Error with a reason, and with the `code` of
 *   a failed system call.
 */
export async function* readInThread(
  task: ReadingTask,
  source?: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
  grace = GRACE,
): AsyncGenerator<ReadPiece> {
  const worker = new Worker(new URL('./reading-worker.js', import.meta.url), {
    ...WORKER_OPTIONS,
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
        allowed += MILLISECONDS_A_BYTE * (piece.bytes.length + piece.read - read);
        read = piece.read;
        if (piece.bytes.length > 0 || piece.skipped) yield piece;
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

/** The next answer of a thread. @param limit the longest time to wait for it [ms]. */
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
      const address = new URL('./reading-worker.js', import.meta.url);
      reject(isFull ? new Error('decoding takes too much memory') : threadError(address, error));
    };
    const abort = (): void => fail(abortedError('reading', signal?.reason));
    // setImmediate: an answer that arrived while this thread was busy is delivered before the time-out fails.
    const timer = setTimeout(
      () => setImmediate(() => fail(new Error('decoding takes far too long for its size'))),
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
