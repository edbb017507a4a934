import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { randomNumbers } from '../random.js';
import { runCommand, type CommandRun, type KillMoment } from './command.js';
import { modelDigest } from './content.js';
import type { Harness } from './main.js';

/** A training that is killed. */
interface Scene {
  readonly name: string;
  readonly sentences: number;
  readonly args: readonly string[];
}

/** With room for everything, and with so little memory that the text and the sorts go to the disk. */
const SCENES: readonly Scene[] = [
  { name: 'in memory', sentences: 60_000, args: mixture() },
  { name: '--memory 64M', sentences: 540_000, args: [...mixture(), '--memory', '64M'] },
];

function mixture(): string[] {
  return ['--order', '3', '--skip', '--classes', '20', '--hold-out', '0.01'];
}

/** What a scene comes to when nothing happens. */
interface Reference {
  readonly scene: Scene;
  readonly text: string;
  readonly digest: string;
  readonly milliseconds: number;
  /** The stages that it announces. */
  readonly stages: readonly string[];
}

/** What was seen after the kills. */
export interface KillCounts {
  kills: number;
  /** The process had ended already. */
  late: number;
  /** By what opening said: there was nothing yet, it is unfinished, or the model was complete. */
  nothing: number;
  unfinished: number;
  complete: number;
  resumed: number;
  anew: number;
  readonly failures: string[];
}

/** The harness: kills trainings at moments all over them, then other commands. */
export const kill: Harness = async ({ times = 100, seed }) => {
  const counts = await killTrainings({ times, seed, scenes: SCENES, log: line => process.stdout.write(line + '\n') });
  const others = await killOthers(Math.ceil(times / 10), seed);
  const { failures, ...figures } = counts;
  process.stdout.write(`trainings: ${JSON.stringify(figures)}\nother commands: ${JSON.stringify(others.figures)}\n`);
  for (const failure of [...failures, ...others.failures]) process.stdout.write(`FAILED ${failure}\n`);
  return failures.length + others.failures.length === 0;
};

/** Kills trainings, looks at what is left, resumes them, and looks at what comes of that. */
export async function killTrainings({
  times,
  seed,
  scenes,
  log = () => undefined,
}: {
  readonly times: number;
  readonly seed: number;
  readonly scenes: readonly Scene[];
  readonly log?: (line: string) => void;
}): Promise<KillCounts> {
  const random = randomNumbers(seed);
  const counts = { kills: 0, late: 0, nothing: 0, unfinished: 0, complete: 0, resumed: 0, anew: 0, failures: [] };
  await inFolder(async stage => {
    const references: Reference[] = [];
    for (const scene of scenes) references.push(await stage.reference(scene));
    const earlier = await stage.earlierModel();
    for (let i = 0; i < times; i++) {
      const reference = references[i % references.length];
      const withEarlier = Math.floor(i / references.length) % 2 === 1;
      const moment = momentOf(reference, i, times, random);
      const trial = new Trial(stage, reference, withEarlier ? earlier : undefined, counts);
      const what = await trial.run(moment);
      const where = `${moment.line ?? 'start'} + ${moment.after.toFixed(0)} ms`;
      log(
        `${String(i + 1).padStart(3)} ${reference.scene.name}${withEarlier ? ', over a model' : ''}, ${where}: ${what}`,
      );
    }
  });
  return counts;
}

/** Three of four moments are spread evenly over the whole run, the others right behind the beginnings of its stages. */
function momentOf(reference: Reference, i: number, times: number, random: () => number): KillMoment {
  if (i % 4 < 3) return { after: ((i + random()) / times) * reference.milliseconds };
  const { stages } = reference;
  return { line: stages[Math.floor(i / 4) % stages.length], after: 30 * random() };
}

/** The folder that everything happens in. */
class Stage {
  readonly temporary: string;
  private serial = 0;

  constructor(
    readonly folder: string,
    private readonly question: string,
  ) {
    this.temporary = join(folder, 'temporary');
  }

  run(args: readonly string[], kill?: KillMoment, input = ''): Promise<CommandRun> {
    return runCommand(args, { cwd: this.folder, temporary: this.temporary, input }, kill);
  }

  /** @throws Error where it fails. */
  async succeed(args: readonly string[]): Promise<CommandRun> {
    const run = await this.run(args);
    if (run.status !== 0) throw new Error(`kneser ${args.join(' ')}: ${run.status}\n${run.stderr}`);
    return run;
  }

  ask(model: string): Promise<CommandRun> {
    return this.run(['score', model, '--json'], undefined, this.question);
  }

