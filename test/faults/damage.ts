import { closeSync, copyFileSync, openSync, readdirSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exportArpa, importArpa, prune, train } from '../../src/index.js';
import { randomNumbers } from '../../src/base/random.js';
import { Child, NoReply } from './child.js';
import type { Answer, Answers } from './damage-child.js';
import type { Fault } from './fault.js';
import { listing, randomSentences, withFolder } from './folder.js';

/** A case that takes longer than this counts as a hang [ms]. */
const TIME_LIMIT = 60_000;

/** A damage: a byte of a file changes before the model is opened, or while it is open, or the end of the file is lost. */
export const DAMAGES = ['flip', 'truncation', 'flip while open'] as const;
export type Damage = (typeof DAMAGES)[number];

/** The end of a case: `refused` by an error that names the damage; `no effect`, because all answers are right; or `broken`, a fault of kneser. */
export const OUTCOMES = ['refused', 'no effect', 'broken'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The damage to a file, and the end of the case. */
export interface DamageCase {
  readonly model: string;
  readonly file: string;
  readonly damage: Damage;
  readonly at: number;
  readonly outcome: Outcome;
  /** For `broken`: the fault, in words. */
  readonly reason: string | undefined;
}

/** Damages models: 1,000 flips and, for every five of them, one truncation and one flip while the model is open. */
export const damage: Fault = async ({ times = 1000, seed }) => {
  const cases = await damageModels({ flip: times, truncation: times / 5, 'flip while open': times / 5 }, seed);
  const rows: string[][] = [];
  for (const damage of DAMAGES) {
    for (const model of new Set(cases.map(({ model }) => model))) {
      const of = cases.filter(one => one.model === model && one.damage === damage);
      const counts = OUTCOMES.map(outcome => String(of.filter(one => one.outcome === outcome).length));
      rows.push([`${damage}, ${model}`, String(of.length), ...counts]);
    }
  }
  return {
    head: ['', 'cases', ...OUTCOMES],
    rows,
    broken: cases
      .filter(({ outcome }) => outcome === 'broken')
      .map(({ model, file, damage, at, reason }) => `${model}/${file}, ${damage} at ${at}: ${reason}`),
  };
};

/** Tries damages of each kind, spread evenly over the models and at random over their files. */
export async function damageModels(times: Readonly<Record<Damage, number>>, seed: number): Promise<DamageCase[]> {
  const trial = new Trial();
  try {
    return await withFolder(folder => damageAll(trial, folder, times, seed));
  } finally {
    await trial.end();
  }
}

async function damageAll(
  trial: Trial,
  folder: string,
  times: Readonly<Record<Damage, number>>,
  seed: number,
): Promise<DamageCase[]> {
  const random = randomNumbers(seed);
  const cases: DamageCase[] = [];
  const models = await makeModels(folder);
  for (const [m, model] of models.entries()) {
    const path = join(folder, model);
    const right = await trial.answers(path);
    if (!('answers' in right)) throw new Error(`${model}: ${right.reason}`);
    const files = filesOf(path).filter(file => statSync(join(path, file)).size > 0);
    for (const damage of DAMAGES) {
      // Only table files are read while a model is open.
      const damaged = damage === 'flip while open' ? files.filter(file => file.endsWith('.ldb')) : files;
      for (let i = m; i < times[damage]; i += models.length) {
        const file = damaged[Math.floor(random() * damaged.length)];
        const at = Math.floor(random() * statSync(join(path, file)).size);
        const bits = 1 + Math.floor(random() * 255);
        const found = await tryCase(trial, path, file, damage, at, bits, right.answers, join(folder, 'intact'));
        if (found === 'refused' || found === 'no effect') {
          cases.push({ model, file, damage, at, outcome: found, reason: undefined });
        } else {
          cases.push({ model, file, damage, at, outcome: 'broken', reason: found });
        }
      }
    }
  }
  return cases;
}

/** Small models of each kind. @returns their names in the folder. */
export async function makeModels(folder: string): Promise<string[]> {
  const sentences = randomSentences({ sentences: 600, types: 300, seed: 11 });
  const out = (name: string): string => join(folder, name);
  await train({ sentences, out: out('mixture'), order: 3, patterns: { skip: true }, classes: [8, 4], holdOut: 0.1 });
  await train({ sentences, out: out('whole'), order: 3 });
  await prune({ model: out('whole'), out: out('pruned'), prune: [0, 0, 1] });
  await exportArpa({ model: out('whole'), file: out('whole.arpa') });
  await importArpa({ file: out('whole.arpa'), out: out('back-off') });
  return ['mixture', 'pruned', 'back-off'];
}

/** Damages a file, asks the model, and restores the file. @returns the outcome, or why it is broken. */
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
    const isNamed = (message: string): boolean =>
      namesPart(message) || (damage !== 'flip while open' && namesFile(message, file));
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

/** Asks a model in a process of its own. If this process ends or hangs, the next question gets a new process. */
class Trial {
  private child: Child | undefined;

  /** @param whenOpen called when the model is open, before the first question. */
  async answers(path: string, whenOpen?: () => Promise<void>): Promise<{ answers: Answers } | { reason: string }> {
    const child = (this.child ??= new Child('./damage-child.js', import.meta.url));
    const ask = (step: string): Promise<Answers> => {
      child.send({ path, step });
      return child.reply<Answers>(TIME_LIMIT);
    };
    try {
      if (!whenOpen) return { answers: await ask('all') };
      await ask('open');
      await whenOpen();
      return { answers: await ask('use') };
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      await this.end();
      return { reason: error.message };
    }
  }

  async end(): Promise<void> {
    await this.child?.end('SIGKILL');
    this.child = undefined;
  }
}
