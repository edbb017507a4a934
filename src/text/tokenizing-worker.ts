import { parentPort, workerData } from 'node:worker_threads';
import { createPartTokenizer, type TextPart, type TokenizingPlan } from './tokenizing-thread.js';

// A thread that tokenizes.
if (parentPort) {
  const port = parentPort;
  const tokenize = await createPartTokenizer(workerData as TokenizingPlan);
  port.on('message', (part: TextPart) => {
    const reply = tokenize(part);
    port.postMessage(reply, [reply.numbers.buffer, reply.bytes.buffer, reply.ends.buffer]);
  });
}
