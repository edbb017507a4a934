import { readdir } from 'node:fs/promises';
import { randomNumbers } from '../../../src/base/random.js';
import { inFolder, type Scene } from './stage.js';

/** The longest allowed time from an interrupt to the end of the process [ms]. */
const PROMPT_MS = 1000;

/** The results of interrupting trainings. */
export interface InterruptCounts {
  interrupts: number;
  /** Number of trainings that had ended before the interrupt. */
  late: number;
  /** The longest time from the signal to the end of the process [ms]. */
  slowest: number;
  readonly failures: string[];
}

/** Sends SIGINT to trainings, some right after the beginning of a stage: they must end soon, and leave no files. */
export async function interruptTrainings(times: number, seed: number, scene: Scene): Promise<InterruptCounts> {
  const random = randomNumbers(seed);
  const counts: InterruptCounts = { interrupts: 0, late: 0, slowest: 0, failures: [] };
  await inFolder(async stage => {
    const { text, stages, milliseconds } = await stage.reference(scene);
    for (let i = 0; i < times; i++) {
      const out = stage.fresh('interrupted');
      const line = stages[i % stages.length];
      const after = (random() * milliseconds) / stages.length;
      const args = ['train', text, '--out', out, ...scene.args];
      const { code, stderr, killedFor } = await stage.run(args, { line, after, signal: 'SIGINT' });
      if (killedFor === undefined || code === 0) {
        counts.late++;
        continue;
      }
      counts.interrupts++;
      counts.slowest = Math.max(counts.slowest, killedFor);
      const where = `${line} + ${after.toFixed(0)} ms`;
      if (code !== 130) counts.failures.push(`${where}: exits with ${code}: ${stderr}`);
      if (killedFor > PROMPT_MS) counts.failures.push(`${where}: ends after ${killedFor.toFixed(0)} ms`);
      const left = await readdir(stage.at(out)).catch(() => undefined);
      if (left) counts.failures.push(`${where}: leaves ${left.join()}`);
    }
  });
  return counts;
}
