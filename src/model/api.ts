import {
  checkFunction,
  checkInteger,
  checkSignal,
  checkThreads,
  oneOf,
  wholeNumber,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { TEXT_OPTIONS, type TextOptions, type TokenScore } from './scoring/score.js';
import { MAX_ORDER } from '../tables/pattern.js';
import type { WorkOptions } from '../base/progress.js';
import type { Pruning } from '../tables/pruning.js';
import type { TuneReport } from './scoring/weights.js';
import type { ModelOptions } from '../tables/manifest.js';
import { DOCUMENT_OPTIONS, type DocumentOptions } from '../text/formats/corpus.js';
import { SMOOTHING_OPTIONS, type ModelSmoothing, type SmoothingOptions } from '../smoothing/index.js';

/** How to open a model. */
export interface OpenOptions extends SmoothingOptions {
  /** Bytes of decoded blocks to keep in memory. Default 128 MiB. Has no effect on a loaded model. */
  readonly blockMemory?: number;
  /**
   * Scores as a model of a lower order: histories have order − 1 tokens. The n-grams of this order have continuation counts here; in
   * a model trained with this order they have raw counts, so that its probabilities differ. Default: the model's order.
   */
  readonly order?: number;
  /**
   * Whether files are scored from whole tables in memory. Default `auto`: tables are loaded if the file is long enough to repay
   * the time of loading and the tables take less than half of the free memory.
   */
  readonly tables?: TableReading;
}

/** How to load a model. */
export type LoadOptions = WorkOptions;

/** How to open a packed model. */
export interface FromFileOptions extends OpenOptions {
  /** Stops requests to a server when aborted, also the requests of later calls. */
  readonly signal?: AbortSignal;
}

/** `page` reads blocks as they are needed, `load` reads whole tables first, `auto` chooses by the length of the text. */
export type TableReading = 'auto' | 'page' | 'load';

/** The checks of {@link OpenOptions}. */
export const OPEN_OPTIONS: OptionTable<Omit<OpenOptions, 'startingWeights'>> = {
  ...SMOOTHING_OPTIONS,
  order: wholeNumber(1, MAX_ORDER),
  blockMemory: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  tables: oneOf(['auto', 'page', 'load']),
};

/** The checks of {@link LoadOptions}. */
export const LOAD_OPTIONS: OptionTable<LoadOptions> = WORK_OPTIONS;

/** The checks of {@link FromFileOptions}. */
export const FROM_FILE_OPTIONS: OptionTable<Omit<FromFileOptions, 'startingWeights'>> = {
  ...OPEN_OPTIONS,
  signal: checkSignal,
};

/** How a file is scored. `onProgress` is called in two stages: `load` while the tables are loaded (in n-grams), `score` while the file is read (in bytes). */
export interface FileOptions extends TextOptions, DocumentOptions {
  /**
   * Number of threads that score. Has an effect only with tables in memory and without a cache. Default: one thread per core
   * for a long text. The figures do not depend on the number of threads.
   */
  readonly threads?: number;
  /** Size of all files that will be scored, in bytes, if this file is one of several; NaN if it is unknown. Default: the file's size. */
  readonly expectedBytes?: number;
  /** Called with the number of documents left out each time `missing: 'skip'` leaves some out. */
  readonly onSkip?: (documents: number) => void;
}

/** The checks of {@link FileOptions}. */
export const FILE_OPTIONS: OptionTable<FileOptions> = {
  ...TEXT_OPTIONS,
  ...DOCUMENT_OPTIONS,
  threads: checkThreads,
  expectedBytes: (name, value) => {
    if (!Number.isNaN(value)) checkInteger(name, value, 0, Number.MAX_SAFE_INTEGER);
  },
  onSkip: checkFunction,
};

/** A table in the list {@link ModelInfo}.tables. A back-off model has no counts: every figure that depends on counts is 0. */
export interface TableInfo {
  /** Kept (`1`) and skipped (`_`) positions, oldest first, predicted word last: `111` are trigrams, `1_1` skips the word in between. */
  readonly pattern: string;
  /** Distinct n-grams; for order 1 the size of the vocabulary. */
  readonly types: number;
  /** Distinct n-grams that pruning removed from this table. */
  readonly dropped: number;
  /** The sum of the counts of all n-grams, also of the n-grams that pruning removed. */
  readonly tokens: number;
  /** The discounts of the smoothing in use: D1, D2 and D3+ are subtracted from the counts 1, 2, and 3 or more. */
  readonly discounts: readonly [number, number, number];
  /** Whether the discounts are the smoothing's fallback (0.5, 1, 1.5), for tables too small or too regular to estimate them. */
  readonly fallback: boolean;
}

/** Size, training options and smoothing of a model. A back-off model has no counts: every figure that depends on counts is 0. */
export interface ModelInfo {
  /** Length of the longest n-grams. */
  readonly order: number;
  /** Sentences of the training text. */
  readonly sentences: number;
  /** Tokens of the training text, `</s>` counted. */
  readonly tokens: number;
  /** Number of types, with `</s>` and `<unk>`, without `<s>`. */
  readonly vocabulary: number;
  /** Bytes on disk. */
  readonly bytes: number;
  /** The tables of the model, shorter contexts first. */
  readonly tables: readonly TableInfo[];
  /** The version of the model format. */
  readonly version: number;
  /** When the model was made, as ISO 8601. */
  readonly created: string;
  /** How the text was read. */
  readonly options: ModelOptions;
  /** How the model was pruned; `null` if it was not. */
  readonly pruning: Pruning | null;
  /** The smoothing with which the model was opened; `backoff` for an imported model, which has no counts to smooth. */
  readonly smoothing: ModelSmoothing;
  /** Number of word classes of the first clustering; 0 without a class model. */
  readonly classes: number;
  /** Number of word classes of each clustering; empty without a class model. */
  readonly clusterings: readonly number[];
  /** The clustering, from 1, whose classes Model M predicts; `null` without Model M. */
  readonly modelM: number | null;
  /** The sets of tuned weights in the model, and how each set was tuned. */
  readonly weights: readonly ({
    /** The name of the set. */
    readonly name: string;
  } & TuneReport)[];
  /** Eight hexadecimal digits that name the model in reports: equal for models of the same text and options. */
  readonly identity: string;
}

/** The position of a decoder in a sentence: the previous words that the probability of the next word depends on. Immutable. */
export interface State {
  /**
   * The ids of the nearest words, oldest first: at most order − 1, and only the words on which the probability of a later word can
   * depend (Li & Khudanpur 2008).
   */
  readonly history: Uint32Array;
  /** Equal for equal histories: decoders merge hypotheses whose states have the same key. */
  readonly key: string;
  /** {@link ModelInfo.identity} of the model that made the state, the only one that takes it. */
  readonly model: string;
}

/** The result of {@link LoadedModel.extend}. */
export interface Extension extends TokenScore {
  /** The state after the token. */
  readonly state: State;
}

/** The result of {@link LoadedModel.sample}. */
export interface Sample extends Extension {
  /** The token that was drawn. Its `log10Prob` is that of the model, before truncation and temperature. */
  readonly token: string;
  /** From how many types it was drawn. */
  readonly kept: number;
}
