import { parentPort, workerData } from 'node:worker_threads';
import { inOwnBuffer } from '../../base/bytes.js';
import { KneserError, systemCode } from '../../base/errors.js';
import type { ReadingTask, ReadPiece, ThreadAnswer, ThreadRequest } from './reading-thread.js';

const port = parentPort;
if (!port) throw new Error('this module runs in a worker thread only');

// The code of the thread that `readInThread` starts. It works on one request at a time and answers each.

/** When the last request arrived [ms]. */
let requestedAt = performance.now();
let wake: (request: ThreadRequest) => void = () => undefined;
port.on('message', (request: ThreadRequest) => {
  requestedAt = performance.now();
  wake(request);
});

type Answer = ThreadAnswer extends infer A ? (A extends unknown ? Omit<A, 'milliseconds'> : never) : never;

/** Sends an answer, and waits for the next request. */
function send(answer: Answer): Promise<ThreadRequest> {
  const request = new Promise<ThreadRequest>(resolve => (wake = resolve));
  port?.postMessage({ ...answer, milliseconds: performance.now() - requestedAt });
  return request;
}

/** The bytes of the file, each chunk requested from the main thread. */
async function* requestedBytes(): AsyncGenerator<Uint8Array> {
  for (;;) {
    const request = await send({ kind: 'bytes' });
    if (request.kind !== 'bytes' || !request.bytes) return;
    yield request.bytes;
  }
}

async function openTask(task: ReadingTask): Promise<AsyncGenerator<ReadPiece>> {
  if (task.kind === 'parquet') {
    return (await import('./parquet-pages.js')).readPages(task.path, task.column, task.skipMissing ?? false);
  }
  if (task.kind === 'rows') return (await import('./parquet-rows.js')).readRows(task.path);
  const { unpackZstd } = await import('./zstd-frames.js');
  return (async function* () {
    for await (const bytes of unpackZstd(requestedBytes())) yield { bytes, read: 0 };
  })();
}

try {
  const pieces = await openTask(workerData as ReadingTask);
  await send({ kind: 'ready' });
  for await (const { bytes, ...piece } of pieces) {
    await send({ kind: 'piece', piece: { ...piece, bytes: inOwnBuffer(bytes) } });
  }
  void send({ kind: 'done' });
} catch (error) {
  void send({
    kind: 'failed',
    code: error instanceof KneserError ? error.code : undefined,
    system: systemCode(error),
    reason: reasonOf(error),
  });
}

/** The reason of a failure. It replaces the message of a library's TypeError or RangeError, which would not help a user. */
function reasonOf(error: unknown): string {
  if (error instanceof TypeError || error instanceof RangeError)
    return 'the file is damaged or cut short (inconsistent lengths)';
  return error instanceof Error ? error.message : String(error);
}
