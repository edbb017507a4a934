/**
 * `npm run bench:commands -- --other PROGRAM [--train FILE --test FILE] [--runs 3] [--json]`: the time of the commands of this build and of
 * another one, by turns. Each build trains its own models. A command that the other build lacks, or with other flags, counts as missing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { machine, runCommand, UsageError, wholeNumber } from './command.js';
import { median } from './median.js';
import { PROGRAM } from './program.js';
import { prepareText } from './text.js';

const USAGE = `usage: npm run bench:commands -- --other PROGRAM [--train FILE --test FILE] [--runs 3] [--json]
  --other          the program to compare with: main.js of another build
  --train, --test  text files, a sentence a line (default: the Brown corpus)
  --runs           measurements of each command, of which the median counts
  --json           print JSON, with every run, instead of a table
`;

/** How many lines of the test text are given to commands that take long for each token. */
const FEW_LINES = 200;

/** The files that commands read and write, by the names that stand in {@link COMMANDS}. */
type Files = Readonly<Record<'TRAIN' | 'TEST' | 'FEW' | 'ONE' | 'KN' | 'MIX' | 'OUT', string>>;

/**
 * The commands, in this order, with the names of {@link Files} in place of paths. `KN` and `MIX` are the models that the first two train;
 * `OUT` is written anew in each run.
 */
const COMMANDS: readonly string[] = [
  'train TRAIN --out KN --force',
  'train TRAIN --out MIX --force --skip',
  'perplexity KN TEST',
  'perplexity MIX TEST',
  'perplexity MIX TEST --smoothing mkn',
  'perplexity MIX TEST --cache',
  'score KN ONE',
  'score MIX ONE',
  'score KN TEST --json',
  'score MIX TEST --json',
  'vector KN TEST --json',
  'vector MIX FEW --json',
  'predict KN FEW --json',
  'predict MIX ONE --json',
  'tune MIX FEW --name few',
  'verify KN',
  'inspect KN',
  'export KN --arpa OUT.arpa',
  'import OUT.arpa --out OUT.imported --force',
  'perplexity OUT.imported TEST',
  'prune KN --prune 0,0,1 --out OUT.pruned --force',
  'perplexity OUT.pruned TEST',
  'pack KN --out OUT.kneser --force',
  'perplexity OUT.kneser TEST',
  'unpack OUT.kneser --out OUT.unpacked --force',
  'baseline --train TRAIN --valid FEW --test TEST --orders 3 --resamples 100',
];

/** The seconds of each run of a command; empty if it fails. */
interface Row {
  readonly command: string;
  readonly own: number[];
  readonly other: number[];
}

await runCommand('bench:commands', async (folder, signal) => {
  const { values } = parseArgs({
    options: {
      other: { type: 'string' },
      train: { type: 'string' },
      test: { type: 'string' },
      runs: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { other, train, test } = values;
  if (!other || (train === undefined) !== (test === undefined)) throw new UsageError(USAGE.trimEnd());
  const runs = wholeNumber('--runs', values.runs, 1, 1000);
  const texts = train && test ? { train, heldOut: test } : await prepareText(folder, Infinity, signal);
  const lines = (await readFile(texts.heldOut, 'utf8')).split('\n');
  const [few, one] = [join(folder, 'few.txt'), join(folder, 'one.txt')];
  await writeFile(few, lines.slice(0, FEW_LINES).join('\n') + '\n');
  await writeFile(one, lines[0] + '\n');
  const filesOf = (side: string): Files => ({
    TRAIN: resolve(texts.train),
    TEST: resolve(texts.heldOut),
    FEW: few,
    ONE: one,
    KN: join(folder, side, 'kn'),
    MIX: join(folder, side, 'mix'),
    OUT: join(folder, side, 'out'),
  });
  const [ownFiles, otherFiles] = [filesOf('own'), filesOf('other')];
  const rows: Row[] = [];
  for (const command of COMMANDS) {
    process.stderr.write(`kneser ${command} …\n`);
    const row: Row = { command, own: [], other: [] };
    for (let i = 0; i < runs; i++) {
      await measure(PROGRAM, command, ownFiles, row.own, signal);
      await measure(resolve(other), command, otherFiles, row.other, signal);
    }
    rows.push(row);
  }
  if (values.json) {
    process.stdout.write(JSON.stringify({ ...machine(), runs, rows }, undefined, 2) + '\n');
    return 0;
  }
  const shown = (seconds: number): string => (Number.isNaN(seconds) ? 'none' : seconds.toFixed(2));
  process.stdout.write(`${Object.values(machine()).join(', ')}; medians of ${runs} runs by turns\n\n`);
  await printTable(
    ['kneser', 'this build s', 'other build s', 'ratio'],
    rows.map(({ command, own, other }) => {
      const ratios = own.map((seconds, i) => seconds / other[i]);
      return [command, shown(median(own)), shown(median(other)), shown(median(ratios))];
    }),
  );
  return 0;
});

/** Adds the seconds of a run of a command to a list; nothing if the command fails. */
async function measure(
  program: string,
  command: string,
  files: Files,
  seconds: number[],
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const args = command.split(' ').map(word => {
    const [name, ...endings] = word.split('.');
    return name in files ? [files[name as keyof Files], ...endings].join('.') : word;
  });
  const started = performance.now();
  const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore', signal });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code === 0) seconds.push((performance.now() - started) / 1000);
}
