import { rmSync } from 'node:fs';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { CommandLine, outcome, seen } from '../support/command-line.js';
import { trainTiny } from '../support/served.js';

/** `kneser serve` as a process: its signals, and refusals at start. */

const cli = new CommandLine('serve');

test('it prints its address, reloads on SIGHUP, and ends on SIGTERM after the answers under way', async () => {
  const folder = cli.fresh('news');
  await trainTiny(folder);
  const child = cli.start(['serve', `first=${folder}`, '--port', '0', '--threads', '1', '--timeout', '20s']);
  child.stdin.end();
  const url = (await seen(child.stdout, /\n/)).trim();
  const ask = async (): Promise<number[]> => {
    const response = await fetch(`${url}/score`, {
      method: 'POST',
      body: '{"sentence":"the zebra ran","model":"first"}',
    });
    return ((await response.json()) as { log10Probs: number[] }).log10Probs;
  };
  const before = await ask();
  // Another model takes its place on disk; then its files are removed.
  await trainTiny(folder, ['the zebra ran', 'a zebra ran', 'the cat ran']);
  expect(await ask()).toEqual(before);
  const reloaded = seen(child.stderr, /again/);
  child.kill('SIGHUP');
  await reloaded;
  const after = await ask();
  expect(after).not.toEqual(before);
  rmSync(folder, { recursive: true });
  const warned = seen(child.stderr, /stay as they were.*\n/);
  child.kill('SIGHUP');
  expect(await warned).toMatch(/no such model folder/);
  expect(await ask()).toEqual(after);
  // A long answer is under way when the process is told to end.
  const body = JSON.stringify({ sentences: new Array<string>(5000).fill('the cat sat on the mat') });
  const long = fetch(`${url}/score`, { method: 'POST', body });
  const begun = await fetch(`${url}/generate`, { method: 'POST', body: '{"count":2000,"stream":true}' });
  const ended = outcome(child);
  child.kill('SIGTERM');
  const answers = await Promise.all([long.then(each => each.json()), begun.text()]);
  expect((answers[0] as { scores: unknown[] }).scores.length).toBe(5000);
  expect(answers[1].trimEnd().split('\n').length).toBe(2000);
  expect((await ended).status).toBe(0);
  await expect(fetch(`${url}/health`)).rejects.toThrow();
});

test('what cannot be served is refused at start', async () => {
  const folder = cli.fresh('model');
  await trainTiny(folder);
  const empty = cli.file('\n');
  expect(await cli.refuse(2, ['serve', 'nowhere'])).toContain('nowhere: there is no such model folder');
  expect(await cli.refuse(2, ['serve', folder, '--host', '0.0.0.0'])).toContain('--host: other machines reach 0.0.0.0');
  expect(await cli.refuse(2, ['serve', folder, folder])).toContain('two are called');
  expect(await cli.refuse(2, ['serve', folder, '--api-key-file', empty])).toContain('has no key');
  const wide = cli.file(Buffer.from('\ufeffkey1\n', 'utf16le'));
  expect(await cli.refuse(2, ['serve', folder, '--api-key-file', wide])).toContain('is text in UTF-16, not UTF-8');
  for (const key of ['секрет', 'clé']) {
    expect(await cli.refuse(2, ['serve', folder, '--api-key-file', cli.file(`key1\n${key}\n`)])).toContain(
      ', line 2: the key has a character that clients do not write alike',
    );
  }
  expect(await cli.refuse(2, ['serve', folder, '--api-key-file', 'none'])).toContain('there is no such file');
  expect(await cli.refuse(2, ['serve', folder, '--timeout', 'soon'])).toContain('It takes a time such as 60s');
  expect(await cli.refuse(2, ['serve', folder, '--max-body', '10'])).toContain('--max-body: 10 is not');
  expect(await cli.refuse(2, ['serve', folder, '--port', '70000'])).toContain('--port: 70000 is not');
  const { createServer } = await import('node:net');
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  expect(await cli.refuse(2, ['serve', folder, '--port', String(port), '-q'])).toContain(`--port: ${port} is in use`);
  other.close();
});
