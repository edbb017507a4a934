import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PROGRAM } from '#kneser/bench/program.js';
import { AnsweringThread } from '#kneser/src/base/node/answering-thread.js';
import { CommandLine } from '../../support/command-line.js';

const run = promisify(execFile);

test('a question that cannot be sent does not take the answer of the next one', async () => {
  const double = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', question => parentPort.postMessage(2 * question));`;
  const address = new URL(`data:text/javascript,${encodeURIComponent(double)}`);
  const thread = new AnsweringThread<unknown, number>(address, undefined, 'doubling');
  const first = thread.ask(1);
  const functions = thread.ask(() => undefined);
  const last = thread.ask(3);
  await expect(functions).rejects.toThrow('could not be cloned');
  expect([await first, await last]).toEqual([2, 6]);
  expect(thread.waiting).toBe(0);
  await thread.close(new Error('closed'));
  await expect(thread.ask(1)).rejects.toThrow('closed');
});

test('a thread that is closed while an answer is under way keeps the process until it has ended', async () => {
  const program = `
    import { AnsweringThread } from ${JSON.stringify(createRequire(import.meta.url).resolve('#kneser/src/base/node/answering-thread.js'))};
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const worker = \`
      import { parentPort, workerData } from 'node:worker_threads';
      parentPort.on('message', question => {
        parentPort.postMessage(question);
        Atomics.store(workerData, 0, 1);
        Atomics.notify(workerData, 0);
      });\`;
    const thread = new AnsweringThread(new URL('data:text/javascript,' + encodeURIComponent(worker)), answered, 'test');
    thread.ask(1).catch(() => undefined);
    // The answer is sent, and this thread has not received it.
    Atomics.wait(answered, 0, 0);
    await thread.close(new Error('closed'));
    console.log('closed');`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  expect(stdout).toBe('closed\n');
});

// Found with `perplexity`, which took 1.07 times as long, and `train`, which took 1.16 times: each worker moved its results to the caller.
test('no command moves memory between threads, which would slow every later loop over typed arrays', async () => {
  const { folder } = new CommandLine('moved-memory');
  const text = join(folder, 'text.txt');
  await writeFile(text, 'the cat sat on the mat\nthe dog sat on the cat\n'.repeat(5000));
  const model = join(folder, 'model');
  for (const args of [
    ['train', text, '--out', model, '--order', '3', '--threads', '2'],
    ['perplexity', model, text, '--threads', '2'],
    ['perplexity', model, text, '--threads', '2', '--tables', 'load'],
    ['score', model, text, '--threads', '2'],
    ['annotate', model, text, '--threads', '2'],
    ['merge', model, model, '--out', join(folder, 'merged')],
  ]) {
    const { stdout } = await run(process.execPath, ['--trace-protector-invalidation', PROGRAM, ...args], {
      maxBuffer: 1 << 30,
    });
    expect(stdout.match(/Invalidating protector cell \w+/g), args[0]).toBeNull();
  }
});
