import { callBack } from '../base/call-back.js';
import {
  checkFlag,
  checkOptions,
  checkPath,
  listOf,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { checkAborted, KneserError } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import { pruningByCounts, pruningByEntropy, skipPatternError, type Pruning } from '../tables/pruning.js';
import { readParts, requireCounts } from '../model/scoring/parts.js';
import { decodeValue } from '../base/decode.js';
import type { NewModel } from '../store/folder/write-model.js';
import { MANIFEST_KEY } from '../store/keys.js';
import type { ModelWriter } from '../store/store.js';
import { decodeManifest, type Manifest } from '../tables/manifest.js';
import { writeIndexed } from '../tables/node/write-indexed.js';

/** The model to prune, and the method: either `prune` or `entropy`. */
export interface PruneOptions {
  /** The folder of the model, which stays unchanged. */
  readonly model: string;
  /** The folder of the pruned copy. */
  readonly out: string;
  /**
   * One threshold for each order from 1 on: n-grams that occur at most that often in the text are dropped. The last threshold holds
   * for all higher orders, too. As for KenLM's `lmplz --prune`, the first threshold must be 0, and none may be below the one before.
   */
  readonly prune?: readonly number[];
  /** Drops each n-gram whose removal raises perplexity by less than this share, such as 1e-8 (Stolcke 1998). */
  readonly entropy?: number;
  /** Replaces a model that is in the folder `out`. Default false. */
  readonly force?: boolean;
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops pruning when aborted, and leaves nothing in `out`. */
  readonly signal?: AbortSignal;
}

/** The checks of {@link PruneOptions}. */
const PRUNE_OPTIONS: OptionTable<PruneOptions> = {
  model: required(checkPath),
  out: required(checkPath),
  prune: listOf(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  entropy: (_name, value) => pruningByEntropy(value),
  force: checkFlag,
  ...WORK_OPTIONS,
};

/** The pruned copy. */
export interface PruneReport {
  /** The folder of the copy. */
  readonly out: string;
  /** The numbers of kept and dropped n-grams of each table. */
  readonly tables: readonly {
    /** The pattern of the table, as in `TableInfo`. */
    readonly pattern: string;
    /** Distinct n-grams that were kept. */
    readonly types: number;
    /** Distinct n-grams that were dropped. */
    readonly dropped: number;
  }[];
  /** Bytes on disk. */
  readonly bytes: number;
  /** Time that pruning took [s]. */
  readonly seconds: number;
}

/**
 * Writes a smaller copy of a model, without the n-grams that matter least. The counts of a dropped n-gram raise the back-off of its
 * context, so that probabilities still add up to 1. Discounts stay the same; tuned weights are copied. A back-off model can only be
 * pruned by entropy: each context that loses n-grams gets a new back-off.
 *
 * @throws KneserError: KNESER_OPTION, also for a model that has skip patterns or was pruned; KNESER_OUTPUT_*,
 * KNESER_DISK_FULL, KNESER_ABORTED, KNESER_NO_COUNTS, and the errors of `LanguageModel.open`.
 * @example
 * ```ts
 * import { prune } from 'kneser';
 *
 * // Without the n-grams of order 3 and up that were seen once.
 * const { tables } = await prune({ model: 'model', out: 'small', prune: [0, 0, 1] });
 * console.log(tables.map(({ pattern, types, dropped }) => `${pattern}: ${types} of ${types + dropped}`));
 * ```
 */
export async function prune(options: PruneOptions): Promise<PruneReport> {
  checkOptions('prune', options, PRUNE_OPTIONS);
  checkAborted(options.signal, 'pruning');
  const { model, out, onProgress, signal } = options;
  const started = performance.now();
  const { writeModel } = await import('../store/folder/write-model.js');
  const { openModel } = await import('../model/open-model.js');
  const { pruneStore } = await import('./prune/prune-store.js');
  const { store, files } = await openModel(model);
  try {
    const manifest = decodeValue(`${model}: manifest`, await store.get(MANIFEST_KEY), decodeManifest);
    const pruning = choosePruning(options, manifest.order);
    if ('counts' in pruning) requireCounts(model, manifest, 'prune by');
    checkPrunable(model, manifest);
    const onRows = (done: number, total: number): void => {
      checkAborted(signal, 'pruning');
      callBack(onProgress, { stage: 'prune', done, total, unit: 'n-grams' });
    };
    const pruneInMemory = async (entropy: number, writer: ModelWriter): Promise<Manifest> => {
      const { pruneBackoffs } = await import('./arpa/prune-backoff.js');
      return pruneBackoffs(await readParts(store, files, {}), entropy, writer, onRows);
    };
    const write = async (copy: NewModel): Promise<Manifest> => {
      const pruned =
        manifest.kind === 'backoff' && 'entropy' in pruning
          ? await pruneInMemory(pruning.entropy, await copy.createStore())
          : await writeIndexed(
              copy,
              writer => pruneStore(store, manifest, pruning, writer, onRows),
              (done, total) => {
                checkAborted(signal, 'pruning');
                callBack(onProgress, { stage: 'index', done, total, unit: 'n-grams' });
              },
            );
      for (const [name, value] of files.weights) await copy.putWeights(name, value);
      checkAborted(signal, 'pruning');
      return pruned;
    };
    const { written, bytes } = await writeModel(out, options.force ?? false, write);
    return {
      out,
      tables: written.tables.map(({ pattern, rows, dropped = 0 }) => ({
        pattern,
        types: pattern === '1' && written.kind !== 'backoff' ? written.vocabulary : rows,
        dropped,
      })),
      bytes,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await store.close();
  }
}

function choosePruning({ prune, entropy }: PruneOptions, order: number): Pruning {
  if (prune && entropy === undefined) return pruningByCounts(prune, order);
  if (!prune && entropy !== undefined) return pruningByEntropy(entropy);
  throw new KneserError(
    'KNESER_OPTION',
    'give either prune (--prune, thresholds of counts) or entropy (--entropy, one threshold)',
  );
}

function checkPrunable(model: string, { tables, pruning, modelM }: Manifest): void {
  if (pruning) {
    throw new KneserError(
      'KNESER_OPTION',
      `${model}: this model was pruned already; prune the model that it was made from`,
    );
  }
  const skipping = tables.find(({ pattern }) => pattern.includes('_'));
  if (modelM) {
    const instead = skipping ? 'with contiguous n-grams alone (without --skip)' : 'without it (--model-m 0)';
    throw new KneserError(
      'KNESER_OPTION',
      `${model}: Model M needs all n-grams; prune a model that was trained ${instead}`,
    );
  }
  if (skipping) throw skipPatternError(`${model}: `, skipping.pattern);
}
