import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, openSync, readdirSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportArpa, importArpa, prune, train } from '../../src/index.js';
import { printTable, whole } from '../../src/cli/output.js';
import { digestFile } from '../../src/base/node/file-digest.js';
import { randomNumbers } from '../../src/base/random.js';
import type { Answer, Answers } from './damage-child.js';
import type { FaultOptions } from './harness.js';

/** Longer than this, and a case counts as a hang. */
const TIME_LIMIT = 60_000;

/** What is done to a file: a byte changes, before or while the model is open, or the end is lost. */
export const DAMAGES = ['flip', 'truncation', 'flip while open'] as const;
export type Damage = (typeof DAMAGES)[number];

/**
 * How a case ended: an error that names the damage, the right answers, the end of the process by LevelDB, which is not
 * promised never to be under a model that is open, or something that must not be.
 */
export const OUTCOMES = ['refused', 'no effect', 'ended by LevelDB', 'broken'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** How native code ends a process: nothing in JavaScript does. */
const NATIVE_END = /^a crash: SIG(ABRT|SEGV|BUS)$/;

/** What was done to which file, and what came of it. */
export interface DamageCase {
  readonly model: string;
  readonly file: string;
  readonly damage: Damage;
  readonly at: number;
  readonly outcome: Outcome;
  /** Why it is broken, or what ended the process. */
  readonly reason: string | undefined;
}

/** Damages models: 1,000 flips and, for every five of them, one truncation and one flip while the model is open. */
export async function run({ times = 1000, seed }: FaultOptions): Promise<boolean> {
  const cases = await damageModels({ flip: times, truncation: times / 5, 'flip while open': times / 5 }, seed);
  const rows: string[][] = [];
  const broken = cases.filter(({ outcome }) => outcome === 'broken');
  for (const damage of DAMAGES) {
    for (const model of new Set(cases.map(({ model }) => model))) {
      const of = cases.filter(one => one.model === model && one.damage === damage);
      const counts = OUTCOMES.map(outcome => whole(of.filter(one => one.outcome === outcome).length));
      rows.push([`${damage}, ${model}`, whole(of.length), ...counts]);
    }
  }
  await printTable(['', 'cases', ...OUTCOMES], rows);
  for (const { model, file, damage, at, reason } of cases) {
    if (reason === undefined) continue;
    process.stdout.write(`${model}/${file}, ${damage} at ${at}: ${reason}\n`);
  }
  return broken.length === 0;
}

/** Tries so many damages of each kind, spread evenly over models and at random over their files. */
export async function damageModels(times: Readonly<Record<Damage, number>>, seed: number): Promise<DamageCase[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kneser-faults-'));
  const trial = new Trial();
  try {
    const random = randomNumbers(seed);
    const cases: DamageCase[] = [];
    const models = await makeModels(folder);
    for (const [m, model] of models.entries()) {
      const path = join(folder, model);
      const right = await trial.answers(path);
      if (!('answers' in right)) throw new Error(`${model}: ${right.reason}`);
      const files = filesOf(path).filter(file => statSync(join(path, file)).size > 0);
      for (const damage of DAMAGES) {
        // Those that LevelDB writes were copied when the model was opened.
        const damaged = damage === 'flip while open' ? files.filter(file => file.endsWith('.ldb')) : files;
        for (let i = m; i < times[damage]; i += models.length) {
          const file = damaged[Math.floor(random() * damaged.length)];
          const at = Math.floor(random() * statSync(join(path, file)).size);
          const bits = 1 + Math.floor(random() * 255);
          const found = await tryCase(trial, path, file, damage, at, bits, right.answers, join(folder, 'intact'));
          if (found === 'refused' || found === 'no effect') {
            cases.push({ model, file, damage, at, outcome: found, reason: undefined });
          } else {
            const isLevels = damage === 'flip while open' && NATIVE_END.test(found);
            cases.push({ model, file, damage, at, outcome: isLevels ? 'ended by LevelDB' : 'broken', reason: found });
          }
        }
      }
    }
    return cases;
  } finally {
    await trial.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Small models of each kind. @returns their names in the folder. */
export async function makeModels(folder: string): Promise<string[]> {
  const random = randomNumbers(11);
  const sentences = Array.from({ length: 600 }, () =>
    Array.from({ length: 4 + Math.floor(8 * random()) }, () => `word${Math.floor(300 ** random())}`).join(' '),
  );
  const out = (name: string): string => join(folder, name);
  await train({ sentences, out: out('mixture'), order: 3, patterns: { skip: true }, classes: 8, holdOut: 0.1 });
  await train({ sentences, out: out('whole'), order: 3 });
  await prune({ model: out('whole'), out: out('pruned'), prune: [0, 0, 1] });
  await exportArpa({ model: out('whole'), file: out('whole.arpa') });
  await importArpa({ file: out('whole.arpa'), out: out('back-off') });
  return ['mixture', 'pruned', 'back-off'];
}

/** Does one damage, and undoes it. @returns an outcome, or why it is broken. */
async function tryCase(
  trial: Trial,
  path: string,
  file: string,
  damage: Damage,
  at: number,
  bits: number,
  right: Answers,
  backup: string,
): Promise<string> {
  const target = join(path, file);
  copyFileSync(target, backup);
  const act = (): void => {
    if (damage === 'truncation') truncateSync(target, at);
    else flip(target, at, bits);
  };
  try {
    let before = '';
    const actNow = async (): Promise<void> => {
      act();
      before = await listing(path);
    };
    if (damage !== 'flip while open') await actNow();
    const result = await trial.answers(path, damage === 'flip while open' ? actNow : undefined);
    if (!('answers' in result)) return result.reason;
    if ((await listing(path)) !== before) return 'files of the model were changed';
    const isNamed = damage === 'flip while open' ? namesPart : (message: string) => namesFile(message, file);
    return judge(result.answers, right, isNamed);
  } finally {
    copyFileSync(backup, target);
  }
}

/** Compares answers to the right ones. */
function judge(answers: Answers, right: Answers, isNamed: (message: string) => boolean): string {
  let refused = false;
  for (const [name, answer] of Object.entries(answers)) {
    if (isSame(answer, right[name])) continue;
    if (!('error' in answer)) {
      if (name !== 'verify') return `${name}: a wrong answer`;
      if (!isNamed(answer.value)) return `verify: names no part: ${answer.value}`;
      continue;
    }
    if (answer.error !== 'KNESER_DAMAGED') return `${name}: ${answer.error}: ${answer.message}`;
    if (!isNamed(answer.message)) return `${name}: names no part: ${answer.message}`;
    refused = true;
  }
  if (refused && isSame(answers.verify, right.verify)) return 'verify: says that all is right';
  return refused ? 'refused' : 'no effect';
}

function isSame(a: Answer | undefined, b: Answer | undefined): boolean {
  return a !== undefined && b !== undefined && 'value' in a && 'value' in b && a.value === b.value;
}

function namesFile(message: string, file: string): boolean {
  const name = basename(file);
  return message.includes(name) || message.includes(`weights ${name.replace('.weights', '')}`);
}

function namesPart(message: string): boolean {
  return /table \S+|directory \S+|dictionary|manifest|classes|tokenizer/.test(message);
}

function flip(path: string, at: number, bits: number): void {
  const file = openSync(path, 'r+');
  const byte = new Uint8Array(1);
  readSync(file, byte, 0, 1, at);
  byte[0] ^= bits;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter(name => statSync(join(path, name)).isFile())
    .sort();
}

async function listing(path: string): Promise<string> {
  const lines: string[] = [];
  for (const file of filesOf(path)) lines.push(`${file} ${await digestFile(join(path, file))}`);
  return lines.join('\n');
}

/** Asks a process of its own, which may end or hang; another one takes its place then. */
class Trial {
  private running: Running | undefined;

  /** @param whenOpen called when the model is open, before anything is asked of it. */
  async answers(path: string, whenOpen?: () => Promise<void>): Promise<{ answers: Answers } | { reason: string }> {
    const { child, ended } = (this.running ??= startChild());
    const limit = AbortSignal.timeout(TIME_LIMIT);
    const signal = AbortSignal.any([limit, ended]);
    const reply = async (request: { path: string; step: string }): Promise<Answers> => {
      const answered = once(child, 'message', { signal });
      child.send(request);
      const [answers] = (await answered) as [Answers];
      return answers;
    };
    try {
      if (!whenOpen) return { answers: await reply({ path, step: 'all' }) };
      await reply({ path, step: 'open' });
      await whenOpen();
      return { answers: await reply({ path, step: 'use' }) };
    } catch (error) {
      if (!signal.aborted) throw error;
      await this.end();
      return { reason: limit.aborted ? 'a hang' : `a crash: ${child.signalCode ?? child.exitCode}` };
    }
  }

  async end(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    if (!running || running.ended.aborted) return;
    const exit = once(running.child, 'exit');
    running.child.kill('SIGKILL');
    await exit;
  }
}

/** A process that answers, and what is aborted when it ends. */
interface Running {
  readonly child: ChildProcess;
  readonly ended: AbortSignal;
}

function startChild(): Running {
  const path = fileURLToPath(new URL('./damage-child.js', import.meta.url));
  const child = fork(path, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  return { child, ended: ended.signal };
}
