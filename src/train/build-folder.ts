import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { abortedError, checkAborted, KneserError } from '../base/errors.js';
import { writeModel } from '../store/folder/write-model.js';
import { build, type OpenSource } from './build.js';
import { placeOf } from './folder-place.js';
import { OVERHEAD } from './plan/budget.js';
import type { BuildOptions } from './plan/options.js';
import { planBuild } from './plan/plan.js';
import type { TrainReport } from './train.js';

/** Where a model is built that is not made of text, and with which means. */
export interface FolderOptions {
  readonly out: string;
  readonly memory?: number;
  readonly threads?: number;
  readonly force?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A model that is to be built. */
export interface Preparation {
  /** Its options. */
  readonly options: BuildOptions;
  /** Opens the source of its counts. */
  readonly open: OpenSource;
}

/** The means of preparing a model: where temporary files may be, and the bytes of memory to aim for. */
export interface Means {
  readonly temporary: (name: string) => string;
  readonly memory: number;
}

/**
 * Builds a model in a folder from a source of counts, whole or not at all. An interrupted build begins anew: reading counts takes a
 * small part of its time.
 *
 * @param prepare says which model is built; it may read files first, on which its options depend.
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
      return build(options, plan, await placeOf(draft, undefined, out, available, threads), open);
    });
    const { tables, warnings, notes, ...figures } = written;
    return { out, ...figures, tables, bytes, seconds: (performance.now() - started) / 1000, warnings, notes };
  } catch (error) {
    // Stages name training in their message.
    const isStopped = error instanceof KneserError && error.code === 'KNESER_ABORTED';
    throw isStopped && signal?.aborted ? abortedError(work, signal.reason) : error;
  }
}
