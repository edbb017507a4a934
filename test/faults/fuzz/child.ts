import { openSync, writeSync } from 'node:fs';
import { randomNumbers } from '../../../src/base/random.js';
import { runTarget } from './run.js';
import { TARGETS } from './targets.js';

/** The task of the process that tries inputs: its only argument, as JSON. */
export interface ChildTask {
  readonly target: string;
  readonly seed: number;
  readonly guided: boolean;
  /** The most inputs to try, and the most processor time to spend [s]. */
  readonly times: number;
  readonly seconds: number;
  /** The folder of the target. */
  readonly folder: string;
  /** The file to which each input is written before it is tried: its index, its length, its bytes. */
  readonly current: string;
}

/** The messages to the process that started this one. */
export type ChildMessage =
  | { readonly kind: 'found'; readonly reason: string; readonly bytes: string }
  | {
      readonly kind: 'progress';
      readonly cases: number;
      readonly kept: number;
      readonly places: number;
      readonly seconds: number;
    }
  | { readonly kind: 'done' };

const task = JSON.parse(process.argv[2]) as ChildTask;
process.chdir(task.folder);
const tell = (message: ChildMessage): void => void process.send?.(message);
const file = openSync(task.current, 'w+');
let number = 0;
let told = 0;
const target = await TARGETS[task.target](task.folder);
const progress = await runTarget(target, task.folder, {
  random: randomNumbers(task.seed),
  guided: task.guided,
  before: bytes => {
    writeSync(file, Uint32Array.of(++number, bytes.length), 0, 8, 0);
    writeSync(file, bytes, 0, bytes.length, 8);
  },
  found: ({ reason, bytes }) => tell({ kind: 'found', reason, bytes: Buffer.from(bytes).toString('base64') }),
  goOn: ({ cases, kept, places }) => {
    const seconds = cpuSeconds();
    if (performance.now() - told > 500) {
      told = performance.now();
      tell({ kind: 'progress', cases, kept, places, seconds });
    }
    return cases < task.times && seconds < task.seconds;
  },
});
tell({ kind: 'progress', ...progress, seconds: cpuSeconds() });
tell({ kind: 'done' });
process.disconnect();
process.exit();

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
