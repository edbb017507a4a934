import type { CountPlan } from '../src/count/counter.js';
import type { ThreadReply, ThreadRequest } from '../src/count/counting-thread.js';
import { workerError } from '../src/base/errors.js';
import type { StartThread } from '../src/count/pool.js';

/** A message to a counting worker: first the plan, then requests. */
export type CountingMessage = { readonly plan: CountPlan } | { readonly request: ThreadRequest };

/** Starts a Web Worker that counts n-grams. */
export const startThread: StartThread = (plan, onReply, onEnd) => {
  const worker = new Worker(new URL('./counting-worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<ThreadReply>) => onReply(data);
  worker.onerror = ({ message }: Partial<ErrorEvent>) =>
    onEnd(
      message
        ? new Error(`a counting thread ended unexpectedly: ${message}`)
        : workerError(new URL('./counting-worker.js', import.meta.url)),
    );
  const post = (message: CountingMessage): void => worker.postMessage(message);
  post({ plan });
  return {
    post: request => post({ request }),
    end: () => {
      worker.terminate();
      onEnd(new Error('a counting thread was ended'));
      return Promise.resolve();
    },
  };
};
