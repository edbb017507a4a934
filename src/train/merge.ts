import {
  checkFlag,
  checkInteger,
  checkObject,
  checkOptions,
  checkPath,
  checkPaths,
  listOf,
  members,
  required,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import { DOCUMENT_OPTIONS, givenDocumentOptions, type DocumentOptions } from '../text/formats/corpus.js';
import { buildFolder } from './build-folder.js';
import { BUILD_CHECKS, givenOptions, MACHINE_OPTIONS } from './plan/options.js';
import type { TrainReport } from './train.js';
import { openCounted, type OpenedModels } from './opened-models.js';

/** A model, and how often its text counts. */
export interface WeightedModel {
  /** The folder of the model, a packed file, or its address. */
  readonly model: string;
  /** How often its text counts: a whole number from 1. Default 1. */
  readonly times?: number;
}

/** The options of {@link merge} and {@link subtract} besides the models. */
export interface CombineOptions extends DocumentOptions {
  /** The folder of the new model. With `force` it may be the folder of one of the models. */
  readonly out: string;
  /** Number of classes that words are grouped into, as in {@link train}. Default 0: classes of the models are left out. */
  readonly classes?: number;
  /** Files of held-out text to tune the weights of the mixture on. Default: no weights are tuned; the models' weights are left out. */
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
  /** The models, which stay as they are: paths, or a path and how often its text counts. */
  readonly models: readonly (string | WeightedModel)[];
}

/** The options of {@link subtract}. */
export interface SubtractOptions extends CombineOptions {
  /** The model to subtract from. It stays as it is. */
  readonly model: string;
  /** Models of texts that are part of its text. */
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
 * Merges models into one: the model of their texts together, with the same counts, keys and values as {@link train} makes of the joined
 * texts. Works on counts alone, and in a part of the time of training.
 *
 * The models must have the same order, skip patterns and text options; each must know all words of its text, or all the same list of
 * words. Counts of pruned and imported models are not known. Sentences that were held out are not counted. Word classes and tuned
 * weights belong to one text: they are made anew (`classes`, `tune`), or left out with a warning.
 *
 * @throws KneserError: KNESER_OPTION for models that cannot be merged, and why; KNESER_NO_COUNTS, KNESER_OUTPUT_*, KNESER_DISK_FULL,
 * KNESER_LIMIT, KNESER_ABORTED, and what `LanguageModel.open` throws.
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
 * Takes the text of one model out of another: the model that {@link train} makes without that text, with the same keys and values. For
 * leaving one text out, and for text that must be removed. The conditions are those of {@link merge}.
 *
 * @throws KneserError: KNESER_OPTION for models that cannot be subtracted, and why, also if a text is no part of the model's; else as
 * {@link merge}.
 * @example
 * ```ts
 * import { subtract, train } from 'kneser';
 *
 * await train({ files: ['text.txt', 'valid.txt'], out: 'all', order: 3 });
 * await train({ files: ['valid.txt'], out: 'part', order: 3 });
 * const { tokens } = await subtract({ model: 'all', subtract: ['part'], out: 'rest' });
 * console.log(tokens); // those of text.txt
 * ```
 */
export async function subtract(options: SubtractOptions): Promise<TrainReport> {
  checkOptions('subtract', options, SUBTRACT_OPTIONS);
  const { model, subtract: taken } = options;
  if (taken.length === 0)
    throw new KneserError('KNESER_OPTION', 'subtract: the list is empty; name the models to subtract');
  const models = [{ model, times: 1 }, ...taken.map(path => ({ model: path, times: -1 }))];
  return combine(await openCounted(models, 'subtract'), options, 'subtracting');
}

/** Builds the model of the sum of models, which are closed at the end. */
async function combine(opened: OpenedModels, options: CombineOptions, work: string): Promise<TrainReport> {
  const { out, classes, tune: files } = options;
  const reporting = givenOptions(options, ['onProgress', 'signal']);
  try {
    const { run } = await import('./stages/read-models.js');
    const report = await buildFolder(
      { out, ...givenOptions(options, ['memory', 'threads', 'force', 'signal']) },
      () => ({
        options: { ...opened.options, ...givenOptions(options, ['classes']), ...reporting },
        open: context => run(context, opened.models),
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
