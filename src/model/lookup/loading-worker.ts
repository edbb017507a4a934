import { parentPort, workerData } from 'node:worker_threads';
import { KneserError } from '../../base/errors.js';
import { openShared } from '../../store/folder/open-shared.js';
import type { SharedStore } from '../../store/store.js';
import { readTask, runLoadingTask, type LoadingTask } from './loading-task.js';
import type { LoadingAnswer } from './loading-threads.js';

// The entry of a thread of Node that loads parts of tables, in the order in which it gets them. It reads the blocks of a part while it works on the part before.
if (parentPort) {
  const port = parentPort;
  const opening = openShared(workerData as SharedStore);
  // A failure is told with the answer to each task; without this handler it would end the thread before.
  opening.catch(() => undefined);
  const answer = async (task: LoadingTask, reading: ReturnType<typeof readTask>): Promise<LoadingAnswer> => {
    try {
      return { result: runLoadingTask(task, await reading) };
    } catch (error) {
      if (error instanceof KneserError) return { failed: { code: error.code, message: error.message } };
      throw error;
    }
  };
  let last: Promise<void> = Promise.resolve();
  port.on('message', (task: LoadingTask) => {
    const reading = opening.then(store => readTask(store, task));
    // So is this one.
    reading.catch(() => undefined);
    last = last.then(async () => port.postMessage(await answer(task, reading)));
  });
}
