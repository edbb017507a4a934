import { countInThread, type ThreadReply, type ThreadRequest } from '../src/count/counting-thread.js';
import type { WorkerScope } from './messages.js';
import type { CountingMessage } from './threads.js';

// A worker that counts n-grams for the worker that trains. It gets a plan first, then requests, one at a time.
const scope = globalThis as unknown as WorkerScope<CountingMessage, ThreadReply>;

let count: ((request: ThreadRequest) => void) | undefined;

scope.onmessage = ({ data }) => {
  if ('plan' in data) count = countInThread(data.plan, undefined, reply => scope.postMessage(reply));
  else count?.(data.request);
};
