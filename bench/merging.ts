/**
 * `npm run bench:merging -- FILE [--order 5]`: compares the time of merging the models of two halves of a text with the time of training
 * on the whole text, and checks that both models have the same figures.
 */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { merge, train } from '../src/index.js';
import { runCommand, UsageError } from './command.js';

await runCommand('bench:merging', async folder => {
  const { values, positionals } = parseArgs({
    options: { order: { type: 'string', default: '5' } },
    allowPositionals: true,
  });
  const [file] = positionals;
  if (!file) throw new UsageError('name a text: FILE');
  const order = Number(values.order);
  const halves = await halve(file, folder);
  const models = [join(folder, 'first'), join(folder, 'second')];
  for (const [i, half] of halves.entries()) await train({ files: [half], out: models[i], order });
  const whole = await train({ files: halves, out: join(folder, 'whole'), order });
  const merged = await merge({ models, out: join(folder, 'merged') });
  const figures = ({ tokens, vocabulary, tables }: typeof whole): string =>
    JSON.stringify([tokens, vocabulary, tables.map(({ types }) => types)]);
  if (figures(whole) !== figures(merged)) throw new Error('the merged model has other figures');
  await printTable(
    ['', 'seconds', 'ratio'],
    [
      ['training on the whole', whole.seconds.toFixed(1), ''],
      ['merging two halves', merged.seconds.toFixed(1), (merged.seconds / whole.seconds).toFixed(2)],
    ],
  );
  return 0;
});

/** Writes the lines of a file alternately into two files. @returns their paths. */
async function halve(file: string, folder: string): Promise<string[]> {
  const paths = [join(folder, 'first.txt'), join(folder, 'second.txt')];
  const streams = paths.map(path => createWriteStream(path));
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const stream = streams[line++ % 2];
    if (!stream.write(`${text}\n`)) await once(stream, 'drain');
  }
  await Promise.all(streams.map(stream => new Promise<void>(resolve => void stream.end(() => resolve()))));
  return paths;
}
