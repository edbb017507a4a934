import { Worker } from 'node:worker_threads';
import { threadError, WORKER_OPTIONS } from '../base/node/worker-options.js';
import type { ThreadReply } from './counting-thread.js';
import type { StartThread } from './pool.js';

/** Counting threads allocate few short-lived objects, so that a young generation of 8 MB (Node's default is 48 MB) is enough. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** Starts a counting thread in Node. */
export const startThread: StartThread = (workerData, onReply, onEnd) => {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { ...WORKER_OPTIONS, workerData, resourceLimits });
  worker.on('message', (reply: ThreadReply) => onReply(reply));
  worker.on('error', error => onEnd(threadError(new URL('./worker.js', import.meta.url), error)));
  worker.on('exit', () => onEnd(new Error('a counting thread ended unexpectedly')));
  return {
    post: request => worker.postMessage(request),
    end: async () => {
      await worker.terminate();
    },
  };
};
