import { Worker } from 'node:worker_threads';
import { threadError, WORKER_OPTIONS } from '../base/node/worker-options.js';
import type { ThreadReply } from './counting-thread.js';
import type { StartThread } from './pool.js';

/** Threads make few objects that do not live on in arrays; as many as fit here are collected at a time. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** Starts a thread of Node's that counts. */
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
