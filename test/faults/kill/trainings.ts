import { execFile } from 'node:child_process';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { randomNumbers } from '../../../src/base/random.js';
import type { CommandResult, KillMoment } from '../command.js';
import { modelDigest } from '../content.js';
import { inFolder, type Earlier, type Reference, type Scene, type Stage } from './stage.js';

/** How many kills had each outcome. */
export interface KillCounts {
  kills: number;
  /** Trainings that had ended before the kill. */
  late: number;
  /** By the result of opening the model after the kill: there was no model yet, it was unfinished, or it was complete. */
  nothing: number;
  unfinished: number;
  complete: number;
  resumed: number;
  anew: number;
  readonly failures: string[];
}

/** Kills trainings, checks their leftovers, resumes them, and compares the models with the model of an uninterrupted training. */
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

/** The moments of the kills: three of four are spread evenly over the whole run, the others right after the beginning of a stage. */
function momentOf(reference: Reference, i: number, times: number, random: () => number): KillMoment {
  if (i % 4 < 3) return { after: ((i + random()) / times) * reference.milliseconds };
  const { stages } = reference;
  return { line: stages[Math.floor(i / 4) % stages.length], after: 30 * random() };
}

/** One kill, and the checks of every promise after it. */
class Trial {
  private readonly out: string;
  private readonly args: readonly string[];

  constructor(
    private readonly stage: Stage,
    private readonly reference: Reference,
    private readonly earlier: Earlier | undefined,
    private readonly counts: KillCounts,
  ) {
    // A name that a shell would split without quotes.
    this.out = stage.fresh("it's a model");
    this.args = ['train', reference.text, '-o', this.out, ...reference.scene.args, ...(earlier ? ['--force'] : [])];
  }

  /** The message with which the unfinished model is refused; empty if there is none. */
  private refusal = '';

  /** Kills one training, and resumes it. @returns the outcome, in words. */
  async run(moment: KillMoment): Promise<string> {
    const { stage, out, args, earlier, counts } = this;
    if (earlier) await cp(earlier.path, stage.at(out), { recursive: true });
    const killed = await stage.run(args, moment);
    counts.kills++;
    if (typeof killed.code === 'number') counts.late++;
    const state = await this.look();
    const resumed = await this.resume(state);
    await this.checkResult(resumed);
    await rm(stage.at(out), { recursive: true, force: true });
    return `${state}; ${resumed.stderr.split('\n', 1)[0].replace(/^.*?: /, '')}`;
  }

  /** The answer or the error of opening the model after the kill. */
  private async look(): Promise<string> {
    const { stage, out, earlier, counts } = this;
    const complete = await this.isComplete();
    if (complete) {
      counts.complete++;
      return 'complete';
    }
    const { code, stdout, stderr } = await stage.ask(out);
    if (earlier) {
      this.check(code === 0 && stdout === earlier.answer, `the earlier model does not answer: ${stderr}`);
      return 'the earlier model answers';
    }
    const inspected = await stage.run(['inspect', out]);
    this.check(code === 2 && inspected.code === 2, `opening an unfinished model exits with ${code}: ${stderr}`);
    this.check(inspected.stderr === stderr, 'inspect and score differ');
    this.refusal = stderr;
    const entries = await readdir(stage.at(out)).catch((): string[] => []);
    if (entries.length === 0) {
      counts.nothing++;
      return 'nothing was there yet';
    }
    counts.unfinished++;
    this.check(stderr.includes('unfinished'), `opening says: ${stderr}`);
    return /had (.*?)\. To continue/.exec(stderr)?.[1] ?? 'it had only just begun';
  }

  /** Whether the training was over before it was killed. */
  private async isComplete(): Promise<boolean> {
    const { stage, out, earlier } = this;
    const pointer = await readFile(join(stage.at(out), 'kneser.json'), 'utf8').catch(() => undefined);
    if (pointer === undefined) return false;
    return earlier === undefined || pointer !== (await readFile(join(earlier.path, 'kneser.json'), 'utf8'));
  }

  /** Continues with the command in the message, or with the same command and --resume. */
  private async resume(state: string): Promise<CommandResult> {
    const { stage, args, earlier } = this;
    if (state === 'complete' && !earlier) {
      const refused = await stage.run([...args, '--resume']);
      this.check(refused.code === 2 && refused.stderr.includes('--force'), `a complete model: ${refused.stderr}`);
      return stage.run([...args, '--resume', '--force']);
    }
    const command = /To continue: kneser (.*)\n/.exec(this.refusal)?.[1];
    if (command === undefined) return stage.run([...args, '--resume']);
    // The shell prints the arguments that it understood.
    const { stdout } = await promisify(execFile)('sh', ['-c', `printf '%s\\n' ${command}`]);
    return stage.run(stdout.split('\n').slice(0, -1));
  }

  private async checkResult({ code, stderr }: CommandResult): Promise<void> {
    const { stage, out, reference, counts } = this;
    const resumed = stderr.includes(': resuming a training');
    this.check(code === 0, `resuming exits with ${code}: ${stderr}`);
    this.check(resumed || stderr.includes('there is nothing to resume'), `resuming says nothing of it: ${stderr}`);
    if (resumed) counts.resumed++;
    else counts.anew++;
    if (code !== 0) return;
    this.check(
      (await modelDigest(stage.at(out))) === reference.digest,
      'the model differs from that of a run in one go',
    );
    const entries = (await readdir(stage.at(out))).filter(name => !/^(kneser\.json|generation-\d+)$/.test(name));
    this.check(entries.length === 0, `left behind: ${entries.join()}`);
    const { code: answered } = await stage.ask(out);
    this.check(answered === 0, 'the model does not answer');
    const temporary = await readdir(stage.temporary);
    this.check(temporary.length === 0, `left behind: ${temporary.join()}`);
  }

  private check(holds: boolean, failure: string): void {
    if (!holds) this.counts.failures.push(`${this.args.join(' ')}: ${failure.trim()}`);
  }
}
