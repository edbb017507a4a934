import { parentPort, workerData } from 'node:worker_threads';
import { createPartTokenizer, type TextPart, type TokenizingPlan } from './tokenizing-thread.js';

// The code of a tokenizing thread: it answers each part of a text with the part's tokens.
if (parentPort) {
  const port = parentPort;
  const tokenize = await createPartTokenizer(workerData as TokenizingPlan);
  port.on('message', (part: TextPart) => port.postMessage(tokenize(part)));
}
