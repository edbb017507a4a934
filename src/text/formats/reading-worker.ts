import { parentPort, workerData } from 'node:worker_threads';
import { KneserError, systemCode } from '../../base/errors.js';
import type { ReadingTask, ReadPiece, ThreadAnswer, ThreadRequest } from './reading-thread.js';

const port = parentPort;
if (!port) throw new Error('this module is run in a thread');

let woken = performance.now();
let wake: (request: ThreadRequest) => void = () => undefined;
port.on('message', (request: ThreadRequest) => {
  woken = performance.now();
  wake(request);
});

type Answer = ThreadAnswer extends infer A ? (A extends unknown ? Omit<A, 'milliseconds'> : never) : never;

/** Sends an answer, and waits for the next request. */
function say(answer: Answer): Promise<ThreadRequest> {
  const request = new Promise<ThreadRequest>(resolve => (wake = resolve));
  const transfer = 'piece' in answer ? [answer.piece.bytes.buffer as ArrayBuffer] : [];
  port?.postMessage({ ...answer, milliseconds: performance.now() - woken }, transfer);
  return request;
}

/** The bytes of the file, asked for one piece after another. */
async function* given(): AsyncGenerator<Uint8Array> {
  for (;;) {
    const request = await say({ kind: 'bytes' });
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
    for await (const bytes of unpackZstd(given())) yield { bytes, read: 0 };
  })();
}

try {
  const pieces = await openTask(workerData as ReadingTask);
  await say({ kind: 'ready' });
  for await (const { bytes, ...piece } of pieces) {
    // A copy, since a transferred buffer cannot be used here any more.
    await say({ kind: 'piece', piece: { ...piece, bytes: bytes.slice() } });
  }
  void say({ kind: 'done' });
} catch (error) {
  void say({
    kind: 'failed',
    code: error instanceof KneserError ? error.code : undefined,
    system: systemCode(error),
    reason: reasonOf(error),
  });
}

/** The reason of a failure. The message of a library's TypeError or RangeError would not help a user. */
function reasonOf(error: unknown): string {
  if (error instanceof TypeError || error instanceof RangeError)
    return 'the file is damaged or cut short (inconsistent lengths)';
  return error instanceof Error ? error.message : String(error);
}
