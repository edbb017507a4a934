import { Command, InvalidArgumentError } from 'commander';
import type { FaultOptions, Harness } from './harness.js';

/** The harnesses by name, each loaded when it is run. */
const HARNESSES: Readonly<Record<string, () => Promise<Harness>>> = {
  fuzz: async () => (await import('./fuzz.js')).fuzz,
  kill: async () => (await import('./kill.js')).kill,
  damage: () => import('./damage.js').then(({ run }) => run),
  many: () => import('./many.js').then(({ run }) => run),
  'full-disk': () => import('./full-disk.js').then(({ run }) => run),
  places: () => import('./places.js').then(({ run }) => run),
  long: async () => (await import('./long.js')).long,
  memory: async () => (await import('./memory.js')).memory,
};

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

const program = new Command('faults')
  .description('Makes things go wrong, and looks whether what docs/reliability.md promises still holds.')
  .argument('[names...]', `any of ${Object.keys(HARNESSES).join(', ')}; all of them when none is named`)
  .option('--times <n>', 'faults to try', wholeNumber)
  .option('--seed <n>', 'where random choices begin', wholeNumber, 1)
  .action(async (names: string[], options: FaultOptions) => {
    for (const name of names.length > 0 ? names : Object.keys(HARNESSES)) {
      if (!Object.hasOwn(HARNESSES, name)) program.error(`faults: there is no harness named ${name}`);
      process.stdout.write(`\n== ${name}\n`);
      const harness = await HARNESSES[name]();
      if (!(await harness(options))) process.exitCode = 1;
    }
  });

await program.parseAsync();
