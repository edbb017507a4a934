import { parentPort } from 'node:worker_threads';
import { KneserError } from '../../base/errors.js';
import { runLoadingTask, type LoadingTask } from './loading-task.js';
import type { LoadingAnswer } from './loading-threads.js';

// The entry of a thread of Node that loads parts of tables, in the order in which it gets them.
if (parentPort) {
  const port = parentPort;
  const answer = (task: LoadingTask): LoadingAnswer => {
    try {
      return { result: runLoadingTask(task) };
    } catch (error) {
      if (error instanceof KneserError) return { failed: { code: error.code, message: error.message } };
      throw error;
    }
  };
  port.on('message', (task: LoadingTask) => port.postMessage(answer(task)));
}
