import { callBack } from '../base/call-back.js';
import { stat } from 'node:fs/promises';
import { writeDraft } from '../base/node/atomic.js';
import { checkOutsideModels } from '../store/folder/outside-models.js';
import { checkFlag, checkOptions, checkPath, required, WORK_OPTIONS, type OptionTable } from '../base/check.js';
import { checkAborted, KneserError, writeError } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import { packStore } from '../store/packed/write.js';

/** The model to pack, and the path of the file. */
export interface PackOptions {
  /** The folder of the model, or a packed file or its address, which is copied. */
  readonly model: string;
  /** The file to write. */
  readonly out: string;
  /** Replaces an existing file. Default false. */
  readonly force?: boolean;
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops packing when aborted, and leaves no new file. */
  readonly signal?: AbortSignal;
}

/** The checks of {@link PackOptions}. */
const PACK_OPTIONS: OptionTable<PackOptions> = {
  model: required(checkPath),
  out: required(checkPath),
  force: checkFlag,
  ...WORK_OPTIONS,
};

/** The packed file. */
export interface PackReport {
  /** Path of the file. */
  readonly out: string;
  /** Number of keys in the store of the model. */
  readonly keys: number;
  /** Size of the file [bytes]. */
  readonly bytes: number;
  /** Time that packing took [s]. */
  readonly seconds: number;
}

/**
 * Packs a model into one file, to copy it or to put it on a web server. `LanguageModel.open`, `LanguageModel.fromFile` and all
 * commands read the file. The same model always makes the same file. The file is written whole or not at all.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_IO, KNESER_ABORTED, and the errors
 * of `LanguageModel.open`.
 * @example
 * ```ts
 * import { pack } from 'kneser';
 *
 * const { bytes } = await pack({ model: 'model', out: 'packed.kneser' });
 * console.log(bytes);
 * ```
 */
export async function pack(options: PackOptions): Promise<PackReport> {
  checkOptions('pack', options, PACK_OPTIONS);
  checkAborted(options.signal, 'packing');
  const { model, out, force = false, onProgress, signal } = options;
  const started = performance.now();
  await checkOut(out, force);
  await checkOutsideModels(out);
  const { openModel } = await import('../model/open-model.js');
  const { store, files } = await openModel(model);
  try {
    // packStore reads every value twice.
    let done = 0;
    const total = 2 * files.bytes;
    const report = (bytes: number): void => {
      done = Math.min(total, done + bytes);
      callBack(onProgress, { stage: 'pack', done, total, unit: 'bytes' });
    };
    const onValue = (bytes: number): void => {
      checkAborted(signal, 'packing');
      report(bytes);
    };
    const { keys, bytes, pieces } = await packStore(store, files, onValue);
    try {
      const draft = await writeDraft(out, pieces);
      try {
        // Another process may have made the file meanwhile.
        await checkOut(out, force);
      } catch (error) {
        await draft.discard();
        throw error;
      }
      await draft.publish();
      // The files of the store have more bytes than its values. The file is there, so that it is too late to stop.
      report(total);
    } catch (error) {
      throw writeError(out, error);
    }
    return { out, keys, bytes, seconds: (performance.now() - started) / 1000 };
  } finally {
    await store.close();
  }
}

/** @throws KNESER_OUTPUT_EXISTS for a folder, and for a file unless `force` is set. */
async function checkOut(out: string, force: boolean): Promise<void> {
  const stats = await stat(out).catch(() => undefined);
  if (!stats || (stats.isFile() && force)) return;
  const advice = stats.isFile()
    ? 'replace it with force (--force), or name another out (--out)'
    : 'it is no file; name another out (--out)';
  throw new KneserError('KNESER_OUTPUT_EXISTS', `${out}: is there already; ${advice}`);
}
