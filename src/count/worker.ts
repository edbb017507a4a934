import { parentPort, workerData } from 'node:worker_threads';
import type { CountPlan } from './counter.js';
import { countInThread, type ThreadRequest } from './counting-thread.js';
import { scratchFiles } from './scratch-files.js';

// The entry of a counting thread of Node.
if (parentPort) {
  const port = parentPort;
  const take = countInThread(workerData as CountPlan, scratchFiles, reply => port.postMessage(reply));
  port.on('message', (request: ThreadRequest) => take(request));
}
