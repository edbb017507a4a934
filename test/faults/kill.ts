import { interruptTrainings } from './kill/interrupts.js';
import { killOthers } from './kill/others.js';
import type { Scene } from './kill/stage.js';
import { killTrainings } from './kill/trainings.js';
import type { Harness } from './harness.js';

/** With room for everything, and with so little memory that the text and the sorts go to the disk. */
const SCENES: readonly Scene[] = [
  { name: 'in memory', sentences: 60_000, args: mixture() },
  { name: '--memory 80M', sentences: 540_000, args: [...mixture(), '--memory', '80M'] },
];

function mixture(): string[] {
  return ['--order', '3', '--skip', '--classes', '20', '--hold-out', '0.01'];
}

/** Of every ten kills of trainings, one of each other command, and three interrupts. */
export const kill: Harness = async ({ times = 100, seed }) => {
  const log = (line: string): void => void process.stdout.write(line + '\n');
  const trainings = await killTrainings({ times, seed, scenes: SCENES, log });
  const others = await killOthers(Math.ceil(times / 10), seed);
  const interrupts = await interruptTrainings(Math.ceil((3 * times) / 10), seed, SCENES[1]);
  log(`trainings killed: ${figures(trainings)}`);
  log(`other commands killed: ${figures(others)}`);
  log(`trainings interrupted: ${figures(interrupts)}`);
  const failures = [...trainings.failures, ...others.failures, ...interrupts.failures];
  for (const failure of failures) log(`FAILED ${failure}`);
  return failures.length === 0;
};

function figures(counts: { readonly failures: readonly string[] }): string {
  return Object.entries({ ...counts, failures: counts.failures.length })
    .map(([name, count]) => `${name} ${typeof count === 'number' ? Math.round(count) : JSON.stringify(count)}`)
    .join(', ');
}
