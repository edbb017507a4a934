import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { whole } from '../../src/cli/output.js';
import { LanguageModel, train, tune } from '../../src/index.js';
import { Child, NoReply } from './child.js';
import type { Fault } from './fault.js';
import { withFolder, writeText } from './folder.js';
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

/** The results of {@link shareModel}. */
export interface ManyReport {
  readonly opened: number;
  readonly trained: number;
  readonly tuned: number;
  /** How many different answers of whole versions there were. */
  readonly answers: number;
  /** The faults: answers of no version, errors, and files that remained. */
  readonly wrong: readonly string[];
}

/** The folder of another file system, if Linux has it. No hard link leads from there to a file of the model. */
const ELSEWHERE = '/dev/shm';

/** Sixteen readers, for `times` seconds: with private folders on the model's file system, and on another one. */
export const many: Fault = async ({ times = 30, seed }) => {
  const rows: string[][] = [];
  const broken: string[] = [];
  for (const temporary of [undefined, ELSEWHERE]) {
    if (temporary !== undefined && !existsSync(temporary)) continue;
    const report = await shareModel({
      readers: 16,
      versions: 3,
      seconds: times,
      seed,
      ...(temporary ? { temporary } : {}),
    });
    const { opened, trained, tuned, answers, wrong } = report;
    rows.push([temporary ?? 'the same file system', ...[opened, trained, tuned, answers, wrong.length].map(whole)]);
    broken.push(...wrong);
  }
  return { head: ['private folders', 'opened', 'trained', 'tuned', 'different answers', 'wrong'], rows, broken };
};

/** Lets processes read a model while one trains its next version again and again, and one tunes it. */
export async function shareModel(options: ManyOptions): Promise<ManyReport> {
  return await withFolder(async folder => {
    if (options.temporary !== undefined) {
      return await withFolder(temporary => shareModelIn(folder, temporary, options), options.temporary);
    }
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    return await shareModelIn(folder, temporary, options);
  });
}

async function shareModelIn(
  folder: string,
  temporary: string,
  { readers, versions, seconds, seed }: ManyOptions,
): Promise<ManyReport> {
  const write = (name: string, seed: number): string =>
    writeText(join(folder, name), { sentences: 400, types: 100, seed });
  const texts = Array.from({ length: versions }, (_, i) => write(`${i}.txt`, seed + i));
  const held = write('held-out.txt', seed + versions);
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
  // It is no fault if tuning fails because the model was replaced.
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
  const children = tasks.map(() => new Child('./many-child.js', import.meta.url, { temporary }));
  const done = children.map(async (child, i): Promise<Done> => {
    child.send({ ...tasks[i] });
    try {
      return await child.reply<Done>();
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      return { [error.message]: 1 };
    }
  });
  await wait(seconds * 1000);
  for (const child of children) child.send('stop');
  const results = await Promise.all(done);
  for (const child of children) await child.end();
  return results;
}
