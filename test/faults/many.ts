import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { printTable, whole } from '../../src/cli/output.js';
import { LanguageModel, train, tune } from '../../src/index.js';
import { randomNumbers } from '../../src/base/random.js';
import type { FaultOptions } from './harness.js';
import type { Done, Task } from './many-child.js';
import { askModel } from './many-questions.js';

/** How processes share a model. */
export interface ManyOptions {
  readonly readers: number;
  /** How many texts the model is trained on in turn. */
  readonly versions: number;
  readonly seconds: number;
  readonly seed: number;
  /** Where readers have their private folders. Default: beside the model. */
  readonly temporary?: string;
}

/** What came of it. */
export interface ManyReport {
  readonly opened: number;
  readonly trained: number;
  readonly tuned: number;
  /** How many different answers there were, each that of a whole version. */
  readonly answers: number;
  /** What should not have been: answers of no version, errors, and files left behind. */
  readonly wrong: readonly string[];
}

/** Another file system, where Linux has it: there a file of the model cannot be given a second name. */
const ELSEWHERE = '/dev/shm';

/** Sixteen readers, for `times` seconds: with private folders on the model's file system, and on another one. */
export async function run({ times = 30, seed }: FaultOptions): Promise<boolean> {
  const rows: string[][] = [];
  const wrong: string[] = [];
  for (const temporary of [undefined, ELSEWHERE]) {
    if (temporary !== undefined && !existsSync(temporary)) continue;
    const report = await shareModel({
      readers: 16,
      versions: 3,
      seconds: times,
      seed,
      ...(temporary ? { temporary } : {}),
    });
    const { opened, trained, tuned, answers } = report;
    rows.push([
      temporary ?? 'the same file system',
      ...[opened, trained, tuned, answers, report.wrong.length].map(whole),
    ]);
    wrong.push(...report.wrong);
  }
  await printTable(['private folders', 'opened', 'trained', 'tuned', 'different answers', 'wrong'], rows);
  for (const line of wrong) process.stdout.write(`${line}\n`);
  return wrong.length === 0;
}

/** Lets processes read a model while one trains its next version again and again, and one tunes it. */
export async function shareModel(options: ManyOptions): Promise<ManyReport> {
  const { readers, versions, seconds, seed } = options;
  const folder = mkdtempSync(join(tmpdir(), 'kneser-faults-'));
  const temporary = options.temporary
    ? mkdtempSync(join(options.temporary, 'kneser-faults-'))
    : join(folder, 'temporary');
  mkdirSync(temporary, { recursive: true });
  try {
    const texts = Array.from({ length: versions }, (_, i) => writeText(join(folder, `${i}.txt`), seed + i));
    const held = writeText(join(folder, 'held-out.txt'), seed + versions);
    const right = new Set(await answersOf(folder, texts, held));
    const model = join(folder, 'model');
    cpSync(join(folder, 'version-0'), model, { recursive: true });
    const tasks: Task[] = Array.from({ length: readers }, () => ({ role: 'read', model, files: [] }));
    tasks.push({ role: 'train', model, files: texts }, { role: 'tune', model, files: [held] });
    const done = await runTasks(tasks, temporary, seconds);
    const [trained, tuned] = done.splice(readers);
    const answers = new Map<string, number>();
    for (const [answer, count] of done.flatMap(Object.entries) as [string, number][]) {
      answers.set(answer, (answers.get(answer) ?? 0) + count);
    }
    const wrong = [...answers.keys()].filter(answer => !right.has(answer)).map(answer => `read: ${answer}`);
    wrong.push(...Object.keys(trained).filter(result => result !== 'trained'));
    // To tune a model that is gone is no fault.
    const isRight = (result: string): boolean => result === 'tuned' || result.startsWith('KNESER_OUTPUT_EXISTS');
    wrong.push(...Object.keys(tuned).filter(result => !isRight(result)));
    wrong.push(...readdirSync(temporary).map(name => `left behind: ${name}`));
    const kept = readdirSync(model);
    if (kept.length !== 2) wrong.push(`left behind in the model folder: ${kept.join(', ')}`);
    return {
      opened: [...answers.values()].reduce((sum, count) => sum + count, 0),
      trained: trained.trained ?? 0,
      tuned: tuned.tuned ?? 0,
      answers: answers.size,
      wrong,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The answers of each version, before it was tuned and after. */
async function answersOf(folder: string, texts: readonly string[], held: string): Promise<string[]> {
  const answers: string[] = [];
  for (const [i, text] of texts.entries()) {
    const out = join(folder, `version-${i}`);
    await train({ files: [text], out, order: 3, patterns: { skip: true } });
    for (const tuned of [false, true]) {
      if (tuned) await tune({ model: out, files: [held] });
      await using model = await LanguageModel.open(out);
      answers.push(await askModel(model));
    }
  }
  return answers;
}

async function runTasks(tasks: readonly Task[], temporary: string, seconds: number): Promise<Done[]> {
  const path = fileURLToPath(new URL('./many-child.js', import.meta.url));
  const children = tasks.map(task => {
    const child = fork(path, { env: { ...process.env, TMPDIR: temporary } });
    child.send(task);
    return child;
  });
  const done = children.map(async (child): Promise<Done> => {
    const exit = new AbortController();
    child.once('exit', () => exit.abort());
    try {
      return ((await once(child, 'message', { signal: exit.signal })) as [Done])[0];
    } catch {
      return { [`a crash: ${child.signalCode ?? child.exitCode}`]: 1 };
    }
  });
  await wait(seconds * 1000);
  for (const child of children) if (child.connected) child.send('stop');
  const results = await Promise.all(done);
  for (const child of children) if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return results;
}

function writeText(path: string, seed: number): string {
  const random = randomNumbers(seed);
  const lines = Array.from({ length: 400 }, () =>
    Array.from({ length: 4 + Math.floor(8 * random()) }, () => `word${Math.floor(100 ** random())}`).join(' '),
  );
  writeFileSync(path, lines.join('\n') + '\n');
  return path;
}
