import type { Pruning } from '../prune/pruning.js';
import type { TuneReport } from '../smooth/weights.js';
import type { Manifest } from '../store/manifest.js';
import type { DocumentOptions } from '../text/documents.js';
import { TextCache } from './cache.js';
import type { ModelSmoothing, SmoothingOptions } from './parts.js';

/** How to open a model. */
export interface OpenOptions extends SmoothingOptions {
  /** Bytes of decoded blocks to keep in memory. Default 128 MiB. Has no effect on a loaded model. */
  readonly blockMemory?: number;
  /** Whether files are scored from whole tables in memory. Default `auto`: where that is faster and memory allows it. */
  readonly tables?: TableReading;
}

/** How to open a packed model. */
export interface FromFileOptions extends OpenOptions {
  /** Stops requests to a server when aborted, those of later calls too. */
  readonly signal?: AbortSignal;
}

/** `page` reads blocks as they are needed, `load` reads whole tables first, `auto` chooses by the length of the text. */
export type TableReading = 'auto' | 'page' | 'load';

/** How a text is scored. */
export interface TextOptions {
  /**
   * Mixes in a cache of the text so far, which begins empty with each text. For running text: with it sentences depend on
   * the ones before. Needs tuned weights. Default false.
   */
  readonly cache?: boolean;
}

/** How a file is scored, and who is told about it. */
export interface FileOptions extends TextOptions, DocumentOptions {
  /**
   * Threads that score, with tables in memory and without a cache. Default: one a core, for a text of some length. The
   * figures do not depend on it.
   */
  readonly threads?: number;
  /** Bytes of text that are going to be scored, where the file is one of several. Default: the file's size. */
  readonly expectedBytes?: number;
  /** Told how many bytes were read from the disk, each time. */
  readonly onRead?: (bytes: number) => void;
  /** Told which share of the tables, 0 to 1, has been loaded. */
  readonly onLoad?: (share: number) => void;
}

/** How to score a sentence. */
export interface ScoreOptions {
  /** Whether the text begins a sentence: `<s>` stands before it. Default true. */
  readonly start?: boolean;
  /** Whether the text ends a sentence: `</s>` is scored after it. Default true. */
  readonly end?: boolean;
  /** The running text that the sentence belongs to, from `createCache`; the sentence becomes part of it. */
  readonly cache?: TextCache | undefined;
}

/** A scored sentence. All arrays have one entry a token; the last token is `</s>` unless that was left out. */
export interface Score {
  /** As they are in the text, after lower-casing where the model does that. */
  readonly tokens: string[];
  /** log10 p(token | history). */
  readonly log10Probs: Float64Array;
  /** The length of the longest n-gram found ending at the token, 1 for a token outside the vocabulary. */
  readonly matched: Uint8Array;
  /** Whether the token is outside the vocabulary. */
  readonly oov: boolean[];
  /** Σ log10 p. */
  readonly log10Prob: number;
  /** 10^(−log10Prob / tokens); `null` where there is no token. */
  readonly perplexity: number | null;
}

/** The score of one token. */
export interface TokenScore {
  readonly log10Prob: number;
  readonly matched: number;
  readonly oov: boolean;
}

/** What to predict, and after what. */
export interface PredictOptions {
  /** How many tokens, from 1 on. Default 10. */
  readonly k?: number;
  /** Whether the history begins a sentence: `<s>` stands before it. Default true. */
  readonly start?: boolean;
  /** Whether `<unk>` is predicted too, which stands for all unknown words. Default false. */
  readonly unknown?: boolean;
  /** Whether each prediction says what every pattern gave it. Default false. */
  readonly explain?: boolean;
}

/** A token that may come next. */
export interface Prediction {
  /** A word, or `</s>`; never `<s>`. */
  readonly token: string;
  /** p(token | history). */
  readonly probability: number;
  readonly log10Prob: number;
  /** The length of the longest n-gram found that ends at the token. */
  readonly matched: number;
  /** Where it was asked for. */
  readonly explanation?: Explanation;
}

/** Where a probability comes from: the sum of the patterns' parts and `uniform`. */
export interface Explanation {
  /** The patterns that saw the token after this history, by what they give it, falling. */
  readonly patterns: readonly PatternPart[];
  /** What every token has of the uniform distribution. */
  readonly uniform: number;
}

/** What a pattern gives a token: its discounted count there over the context's total, times the pattern's weight. */
export interface PatternPart {
  /** As in {@link TableInfo}; with `c` in place of `1`, a pattern of the class model. */
  readonly pattern: string;
  readonly probability: number;
}

/** A table of a model, as {@link ModelInfo} has it. A back-off model has no counts: all that depends on them is 0. */
export interface TableInfo {
  /** Kept and skipped positions, oldest first, target last: `111` are the trigrams, `1_1` those that skip a word. */
  readonly pattern: string;
  /** Distinct n-grams; for order 1 the size of the vocabulary. */
  readonly types: number;
  /** How many more there were before the model was pruned. */
  readonly dropped: number;
  /** The sum of the counts, those that were pruned included. */
  readonly tokens: number;
  /** D1, D2, D3+. */
  readonly discounts: readonly [number, number, number];
  /** Whether the discounts are the fallback 0.5, 1, 1.5. */
  readonly fallback: boolean;
}

/** What a model says of itself. A back-off model has no counts: all that depends on them is 0. */
export interface ModelInfo {
  readonly order: number;
  readonly sentences: number;
  /** Tokens of the training text, `</s>` counted. */
  readonly tokens: number;
  /** Types with `</s>` and `<unk>`, without `<s>`. */
  readonly vocabulary: number;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly tables: readonly TableInfo[];
  /** The version of the model format. */
  readonly version: number;
  /** ISO 8601. */
  readonly created: string;
  readonly options: Manifest['options'];
  /** How the model was pruned; `null` where it was not. */
  readonly pruning: Pruning | null;
  /** How this opening of the model smooths its counts; `backoff` for a model that has none, as ARPA files do. */
  readonly smoothing: ModelSmoothing;
  /** How many classes its words have; 0 without a class model. */
  readonly classes: number;
  /** The sets of tuned weights that it has, and how each was tuned. */
  readonly weights: readonly ({ readonly name: string } & TuneReport)[];
}
/** Where a decoder stands in a sentence: the words that the next one depends on. Never changes. */
export interface State {
  /** The nearest words, oldest first, at most order − 1; only ids. */
  readonly history: Uint32Array;
}

/** What {@link LoadedModel.extend} returns. */
export interface Extension extends TokenScore {
  readonly state: State;
}
