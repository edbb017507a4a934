import { Command, InvalidArgumentError } from 'commander';
import { printTable } from '../../src/cli/output.js';
import type { FaultOptions, FaultRow } from './fault.js';

/** The fault harness, `npm run faults`: one program, with a row for each fault that it causes. */
const FAULTS: readonly FaultRow[] = [
  {
    name: 'fuzz',
    summary: 'parsers read mutated inputs; --times: inputs for each parser (1,000)',
    load: () => import('./fuzz.js').then(({ fuzz }) => fuzz),
  },
  {
    name: 'kill',
    summary: 'trainings and other commands are killed and interrupted; --times: kills (100)',
    load: () => import('./kill.js').then(({ kill }) => kill),
  },
  {
    name: 'damage',
    summary: 'bytes of model files change, files are cut short; --times: changed bytes (1,000)',
    load: () => import('./damage.js').then(({ damage }) => damage),
  },
  {
    name: 'many',
    summary: 'processes read a model while others train and tune it; --times: seconds (30)',
    load: () => import('./many.js').then(({ many }) => many),
  },
  {
    name: 'full-disk',
    summary: 'commands run out of disk; takes the superuser',
    load: () => import('./full-disk.js').then(({ fullDisk }) => fullDisk),
  },
  {
    name: 'places',
    summary: 'odd paths, missing permissions, read-only disks, few file descriptors',
    load: () => import('./places.js').then(({ places }) => places),
  },
  {
    name: 'long',
    summary: 'a process calls and opens models for a long time; --times: calls (10,000,000)',
    load: () => import('./long.js').then(({ long }) => long),
  },
  {
    name: 'memory',
    summary: 'texts of odd shapes with little memory; --times: shapes (all)',
    load: () => import('./memory.js').then(({ memory }) => memory),
  },
];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

/** Tries a fault and prints the result. @returns whether every promise held. */
async function tryFault({ name, load }: FaultRow, options: FaultOptions): Promise<boolean> {
  process.stdout.write(`\n== ${name}\n`);
  const fault = await load();
  const { head, rows, notes = [], broken } = await fault(options);
  await printTable(head, rows);
  for (const line of notes) process.stdout.write(`${line}\n`);
  for (const line of broken) process.stdout.write(`BROKEN ${line}\n`);
  return broken.length === 0;
}

const width = Math.max(...FAULTS.map(({ name }) => name.length));
const program = new Command('faults')
  .description('Makes things go wrong, and checks whether the promises of docs/reliability.md hold.')
  .argument('[names...]', 'the faults to try (default: all)')
  .option('--times <n>', 'number of tries, in the unit of each fault', wholeNumber)
  .option('--seed <n>', 'seed of the random choices', wholeNumber, 1)
  .option(
    '--only <texts...>',
    'only the cases whose name contains one of these texts: parsers of fuzz, texts of memory, …',
  )
  .option('--minutes <n>', 'fuzz: minutes of CPU for each parser, instead of a number of inputs', positive)
  .option('--keep <folder>', 'fuzz: a folder for the inputs that broke a promise')
  .addHelpText('after', '\nFaults:\n' + FAULTS.map(row => `  ${row.name.padEnd(width)}  ${row.summary}\n`).join(''))
  .action(async (names: string[], options: Omit<FaultOptions, 'log'>) => {
    const unknown = names.find(name => !FAULTS.some(row => row.name === name));
    if (unknown !== undefined) {
      program.error(`faults: there is no fault named ${unknown}; there are ${FAULTS.map(row => row.name).join(', ')}`);
    }
    const log = (line: string): void => void process.stdout.write(`${line}\n`);
    for (const row of FAULTS) {
      if (names.length > 0 && !names.includes(row.name)) continue;
      if (!(await tryFault(row, { ...options, log }))) process.exitCode = 1;
    }
  });

await program.parseAsync();
