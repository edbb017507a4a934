import { expect, test } from 'vitest';
import { AnsweringThread } from '#kneser/src/base/node/answering-thread.js';

test('a question that cannot be sent does not take the answer of the next one', async () => {
  const double = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', question => parentPort.postMessage(2 * question));`;
  const address = new URL(`data:text/javascript,${encodeURIComponent(double)}`);
  const thread = new AnsweringThread<unknown, number>(address, undefined, 'doubling');
  const first = thread.ask(1, []);
  const functions = thread.ask(() => undefined, []);
  const last = thread.ask(3, []);
  await expect(functions).rejects.toThrow('could not be cloned');
  expect([await first, await last]).toEqual([2, 6]);
  expect(thread.waiting).toBe(0);
  await thread.close(new Error('closed'));
  await expect(thread.ask(1, [])).rejects.toThrow('closed');
});
