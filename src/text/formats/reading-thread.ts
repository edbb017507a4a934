import { Worker } from 'node:worker_threads';
import { threadError, WORKER_OPTIONS } from '../../base/node/worker-options.js';
import { abortedError, KneserError, type ErrorCode } from '../../base/errors.js';
import type { Piece } from './corpus.js';

/**
 * A file that a library decodes in a thread of its own. These libraries trust their input: a few damaged bytes can make them
 * work for days or ask for all memory. A thread that takes far longer than data of its length can need is ended.
 *
 * - `zstd` unpacks bytes that the main thread sends;
 * - `parquet` opens `path` and yields the text of one column;
 * - `rows` opens `path` and yields the rows as JSON lines.
 */
export type ReadingTask =
  | { readonly kind: 'zstd' }
  | { readonly kind: 'parquet'; readonly path: string; readonly column: string; readonly skipMissing?: boolean }
  | { readonly kind: 'rows'; readonly path: string };

/** A piece of the decoded text. A piece without bytes only reports progress. */
export interface ReadPiece extends Piece {
  /** Bytes of the file that were decoded up to the end of this piece; 0 for `zstd`. */
  readonly read: number;
  /** Documents without text that were left out since the last piece; a missing number is 0. */
  readonly skipped?: number;
}

/** A request to the thread: `next` to continue, or `bytes` with the bytes that it asked for (`undefined` at the end of the file). */
export type ThreadRequest =
  { readonly kind: 'next' } | { readonly kind: 'bytes'; readonly bytes: Uint8Array | undefined };

/** The thread's answer, and the time from the request to this answer [ms]. The thread then sleeps until the next request. */
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

/** The time that a thread may take [ms]: `GRACE`, and more for each byte that it reads or yields. Libraries need a 50th of this time. */
const GRACE = 5000;
const MILLISECONDS_A_BYTE = 1e-3;
/** The largest heap of a thread, in MB. Buffers lie outside the heap; each has a limit of its own. */
const MOST_MEGABYTES = 512;
/** The longest delay that `setTimeout` takes [ms]. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Decodes a file in a thread. Output: the decoded pieces, in the order of the file.
 *
 * @param source the bytes of the file, for `zstd`; the other tasks open the file themselves.
 * @param grace the time that the thread may take before it has read or yielded any byte [ms].
 * @throws the KneserError of the task; KNESER_ABORTED; otherwise an Error whose message is a reason, with the `code` of the
 *   system call if one failed.
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
  /** The time that is left [ms]. */
  let allowed = grace;
  try {
    await nextAnswer(worker, Infinity, signal);
    for (let request: ThreadRequest = { kind: 'next' }; ;) {
      worker.postMessage(request);
      const answer = await nextAnswer(worker, allowed, signal);
      allowed -= answer.milliseconds;
      request = { kind: 'next' };
      if (answer.kind === 'done') return;
      if (answer.kind === 'failed') throw failure(answer);
      if (answer.kind === 'piece') {
        const { piece } = answer;
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
function nextAnswer(worker: Worker, limit: number, signal: AbortSignal | undefined): Promise<ThreadAnswer> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      worker.off('message', succeed);
      worker.off('error', fail);
      signal?.removeEventListener('abort', abort);
    };
    const succeed = (answer: ThreadAnswer): void => {
      end();
      resolve(answer);
    };
    const fail = (error: Error): void => {
      end();
      const isFull = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
      const address = new URL('./reading-worker.js', import.meta.url);
      reject(isFull ? new Error('decoding needs too much memory') : threadError(address, error));
    };
    const abort = (): void => fail(abortedError('reading', signal?.reason));
    // setImmediate lets an answer that arrived while this thread was busy come before the time-out.
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
