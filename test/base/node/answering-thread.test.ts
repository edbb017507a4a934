import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
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
