import { interruptTrainings } from './kill/interrupts.js';
import { killOthers } from './kill/others.js';
import type { Scene } from './kill/stage.js';
import { killTrainings } from './kill/trainings.js';
import type { Fault } from './fault.js';

/** Values of --memory: one with room for the whole training, and one so small that the text and the sorts are written to the disk. */
const SCENES: readonly Scene[] = [
  { name: 'in memory', sentences: 60_000, args: mixture() },
  { name: '--memory 80M', sentences: 540_000, args: [...mixture(), '--memory', '80M'] },
  { name: 'contiguous', sentences: 120_000, args: ['--order', '4'] },
];

function mixture(): string[] {
  return ['--order', '3', '--skip', '--classes', '20', '--hold-out', '0.01'];
}

/** For every ten kills of trainings, one kill of each other command, and three interrupts. */
export const kill: Fault = async ({ times = 100, seed, log }) => {
  const trainings = await killTrainings({ times, seed, scenes: SCENES, log });
  const others = await killOthers(Math.ceil(times / 10), seed);
  const interrupts = await interruptTrainings(Math.ceil((3 * times) / 10), seed, SCENES[1]);
  const kinds = { 'trainings killed': trainings, 'other commands killed': others, 'trainings interrupted': interrupts };
  return {
    head: ['', 'figures', 'broken'],
    rows: Object.entries(kinds).map(([kind, counts]) => [kind, figures(counts), String(counts.failures.length)]),
    broken: Object.entries(kinds).flatMap(([kind, { failures }]) => failures.map(failure => `${kind}: ${failure}`)),
  };
};

function figures(counts: { readonly failures: readonly string[] }): string {
  return Object.entries(counts)
    .filter(([name]) => name !== 'failures')
    .map(([name, count]) => `${name} ${typeof count === 'number' ? Math.round(count) : JSON.stringify(count)}`)
    .join(', ');
}
