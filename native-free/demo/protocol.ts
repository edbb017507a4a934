/** The messages between the page and the worker that holds its model. */
import type { Stage } from '../../src/base/progress.js';
import type { ModelSmoothing, Smoothing } from '../../src/smoothing/index.js';

/** The source of a model. */
export type ModelSource =
  { readonly kept: string } | { readonly file: Blob; readonly name: string } | { readonly url: string };

/** A model that is kept in the browser. */
export interface KeptModel {
  readonly name: string;
  readonly bytes: number;
  /** A time in ISO 8601. */
  readonly created: string;
}

/** The facts about the open model that the page shows. */
export interface ModelFacts {
  readonly name: string;
  /** Whether the browser keeps the model. */
  readonly isKept: boolean;
  readonly order: number;
  readonly tokens: number;
  readonly vocabulary: number;
  readonly bytes: number;
  readonly smoothing: ModelSmoothing;
  /** Whether it has counts over skip patterns. */
  readonly skips: boolean;
}

/** The source of a training. */
export interface TrainingText {
  readonly file: Blob;
  readonly name: string;
  readonly order: number;
  readonly skip: boolean;
}

/** The scored tokens of a text. All arrays have one entry for each token. */
export interface Reading {
  /** The places in the text at which each token begins, and (`to`) ends. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** The index of the first token of the token's sentence. */
  readonly first: Uint32Array;
  /** The token's n-gram perplexity. */
  readonly values: Float64Array;
  readonly log10Probs: Float64Array;
  readonly matched: Uint8Array;
  readonly oov: Uint8Array;
}

/** The share of a suggestion's probability from one pattern. */
export interface Vote {
  readonly pattern: string;
  /** The words of the context, oldest first; `undefined` for a skipped one. Empty for the pattern of the word alone. */
  readonly words: readonly (string | undefined)[];
  /** The share of the probability, 0 to 1. */
  readonly share: number;
}

export interface Suggestion {
  readonly token: string;
  readonly probability: number;
  /** Sorted by share, largest first. */
  readonly votes: readonly Vote[];
}

export interface Suggestions {
  /** The words before the suggestions, the nearest last; empty at the beginning of a sentence. */
  readonly context: readonly string[];
  /** The typed beginning of a word that the suggestions complete. */
  readonly partial: string;
  readonly items: readonly Suggestion[];
  /** How the model splits text: at white space, into words, or into tokens that are no words. */
  readonly tokenizer: string;
}

/** Progress of training. */
export interface Training {
  readonly stage: Stage;
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: string;
}

/** The calls of the page to the worker. */
export interface Calls {
  list(): KeptModel[];
  train(text: TrainingText): ModelFacts;
  open(source: ModelSource): ModelFacts;
  smooth(smoothing: Smoothing): ModelFacts;
  keep(): ModelFacts;
  remove(name: string): KeptModel[];
  pack(name?: string): Blob;
  read(text: string): Reading;
  suggest(before: string): Suggestions;
}

export type CallName = keyof Calls;

export interface Request {
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
}

/** Stops the call with this number. */
export interface Stop {
  readonly stop: number;
}

/** An error as a message; `code` is the code of a `KneserError`, or the name of another error. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly id: number; readonly progress: Training };
