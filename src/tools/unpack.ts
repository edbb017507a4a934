import { callBack } from '../base/call-back.js';
import { checkFlag, checkOptions, checkPath, required, WORK_OPTIONS, type OptionTable } from '../base/check.js';
import { checkAborted, KneserError } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import { copyStore } from '../store/copy.js';
import { decodeValue } from '../base/decode.js';
import type { NewModel } from '../store/folder/write-model.js';
import { MANIFEST_KEY } from '../store/keys.js';
import { decodeManifest } from '../tables/manifest.js';

/** The packed model to unpack, and the folder for it. */
export interface UnpackOptions {
  /** The packed file, or its address. */
  readonly file: string;
  /** The folder of the model. */
  readonly out: string;
  /** Replaces a model that is in the folder `out`. Default false. */
  readonly force?: boolean;
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops unpacking when aborted, and leaves nothing in `out`. */
  readonly signal?: AbortSignal;
}

/** The checks of {@link UnpackOptions}. */
const UNPACK_OPTIONS: OptionTable<UnpackOptions> = {
  file: required(checkPath),
  out: required(checkPath),
  force: checkFlag,
  ...WORK_OPTIONS,
};

/** The unpacked model. */
export interface UnpackReport {
  /** The folder of the model. */
  readonly out: string;
  /** Number of keys in the store of the model. */
  readonly keys: number;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Time that unpacking took [s]. */
  readonly seconds: number;
}

/**
 * Makes a model folder from a packed file, with the values, the weights and the creation time of the packed model. Compares all
 * checksums of the file.
 *
 * @throws KneserError: KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_ABORTED, and the errors of `LanguageModel.open`.
 * @example
 * ```ts
 * import { unpack } from 'kneser';
 *
 * const { keys } = await unpack({ file: 'model.kneser', out: 'unpacked' });
 * console.log(keys);
 * ```
 */
export async function unpack(options: UnpackOptions): Promise<UnpackReport> {
  checkOptions('unpack', options, UNPACK_OPTIONS);
  checkAborted(options.signal, 'unpacking');
  const { file, out, force = false, onProgress, signal } = options;
  const started = performance.now();
  const { openModel } = await import('../model/open-model.js');
  const { isWeightsName } = await import('../store/folder/folder.js');
  const { writeModel } = await import('../store/folder/write-model.js');
  const { store, files } = await openModel(file);
  try {
    decodeValue(`${file}: manifest`, await store.get(MANIFEST_KEY), decodeManifest);
    const badName = [...files.weights.keys()].find(name => !isWeightsName(name));
    if (badName !== undefined) {
      throw new KneserError(
        'KNESER_DAMAGED',
        `${file} is damaged (${JSON.stringify(badName)} cannot name a set of weights); copy it again`,
      );
    }
    let keys = 0;
    let done = 0;
    const total = files.bytes;
    const report = (bytes: number): void => {
      checkAborted(signal, 'unpacking');
      done = Math.min(total, done + bytes);
      callBack(onProgress, { stage: 'unpack', done, total, unit: 'bytes' });
    };
    const write = async (unpacked: NewModel): Promise<void> => {
      const writer = await unpacked.createStore();
      await copyStore(store, writer, bytes => {
        keys++;
        report(bytes);
      });
      // The file has more bytes than its values.
      report(total);
      await writer.finish();
      for (const [name, value] of files.weights) await unpacked.putWeights(name, value);
    };
    const { bytes } = await writeModel(out, force, write, { created: files.created });
    return { out, keys, bytes, seconds: (performance.now() - started) / 1000 };
  } finally {
    await store.close();
  }
}
