import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { abortedError, checkAborted, KneserError } from '../base/errors.js';
import { writeModel } from '../store/folder/write-model.js';
import { build, type OpenSource } from './build.js';
import { folderWorkspace } from './folder-workspace.js';
import { OVERHEAD } from './plan/budget.js';
import type { BuildOptions } from './plan/options.js';
import { planBuild } from './plan/plan.js';
import type { TrainReport } from './train.js';

/** The folder, memory [bytes] and threads for building a model from counts or from other models. `force` replaces a model in the folder. */
export interface FolderOptions {
  readonly out: string;
  readonly memory?: number;
  readonly threads?: number;
  readonly force?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The options of a model that is about to be built, and the source of its counts. */
export interface Preparation {
  readonly options: BuildOptions;
  /** Opens the source of the counts. */
  readonly open: OpenSource;
}

/** The resources of a {@link Preparation}: temporary files and memory. */
export interface Means {
  /** Gives the path of a temporary file. */
  readonly temporary: (name: string) => string;
  /** Memory to aim for [bytes]. */
  readonly memory: number;
}

/**
 * Builds a model in a folder from a source of counts. The folder gets the whole model, or stays as it was. An interrupted build cannot be
 * resumed, because it can read the counts again in a small part of the time of training.
 *
 * @param prepare returns the options and the source of counts; it may read files first to choose the options.
 * @param work a noun that names the work in messages: `merging`.
 * @throws KNESER_OPTION, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_IO, KNESER_LIMIT, KNESER_ABORTED, and the errors of `prepare` and `open`.
 */
export async function buildFolder(
  { out, memory = Math.floor(totalmem() / 2), threads = availableParallelism(), force = false, signal }: FolderOptions,
  prepare: (means: Means) => Promise<Preparation> | Preparation,
  work: string,
): Promise<TrainReport> {
  const started = performance.now();
  checkAborted(signal, work);
  const available = memory - OVERHEAD;
  try {
    const { written, bytes } = await writeModel(out, force, async draft => {
      const means = { temporary: (name: string) => join(draft.temporary, name), memory: available };
      const { options, open } = await prepare(means);
      const plan = await planBuild(options);
      return build(options, plan, await folderWorkspace(draft, undefined, out, available, threads), open);
    });
    const { tables, warnings, notes, ...figures } = written;
    return { out, ...figures, tables, bytes, seconds: (performance.now() - started) / 1000, warnings, notes };
  } catch (error) {
    // The stages' own message says that training was stopped: replace it by one that names this work.
    const isStopped = error instanceof KneserError && error.code === 'KNESER_ABORTED';
    throw isStopped && signal?.aborted ? abortedError(work, signal.reason) : error;
  }
}
