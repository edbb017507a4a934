import {
  checkFlag,
  checkInteger,
  checkObject,
  checkOptions,
  checkPath,
  checkPaths,
  givenOptions,
  listOf,
  members,
  refuseWithout,
  required,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import {
  DOCUMENT_OPTION_NAMES,
  DOCUMENT_OPTIONS,
  givenDocumentOptions,
  type DocumentOptions,
} from '../text/formats/corpus.js';
import { buildFolder } from './build-folder.js';
import { BUILD_CHECKS, MACHINE_OPTIONS } from './plan/options.js';
import type { TrainReport } from './train.js';
import { openCounted, type OpenedModels } from './opened-models.js';

/** A model, and a factor for its counts. */
export interface WeightedModel {
  /** The folder of the model, or the path or URL of a packed model. */
  readonly model: string;
  /** The number by which the counts of the model are multiplied, as if its text came that many times: a whole number from 1. Default 1. */
  readonly times?: number;
}

/** The options of {@link merge} and {@link subtract} besides the models. */
export interface CombineOptions extends DocumentOptions {
  /** The folder of the new model. With `force` it may be the folder of one of the models. */
  readonly out: string;
  /** Number of classes that words are grouped into, as in {@link train}. Default 0: the new model has no classes. */
  readonly classes?: number | readonly number[];
  /** Files of held-out text to tune the weights of the mixture on. Default: the new model has no tuned weights. */
  readonly tune?: readonly string[];
  /** Bytes of memory to aim for. Default: half of the machine's. */
  readonly memory?: number;
  /** Counting threads. Default: one a core. */
  readonly threads?: number;
  /** Replaces a model that is in the folder. Default false. */
  readonly force?: boolean;
  /** Called with the progress of the work, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the work when aborted, within a second; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/** The options of {@link merge}. */
export interface MergeOptions extends CombineOptions {
  /** The models to merge, which are not changed: paths, or paths with a factor for the counts. */
  readonly models: readonly (string | WeightedModel)[];
}

/** The options of {@link subtract}. */
export interface SubtractOptions extends CombineOptions {
  /** The model to subtract from, which is not changed. */
  readonly model: string;
  /** The models to subtract. The text of each must be part of the text of `model`. */
  readonly subtract: readonly string[];
}

const COMBINE_OPTIONS = {
  out: required(checkPath),
  classes: BUILD_CHECKS.classes,
  tune: checkPaths,
  ...DOCUMENT_OPTIONS,
  memory: MACHINE_OPTIONS.memory.check,
  threads: MACHINE_OPTIONS.threads.check,
  force: checkFlag,
  ...WORK_OPTIONS,
};

const WEIGHTED_MODEL = members({
  model: required(checkPath),
  times: (name, value) => void checkInteger(name, value, 1, 2 ** 32 - 1),
});

/** The checks of {@link MergeOptions}. */
const MERGE_OPTIONS: OptionTable<MergeOptions> = {
  models: required(
    listOf((name, value) =>
      typeof value === 'string' ? checkPath(name, value) : WEIGHTED_MODEL(name, checkObject(name, value)),
    ),
  ),
  ...COMBINE_OPTIONS,
};

/** The checks of {@link SubtractOptions}. */
const SUBTRACT_OPTIONS: OptionTable<SubtractOptions> = {
  model: required(checkPath),
  subtract: required(checkPaths),
  ...COMBINE_OPTIONS,
};

/**
 * Merges models into one, which has the same keys and values as the model that {@link train} makes of the joined texts. Needs only the
 * models, not their texts, and takes less time than training.
 *
 * The models must have the same order, skip patterns and text options; either each model knows all words of its text, or all models
 * know the same list of words. A pruned model or an imported ARPA model cannot be merged, because it lacks counts. The new model does not
 * count sentences that were held out in training. Word classes and tuned weights belong to one text: the new model gets new ones
 * (`classes`, `tune`), or none, with a warning.
 *
 * @throws KneserError: KNESER_OPTION for models that cannot be merged, and why; KNESER_NO_COUNTS, KNESER_OUTPUT_*, KNESER_DISK_FULL,
 * KNESER_LIMIT, KNESER_ABORTED, and the errors of `LanguageModel.open`.
 * @example
 * ```ts
 * import { merge, train } from 'kneser';
 *
 * await train({ files: ['text.txt'], out: 'old', order: 3 });
 * await train({ files: ['valid.txt'], out: 'new', order: 3 });
 * // As if trained on text.txt, and on valid.txt twice.
 * const { tokens } = await merge({ models: ['old', { model: 'new', times: 2 }], out: 'merged' });
 * console.log(tokens);
 * ```
 */
export async function merge(options: MergeOptions): Promise<TrainReport> {
  checkOptions('merge', options, MERGE_OPTIONS);
  checkTexts(options);
  if (options.models.length === 0)
    throw new KneserError('KNESER_OPTION', 'models: the list is empty; name the models to merge');
  const models = options.models.map(model => (typeof model === 'string' ? { model } : model));
  return combine(
    await openCounted(
      models.map(({ model, times = 1 }) => ({ model, times })),
      'merge',
    ),
    options,
    'merging',
  );
}

/**
 * Takes the texts of some models out of another model. The new model has the same keys and values as the model that {@link train} makes
 * without these texts. Use it for leave-one-out experiments, and for text that must be removed. The conditions are the same as for
 * {@link merge}.
 *
 * @throws KneserError: KNESER_OPTION for models that cannot be subtracted, and why, also if a text is not part of the text of `model`; the
 * other codes of {@link merge}.
 * @example
 * ```ts
 * import { subtract, train } from 'kneser';
 *
 * await train({ files: ['text.txt', 'valid.txt'], out: 'all', order: 3 });
 * await train({ files: ['valid.txt'], out: 'part', order: 3 });
 * const { tokens } = await subtract({ model: 'all', subtract: ['part'], out: 'rest' });
 * console.log(tokens); // the tokens of text.txt
 * ```
 */
export async function subtract(options: SubtractOptions): Promise<TrainReport> {
  checkOptions('subtract', options, SUBTRACT_OPTIONS);
  checkTexts(options);
  const { model, subtract: taken } = options;
  const models = [{ model, times: 1 }, ...taken.map(path => ({ model: path, times: -1 }))];
  return combine(await openCounted(models, 'subtract'), options, 'subtracting');
}

/** Refuses options of documents without a text to tune on. @throws KNESER_OPTION */
function checkTexts(options: CombineOptions): void {
  if (options.tune === undefined) refuseWithout(options, DOCUMENT_OPTION_NAMES, 'tune');
}

/** Adds up the counts of models, each times its factor, and builds the model of the sum. Closes the models at the end. */
async function combine(opened: OpenedModels, options: CombineOptions, work: string): Promise<TrainReport> {
  const { out, classes, tune: files } = options;
  const reporting = givenOptions(options, ['onProgress', 'signal']);
  try {
    const [readModels, mergeTables] = await Promise.all([
      import('./stages/read-models.js'),
      import('./stages/merge-tables.js'),
    ]);
    const report = await buildFolder(
      { out, ...givenOptions(options, ['memory', 'threads', 'force', 'signal']) },
      () => ({
        options: { ...opened.options, ...givenOptions(options, ['classes']), ...reporting },
        open: async context => {
          const source = await readModels.run(context, opened.models);
          if (!('models' in source)) return source;
          return { ...source, writeTries: to => mergeTables.run(context, source, to) };
        },
      }),
      work,
    );
    const made = { classes: classes !== undefined, weights: files !== undefined };
    const warnings = [...report.warnings, ...opened.leftOut(made)];
    if (files) {
      const { tune } = await import('./tune.js');
      const onWarning = (warning: string): void => void warnings.push(warning);
      await tune({ model: out, files, ...givenDocumentOptions(options), onWarning, ...reporting });
    }
    return { ...report, warnings };
  } finally {
    await opened.close();
  }
}
