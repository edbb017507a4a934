/**
 * `npm run bench:merging -- FILE [--order 5]`: compares merging the models of two halves of a text with training on the whole text, in
 * seconds and in processor time, and checks that both models have the same figures.
 */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { merge, train, type TrainReport } from '../src/index.js';
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
  const whole = await timed(() => train({ files: halves, out: join(folder, 'whole'), order }));
  const merged = await timed(() => merge({ models, out: join(folder, 'merged') }));
  const figures = ({ tokens, vocabulary, tables }: TrainReport): string =>
    JSON.stringify([tokens, vocabulary, tables.map(({ types }) => types)]);
  if (figures(whole.report) !== figures(merged.report)) throw new Error('the merged model has other figures');
  const row = (name: string, { report, cpu }: Timed): string[] => [
    name,
    report.seconds.toFixed(1),
    (report.seconds / whole.report.seconds).toFixed(2),
    cpu.toFixed(1),
    (cpu / whole.cpu).toFixed(2),
  ];
  await printTable(
    ['', 'seconds', 'ratio', 'processor time [s]', 'ratio'],
    [row('training on the whole', whole), row('merging two halves', merged)],
  );
  return 0;
});

/** A model that was made, and the processor time of all threads for it [s]. */
interface Timed {
  readonly report: TrainReport;
  readonly cpu: number;
}

async function timed(make: () => Promise<TrainReport>): Promise<Timed> {
  const before = process.cpuUsage();
  const report = await make();
  const { user, system } = process.cpuUsage(before);
  return { report, cpu: (user + system) / 1e6 };
}

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
