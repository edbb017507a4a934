/**
 * `npm run bench:merging -- FILE [--order 5] [--megabytes N] [--threads N] [--rounds 3]`: compares merging the models of two halves of a
 * text, or of its first N megabytes, with training on the whole text, in seconds and in processor time, in alternation, and checks that
 * both models have the same figures. The rows are medians of the rounds.
 */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { merge, train, type TrainReport } from 'kneser';
import { MAX_ORDER } from '../src/tables/pattern.js';
import { runCommand, UsageError, wholeNumber } from './command.js';
import { median } from './median.js';

await runCommand('bench:merging', async (folder, signal) => {
  const { values, positionals } = parseArgs({
    options: {
      order: { type: 'string', default: '5' },
      megabytes: { type: 'string' },
      threads: { type: 'string' },
      rounds: { type: 'string', default: '3' },
    },
    allowPositionals: true,
  });
  if (positionals.length !== 1) throw new UsageError('name one text: FILE');
  const [file] = positionals;
  const order = wholeNumber('--order', values.order, 1, MAX_ORDER);
  const rounds = wholeNumber('--rounds', values.rounds);
  const megabytes = values.megabytes === undefined ? Infinity : wholeNumber('--megabytes', values.megabytes);
  const machine = values.threads === undefined ? {} : { threads: wholeNumber('--threads', values.threads) };
  const halves = await halve(file, folder, megabytes * 1e6);
  const models = [join(folder, 'first'), join(folder, 'second')];
  for (const [i, half] of halves.entries()) await train({ files: [half], out: models[i], order, signal });
  const trained: Timed[] = [];
  const mergers: Timed[] = [];
  for (let round = 0; round < rounds; round++) {
    trained.push(
      await timed(() => train({ files: halves, out: join(folder, 'whole'), order, force: true, signal, ...machine })),
    );
    mergers.push(await timed(() => merge({ models, out: join(folder, 'merged'), force: true, signal, ...machine })));
  }
  const [whole, merged] = [medianOf(trained), medianOf(mergers)];
  const figures = ({ tokens, vocabulary, tables }: TrainReport): string =>
    JSON.stringify([tokens, vocabulary, tables.map(({ types }) => types)]);
  if (figures(whole.report) !== figures(merged.report)) throw new Error('the merged model has other figures');
  const row = (name: string, { seconds, cpu }: Timed): string[] => [
    name,
    seconds.toFixed(1),
    (seconds / whole.seconds).toFixed(2),
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
  readonly seconds: number;
  readonly cpu: number;
}

async function timed(make: () => Promise<TrainReport>): Promise<Timed> {
  const before = process.cpuUsage();
  const report = await make();
  const { user, system } = process.cpuUsage(before);
  return { report, seconds: report.seconds, cpu: (user + system) / 1e6 };
}

/** The median of the seconds, and of the processor times. */
function medianOf(rounds: readonly Timed[]): Timed {
  const { report } = rounds[0];
  return { report, seconds: median(rounds.map(round => round.seconds)), cpu: median(rounds.map(round => round.cpu)) };
}

/** Writes the lines of the first `bytes` bytes of a file alternately into two files. @returns their paths. */
async function halve(file: string, folder: string, bytes: number): Promise<string[]> {
  const paths = [join(folder, 'first.txt'), join(folder, 'second.txt')];
  const streams = paths.map(path => createWriteStream(path));
  let line = 0;
  for await (const text of createInterface({
    input: createReadStream(file, { end: bytes - 1 }),
    crlfDelay: Infinity,
  })) {
    const stream = streams[line++ % 2];
    if (!stream.write(`${text}\n`)) await once(stream, 'drain');
  }
  await Promise.all(streams.map(stream => new Promise<void>(resolve => void stream.end(() => resolve()))));
  return paths;
}
