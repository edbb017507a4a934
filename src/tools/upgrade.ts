import { callBack } from '../base/call-back.js';
import { checkFlag, checkOptions, checkPath, required, WORK_OPTIONS, type OptionTable } from '../base/check.js';
import { decodeValue } from '../base/decode.js';
import { checkAborted, KneserError } from '../base/errors.js';
import type { WorkOptions } from '../base/progress.js';
import type { NewModel } from '../store/folder/write-model.js';
import { MANIFEST_KEY, ROWS_VERSION } from '../store/keys.js';
import { decodeManifest, rowsOf, type Manifest } from '../tables/manifest.js';
import { formatPattern, parentPattern, parsePattern } from '../tables/pattern.js';

/** The model to upgrade, and the folder of the new model. */
export interface UpgradeOptions extends WorkOptions {
  /** A model of kneser 0.1.0, which stays unchanged: its folder, or a packed file. */
  readonly model: string;
  /** The folder of the new model. */
  readonly out: string;
  /** Replaces a model that is in the folder `out`. Default false. */
  readonly force?: boolean;
}

/** The checks of {@link UpgradeOptions}. */
const UPGRADE_OPTIONS: OptionTable<UpgradeOptions> = {
  model: required(checkPath),
  out: required(checkPath),
  force: checkFlag,
  ...WORK_OPTIONS,
};

/** The upgraded model. */
export interface UpgradeReport {
  /** The folder of the model. */
  readonly out: string;
  /** Number of n-grams in the tables of words: the sum of `types` of `info.tables`. */
  readonly ngrams: number;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Time that upgrading took [s]. */
  readonly seconds: number;
}

/**
 * Makes a model of the present format from a model that kneser 0.1.0 wrote. Counts, options, weights and the time of creation are
 * the same, so probabilities are the same.
 *
 * @throws KneserError: KNESER_OPTION for a model that has the present format already, or that must be trained again because of its
 *   skip patterns; KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_ABORTED, and the errors of `LanguageModel.open`.
 * @example
 * ```ts
 * import { upgrade } from 'kneser';
 *
 * try {
 *   await upgrade({ model: 'model', out: 'upgraded' });
 * } catch (error) {
 *   console.log(String(error)); // model: has the present format already; …
 * }
 * ```
 */
export async function upgrade(options: UpgradeOptions): Promise<UpgradeReport> {
  checkOptions('upgrade', options, UPGRADE_OPTIONS);
  checkAborted(options.signal, 'upgrading');
  const { model, out, force = false, onProgress, signal } = options;
  const started = performance.now();
  const { openModel } = await import('../model/open-model.js');
  const { indexStore } = await import('../tables/index-store.js');
  const { indexingThreads } = await import('../tables/node/write-indexed.js');
  const { writeModel } = await import('../store/folder/write-model.js');
  const { store, files } = await openModel(model, signal, ROWS_VERSION);
  try {
    const manifest = decodeValue(`${model}: manifest`, await store.get(MANIFEST_KEY), decodeManifest);
    checkParents(model, manifest);
    const total = rowsOf(manifest);
    let done = 0;
    const write = async (upgraded: NewModel): Promise<void> => {
      await indexStore(store, manifest, await upgraded.createStore(), indexingThreads(), rows => {
        checkAborted(signal, 'upgrading');
        callBack(onProgress, { stage: 'index', done: (done += rows), total, unit: 'n-grams' });
      });
      for (const [name, value] of files.weights) await upgraded.putWeights(name, value);
    };
    const { bytes } = await writeModel(out, force, write, { created: files.created });
    const ngrams = manifest.tables.reduce(
      (sum, { pattern, rows }) => sum + (pattern === '1' ? manifest.vocabulary : rows),
      0,
    );
    return { out, ngrams, bytes, seconds: (performance.now() - started) / 1000 };
  } finally {
    await store.close();
  }
}

/** Refuses a model that lacks the shorter contexts of a table: kneser 0.1.0 did not count them for some lists of skip patterns. */
function checkParents(model: string, { tables }: Manifest): void {
  const names = new Set(tables.map(({ pattern }) => pattern));
  for (const { pattern } of tables) {
    const parent = formatPattern(parentPattern(parsePattern(pattern) ?? []));
    if (names.has(parent)) continue;
    throw new KneserError(
      'KNESER_OPTION',
      `${model}: the pattern ${pattern} needs the n-grams of ${parent} now, which this model did not count; train it again`,
    );
  }
}