  fresh(name: string): string {
    return `${name}-${++this.serial}`;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  async reference(scene: Scene): Promise<Reference> {
    const text = `${this.fresh('text')}.txt`;
    await writeFile(this.at(text), generateText(scene.sentences));
    const model = this.fresh('reference');
    const { milliseconds, stderr } = await this.succeed(['train', text, '--out', model, ...scene.args]);
    const stages = [...stderr.matchAll(/^.* …$/gm)].map(([line]) => line);
    return { scene, text, digest: await modelDigest(this.at(model)), milliseconds, stages };
  }

  /** A small model that is another one. */
  async earlierModel(): Promise<Earlier> {
    await writeFile(this.at('earlier.txt'), 'w1 w2 w3\nw2 w2\n');
    await this.succeed(['train', 'earlier.txt', '--out', 'earlier', '--order', '2', '--quiet']);
    return { path: this.at('earlier'), answer: (await this.ask('earlier')).stdout };
  }
}

interface Earlier {
  readonly path: string;
  readonly answer: string;
}

/** One kill, and everything that is promised after it. */
class Trial {
  private readonly out: string;
  private readonly args: readonly string[];

  constructor(
    private readonly stage: Stage,
    private readonly reference: Reference,
    private readonly earlier: Earlier | undefined,
    private readonly counts: KillCounts,
  ) {
    // A name that a shell would take apart.
    this.out = stage.fresh("it's a model");
    this.args = ['train', reference.text, '-o', this.out, ...reference.scene.args, ...(earlier ? ['--force'] : [])];
  }

  /** @returns what was seen, in words. */
  async run(moment: KillMoment): Promise<string> {
    const { stage, out, args, earlier, counts } = this;
    if (earlier) await cp(earlier.path, stage.at(out), { recursive: true });
    const killed = await stage.run(args, moment);
    counts.kills++;
    if (killed.status !== null) counts.late++;
    const state = await this.look();
    const resumed = await this.resume(state);
    await this.checkResult(resumed);
    await rm(stage.at(out), { recursive: true, force: true });
    return `${state}; ${resumed.stderr.split('\n', 1)[0].replace(/^.*?: /, '')}`;
  }

  /** What opening says after the kill. */
  private async look(): Promise<string> {
    const { stage, out, earlier, counts } = this;
    const complete = await this.isComplete();
    if (complete) {
      counts.complete++;
      return 'complete';
    }
    const { status, stdout, stderr } = await stage.ask(out);
    if (earlier) {
      this.check(status === 0 && stdout === earlier.answer, `the earlier model does not answer: ${stderr}`);
      return 'the earlier model answers';
    }
    const inspected = await stage.run(['inspect', out]);
    this.check(status === 2 && inspected.status === 2, `opening an unfinished model exits with ${status}: ${stderr}`);
    this.check(inspected.stderr === stderr, 'inspect and score differ');
    const entries = await readdir(stage.at(out)).catch((): string[] => []);
    if (entries.length === 0) {
      counts.nothing++;
      return 'nothing was there yet';
    }
    counts.unfinished++;
    this.check(stderr.includes('unfinished'), `opening says: ${stderr}`);
    return /had (.*?)\. To go on/.exec(stderr)?.[1] ?? 'it had only just begun';
  }

  /** Whether the training was over before it was killed. */
  private async isComplete(): Promise<boolean> {
    const { stage, out, earlier } = this;
    const pointer = await readFile(join(stage.at(out), 'kneser.json'), 'utf8').catch(() => undefined);
    if (pointer === undefined) return false;
    return earlier === undefined || pointer !== (await readFile(join(earlier.path, 'kneser.json'), 'utf8'));
  }

  /** Goes on as the message says, or with the same command and --resume. */
  private async resume(state: string): Promise<CommandRun> {
    const { stage, args, out, earlier } = this;
    if (state === 'complete' && !earlier) {
      const refused = await stage.run([...args, '--resume']);
      this.check(refused.status === 2 && refused.stderr.includes('--force'), `a complete model: ${refused.stderr}`);
      return stage.run([...args, '--resume', '--force']);
    }
    const { stderr } = earlier ? { stderr: '' } : await stage.run(['inspect', out]);
    const command = /To go on with it: kneser (.*)\n/.exec(stderr)?.[1];
    if (command === undefined) return stage.run([...args, '--resume']);
    // The shell says what it understood.
    const { stdout } = await promisify(execFile)('sh', ['-c', `printf '%s\\n' ${command}`]);
    return stage.run(stdout.split('\n').slice(0, -1));
  }

