import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('workers');

/** A program given as text trains on more than one thread, reads a file in a thread, and scores on two threads. */
const PROGRAM = `
import { LanguageModel, train } from '#kneser/src/index.js';
const [text, lines, out] = process.argv.slice(1);
const { tokens } = await train({ files: [text], out, order: 2, threads: 2 });
const model = await LanguageModel.open(out);
const loaded = await model.load();
const both = await loaded.perplexityOfFile(text, { threads: 2 });
const one = await model.perplexityOfFile(lines);
await model.close();
console.log(tokens, both.tokens, one.tokens);
`;

test.each([
  ['--input-type=module', '-e'],
  ['--input-type=module', '--eval'],
  ['--no-warnings', '--input-type=module', '-e'],
])('workers run under node %s %s', (...flags) => {
  const text = join(folder, 'text.txt');
  writeFileSync(text, 'a b c d\n'.repeat(42_000));
  const lines = join(folder, 'lines.parquet');
  const columnData = [{ name: 'text', data: Array.from({ length: 10 }, () => 'a b') }];
  writeFileSync(lines, new Uint8Array(parquetWriteBuffer({ columnData })));
  const args = [...flags.filter(Boolean), PROGRAM, text, lines, join(folder, `model-${flags.length}-${flags[1]}`)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: process.cwd(), encoding: 'utf8' });
  expect({ stdout, stderr, status }).toEqual({ stdout: '210000 210000 30\n', stderr: '', status: 0 });
});

test('every worker of the library takes these options', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  const starting = sources.filter(name => readFileSync(join('src', name), 'utf8').includes('new Worker('));
  expect(starting.length).toBeGreaterThan(2);
  for (const name of starting) {
    const starts = readFileSync(join('src', name), 'utf8').split('new Worker(').slice(1);
    for (const start of starts)
      expect([name, start.slice(0, 120)]).toEqual([name, expect.stringContaining('WORKER_OPTIONS')]);
  }
});
