import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { standard, withStreams } from '#kneser/src/base/node/standard-streams.js';

const streams = () => ({ stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() });

test('a command has its own streams, and a second one at the same time is refused', async () => {
  const [first, second] = [streams(), streams()];
  let end = (): void => undefined;
  const running = withStreams(first, () => new Promise<void>(resolve => (end = resolve)));
  await expect(withStreams(second, () => Promise.resolve())).rejects.toThrow('another command still runs');
  expect(standard.stdout).toBe(first.stdout);
  end();
  await running;
  expect(await withStreams(second, () => Promise.resolve(standard.stdout))).toBe(second.stdout);
});

test('the streams are given back after an error', async () => {
  const given = streams();
  await expect(withStreams(given, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(standard.stderr).toBe(process.stderr);
  await withStreams(given, () => Promise.resolve());
});
