import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds, residentBytes } from '../../bench/usage.js';
import { Child } from './child.js';
import { isChosen, type Fault } from './fault.js';
import { withFolder } from './folder.js';
import type { ChildMessage, ChildTask } from './fuzz/child.js';
import { TARGETS } from './fuzz/targets.js';

/** The most processor time for an input [s], if the system tells it; unpacking is stopped before this limit. */
const MOST_SECONDS = 5;
const MOST_SECONDS_UNPACKING = 10;
const UNPACKING = ['zstd', 'parquet'];
/** The longest time for an input during which the process takes no processor time [s]. */
const MOST_SECONDS_WAITING = 60;
/** The most bytes of memory for the process that tries inputs. */
const MOST_BYTES = 2 ** 31;
const DEFAULT_TIMES = 1000;

/** The result of fuzzing a target. */
interface Outcome {
  cases: number;
  seconds: number;
  kept: number;
  places: number;
  /** The findings by reason, each with the file of its first input. */
  readonly findings: Map<string, string>;
}

/**
 * Gives each parser mutations of right inputs, as a hostile author could make them. `minutes` sets the processor time for each parser [min]
 * instead of a number of inputs; `keep` is a folder for inputs that broke a promise.
 */
export const fuzz: Fault = async options => {
  const { times = DEFAULT_TIMES, seed, minutes, keep, log } = options;
  const names = Object.keys(TARGETS).filter(name => isChosen(name, options));
  if (names.length === 0) throw new Error(`no parser has such a name; there are ${Object.keys(TARGETS).join(', ')}`);
  const limits = minutes === undefined ? { times, seconds: Infinity } : { times: Infinity, seconds: 60 * minutes };
  return await withFolder(async scratch => {
    const kept = keep ?? scratch;
    mkdirSync(kept, { recursive: true });
    const rows: string[][] = [];
    const broken: string[] = [];
    for (const name of names) {
      const { cases, seconds, findings, ...coverage } = await watch(name, seed, limits, scratch, kept);
      const figures = [cases, (seconds / 60).toFixed(1), coverage.kept, coverage.places, findings.size];
      rows.push([name, ...figures.map(String)]);
      log(`${name}: ${cases} inputs, ${findings.size} findings`);
      for (const [reason, path] of findings) broken.push(`${name}: ${reason}${keep ? `\n  ${path}` : ''}`);
    }
    return { head: ['parser', 'inputs', 'minutes', 'kept', 'places', 'findings'], rows, broken };
  });
};

/** Runs a target in a process of its own, and in a new one each time that one dies or must be killed. */
async function watch(
  target: string,
  seed: number,
  limits: { readonly times: number; readonly seconds: number },
  scratch: string,
  kept: string,
): Promise<Outcome> {
  const outcome: Outcome = { cases: 0, seconds: 0, kept: 0, places: 0, findings: new Map() };
  const report = (reason: string, bytes: Uint8Array): void => {
    if (outcome.findings.has(reason)) return;
    const path = join(kept, `${target}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`);
    outcome.findings.set(reason, path);
    writeFileSync(path, bytes);
  };
  for (let round = 0; outcome.cases < limits.times && outcome.seconds < limits.seconds; round++) {
    const fence = mkdtempSync(join(scratch, `${target}-`));
    const folder = join(fence, 'own');
    mkdirSync(folder);
    const done = await runChild(
      {
        target,
        seed: seed + 1000 * round,
        guided: true,
        times: Math.min(limits.times - outcome.cases, Number.MAX_SAFE_INTEGER),
        seconds: Math.min(limits.seconds - outcome.seconds, Number.MAX_SAFE_INTEGER),
        folder,
        current: join(scratch, 'current'),
      },
      outcome,
      report,
    );
    rmSync(fence, { recursive: true, force: true });
    if (done) break;
  }
  return outcome;
}

/** @returns whether the process tried all its inputs. */
function runChild(
  task: ChildTask,
  outcome: Outcome,
  report: (reason: string, bytes: Uint8Array) => void,
): Promise<boolean> {
  const child = new Child('fuzz/child.js', import.meta.url, {
    args: [JSON.stringify(task)],
    execArgv: ['--max-old-space-size=1024'],
    temporary: task.folder,
  });
  const { pid } = child.process;
  const before = { cases: outcome.cases, seconds: outcome.seconds };
  let isDone = false;
  let killed: string | undefined;
  child.process.on('message', (message: ChildMessage) => {
    if (message.kind === 'found') report(message.reason, Buffer.from(message.bytes, 'base64'));
    else if (message.kind === 'done') isDone = true;
    else {
      const { cases, seconds, kept, places } = message;
      Object.assign(outcome, { cases: before.cases + cases, seconds: before.seconds + seconds, kept, places });
    }
  });
  const most = UNPACKING.includes(task.target) ? MOST_SECONDS_UNPACKING : MOST_SECONDS;
  let [last, since, spent] = [0, performance.now(), 0];
  const look = setInterval(() => {
    const { number } = currentCase(task.current);
    if (number !== last) [last, since, spent] = [number, performance.now(), cpuSeconds(pid) ?? 0];
    const waited = (performance.now() - since) / 1000;
    const worked = (cpuSeconds(pid) ?? waited) - spent;
    // The time of the preparation is not part of the time of an input.
    if (number > 0 && (worked > most || waited > MOST_SECONDS_WAITING)) killed = `took more than ${most} s`;
    const memory = residentBytes(pid) ?? 0;
    if (memory > MOST_BYTES) killed = `took ${Math.round(memory / 2 ** 20)} MB`;
    if (killed !== undefined) child.process.kill('SIGKILL');
  }, 200);
  return new Promise(resolve => {
    child.process.on('close', (code, signal) => {
      clearInterval(look);
      if (!isDone) {
        const { number, bytes } = currentCase(task.current);
        if (number === 0) throw new Error(`${task.target} did not begin: ${child.noise}`);
        const words = /Error: .*|FATAL.*|terminate called.*/.exec(child.noise)?.[0] ?? '';
        report(killed ?? `ended with ${signal ?? code} ${words}`, bytes);
        // The process did not report its last inputs: there was at least this one.
        outcome.cases = Math.max(outcome.cases, before.cases + number);
      }
      resolve(isDone);
    });
  });
}

function currentCase(path: string): { number: number; bytes: Uint8Array } {
  if (!existsSync(path)) return { number: 0, bytes: new Uint8Array(0) };
  const file = openSync(path, 'r');
  try {
    const head = new Uint32Array(2);
    if (readSync(file, head, 0, 8, 0) < 8) return { number: 0, bytes: new Uint8Array(0) };
    const bytes = new Uint8Array(head[1]);
    readSync(file, bytes, 0, bytes.length, 8);
    return { number: head[0], bytes };
  } finally {
    closeSync(file);
  }
}
