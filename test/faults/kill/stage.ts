import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomNumbers } from '../../../src/base/random.js';
import { kneser, type CommandResult, type KillMoment } from '../command.js';
import { modelDigest } from '../content.js';

/** The options of a training that is killed. */
export interface Scene {
  readonly name: string;
  readonly sentences: number;
  readonly args: readonly string[];
}

/** The result of such a training without a kill. */
export interface Reference {
  readonly scene: Scene;
  readonly text: string;
  readonly digest: string;
  readonly milliseconds: number;
  /** The stages that it announces on standard error. */
  readonly stages: readonly string[];
}

/** The folder in which trainings are started and killed. (A stage of training is something else.) */
export class Stage {
  readonly temporary: string;
  private serial = 0;

  constructor(
    readonly folder: string,
    private readonly question: string,
  ) {
    this.temporary = join(folder, 'temporary');
  }

  run(args: readonly string[], kill?: KillMoment, input = ''): Promise<CommandResult> {
    return kneser(args, { cwd: this.folder, temporary: this.temporary, input, kill });
  }

  /** @throws Error where it fails. */
  async succeed(args: readonly string[]): Promise<CommandResult> {
    const run = await this.run(args);
    if (run.code !== 0) throw new Error(`kneser ${args.join(' ')}: ${run.code}\n${run.stderr}`);
    return run;
  }

  ask(model: string): Promise<CommandResult> {
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

  /** Another, small model, which a training replaces. */
  async earlierModel(): Promise<Earlier> {
    await writeFile(this.at('earlier.txt'), 'w1 w2 w3\nw2 w2\n');
    await this.succeed(['train', 'earlier.txt', '--out', 'earlier', '--order', '2', '--quiet']);
    return { path: this.at('earlier'), answer: (await this.ask('earlier')).stdout };
  }
}

export interface Earlier {
  readonly path: string;
  readonly answer: string;
}

/** Makes a folder, and removes it when `act` has ended. */
export async function inFolder(act: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kneser-kill-'));
  try {
    const stage = new Stage(folder, 'w1 w2\n');
    await mkdir(stage.temporary);
    await act(stage);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sentences of random words whose frequencies fall like those of a language. */
export function generateText(sentences: number): string {
  const random = randomNumbers(sentences);
  const lines = Array.from({ length: sentences }, () => {
    const length = 1 + Math.floor(7 * random());
    return Array.from({ length }, () => `w${Math.floor(2_000 ** random())}`).join(' ');
  });
  return lines.join('\n') + '\n';
}