  private async checkResult({ status, stderr }: CommandRun): Promise<void> {
    const { stage, out, reference, counts } = this;
    const resumed = stderr.includes(': resuming a training');
    this.check(status === 0, `resuming exits with ${status}: ${stderr}`);
    this.check(resumed || stderr.includes('there is nothing to resume'), `resuming says nothing of it: ${stderr}`);
    if (resumed) counts.resumed++;
    else counts.anew++;
    if (status !== 0) return;
    this.check(
      (await modelDigest(stage.at(out))) === reference.digest,
      'the model differs from that of a run in one go',
    );
    const entries = (await readdir(stage.at(out))).filter(name => !/^(kneser\.json|generation-\d+)$/.test(name));
    this.check(entries.length === 0, `left behind: ${entries.join()}`);
    const { status: answered } = await stage.ask(out);
    this.check(answered === 0, 'the model does not answer');
    const temporary = await readdir(stage.temporary);
    this.check(temporary.length === 0, `left behind: ${temporary.join()}`);
  }

  private check(holds: boolean, failure: string): void {
    if (!holds) this.counts.failures.push(`${this.args.join(' ')}: ${failure.trim()}`);
  }
}

/** What is tried of another command: what it is, and what it must have made in the end. */
interface Other {
  readonly name: string;
  readonly args: (out: string) => readonly string[];
  readonly digest: (path: string) => Promise<string>;
  /** Whether its output is a set of weights of the model itself. */
  readonly inPlace?: boolean;
}

const OTHERS: readonly Other[] = [
  { name: 'prune', args: out => ['prune', 'model', '-o', out, '--prune', '0,1', '--force'], digest: modelDigest },
  { name: 'export', args: out => ['export', 'model', '--arpa', `${out}/model.arpa`], digest: fileIn('model.arpa') },
  { name: 'import', args: out => ['import', 'model.arpa', '-o', out, '--force'], digest: modelDigest },
  { name: 'tune', args: out => ['tune', out, 'valid.txt', '--quiet'], digest: modelDigest, inPlace: true },
];

function fileIn(name: string): (path: string) => Promise<string> {
  return async path => (await readFile(join(path, name), 'utf8')).replace(/\s+$/, '');
}

/** Kills the commands that write something else: what they write is whole or is not there, and goes well the next time. */
async function killOthers(
  times: number,
  seed: number,
): Promise<{ figures: Record<string, number>; failures: string[] }> {
  const random = randomNumbers(seed);
  const failures: string[] = [];
  const figures: Record<string, number> = {};
  await inFolder(async stage => {
    await writeFile(stage.at('text.txt'), generateText(40_000));
    await writeFile(stage.at('valid.txt'), generateText(2_000));
    await stage.succeed(['train', 'text.txt', '--out', 'model', '--order', '3', '--quiet']);
    await stage.succeed(['export', 'model', '--arpa', 'model.arpa', '--quiet']);
    const answer = (await stage.ask('model')).stdout;
    for (const { name, args, digest, inPlace = false } of OTHERS) {
      const prepare = async (): Promise<string> => {
        const out = stage.fresh(name);
        if (inPlace) await cp(stage.at('model'), stage.at(out), { recursive: true });
        else await mkdir(stage.at(out));
        return out;
      };
      const first = await prepare();
      const { milliseconds } = await stage.succeed(args(first));
      const expected = await digest(stage.at(first));
      figures[name] = times;
      for (let i = 0; i < times; i++) {
        const out = await prepare();
        const check = (holds: boolean, failure: string): void => {
          if (!holds) failures.push(`${name}: ${failure}`);
        };
        await stage.run(args(out), { after: ((i + random()) / times) * milliseconds });
        const after = await digest(stage.at(out)).catch(() => undefined);
        if (inPlace) check((await stage.ask(out)).status === 0, 'the model does not answer');
        else check(after === undefined || after === expected, 'what was written is neither whole nor missing');
        await stage.succeed(args(out));
        check((await digest(stage.at(out))) === expected, 'the next run makes something else');
        const names = await readdir(stage.at(out), { recursive: true });
        check(!names.some(path => /(^|\/)\.|tmp|training/.test(path)), `left behind: ${names.join()}`);
        await rm(stage.at(out), { recursive: true, force: true });
      }
      check(failures, name, (await stage.ask('model')).stdout === answer, 'the model was changed');
    }
    const left = await readdir(stage.temporary);
    if (left.length > 0) failures.push(`left behind: ${left.join()}`);
  });
  return { figures, failures };
}

function check(failures: string[], name: string, holds: boolean, failure: string): void {
  if (!holds) failures.push(`${name}: ${failure}`);
}

async function inFolder(act: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kneser-kill-'));
  try {
    const stage = new Stage(folder, 'w1 w2\n');
    await mkdir(stage.temporary);
    await act(stage);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sentences of words that are as unevenly frequent as those of a language. */
function generateText(sentences: number): string {
  const random = randomNumbers(sentences);
  const lines = Array.from({ length: sentences }, () => {
    const length = 1 + Math.floor(7 * random());
    return Array.from({ length }, () => `w${Math.floor(20_000 ** random())}`).join(' ');
  });
  return lines.join('\n') + '\n';
}
