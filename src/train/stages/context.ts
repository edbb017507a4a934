import { callBack } from '../../base/call-back.js';
import { IdStream } from '../../count/id-stream.js';
import { checkAborted } from '../../base/errors.js';
import type { Progress, WorkOptions } from '../../base/progress.js';
import { pauses } from '../../base/turn.js';
import type { BuildPlan } from '../plan/plan.js';
import type { Workspace } from './workspace.js';

/**
 * The stages of a training, one file each; `../build.ts` runs them one after another. A stage exports up to two functions:
 *
 * - `run` does its work;
 * - `restore` returns the result, or the finished part of the result, that an interrupted build of the same model has stored; `undefined`
 *   if nothing was stored. Stages that store nothing have no `restore`.
 *
 * This file holds what all stages share: the plan, the workspace, and how a stage waits, stops and reports.
 */
export class BuildContext {
  /**
   * Lets the event loop run. Stages that work long on this thread await it now and then.
   *
   * @throws KNESER_ABORTED if the caller aborted the training.
   */
  readonly pause = pauses(() => this.checkAborted());
  private readonly files: { close(): void }[] = [];

  constructor(
    /** How the caller watches and stops the training. */
    readonly work: WorkOptions,
    readonly plan: BuildPlan,
    readonly workspace: Workspace,
  ) {}

  /** @throws KNESER_ABORTED if the caller aborted the training. */
  checkAborted(): void {
    checkAborted(this.work.signal, 'training');
  }

  /** Reports the progress of a stage to the caller. */
  report(progress: Progress): void {
    callBack(this.work.onProgress, progress);
  }

  /**
   * Makes a stream of word indices, which {@link close} closes.
   *
   * @param name the temporary file for the numbers that do not fit into memory.
   * @param share the share of the memory that the stream may take.
   */
  idStream(name: string, share: number): IdStream {
    const { workspace } = this;
    return this.closeAtEnd(
      new IdStream(workspace.temporary(name), Math.floor(workspace.memory * share), workspace.scratch),
    );
  }

  /** Adds a temporary file to the files that {@link close} closes. */
  closeAtEnd<File extends { close(): void }>(file: File): File {
    this.files.push(file);
    return file;
  }

  /**
   * Makes a function to call with the number of bytes just read or written. The function collects garbage each time the bytes since
   * the last collection reach a share of the memory.
   *
   * @param pages whether freed memory is also returned to the system, which takes twice the time.
   */
  collectEvery(share: number, pages = true): (bytes: number) => void {
    const { memory, collect } = this.workspace;
    let sum = 0;
    return bytes => {
      if ((sum += bytes) < memory * share) return;
      sum = 0;
      collect?.(pages);
    };
  }

  /** Waits until the saved text is written, and closes all temporary files. They may be closed already. */
  async close(): Promise<void> {
    await this.workspace.checkpoints?.settled().catch(() => undefined);
    for (const file of this.files) file.close();
  }
}
