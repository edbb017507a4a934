/** What the page and the worker that holds its model say to each other. */
import type { ModelSmoothing, Smoothing } from '../../src/smoothing/index.js';

/** Where a model comes from. */
export type ModelSource =
  { readonly kept: string } | { readonly file: Blob; readonly name: string } | { readonly url: string };

/** A model that is kept in the browser. */
export interface KeptModel {
  readonly name: string;
  readonly bytes: number;
  /** ISO 8601. */
  readonly created: string;
}

/** What the page shows of the open model. */
export interface ModelFacts {
  readonly name: string;
  /** Whether it is kept in the browser. */
  readonly isKept: boolean;
  readonly order: number;
  readonly tokens: number;
  readonly vocabulary: number;
  readonly bytes: number;
  readonly smoothing: ModelSmoothing;
  /** Whether it has counts over skip patterns. */
  readonly skips: boolean;
}

/** What to train from. */
export interface TrainingText {
  readonly file: Blob;
  readonly name: string;
  readonly order: number;
  readonly skip: boolean;
}

/** The scored tokens of a text. All arrays have one entry a token. */
export interface Reading {
  /** Where the token begins and ends in the text. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** The place of the first token of its sentence. */
  readonly first: Uint32Array;
  /** Its n-gram perplexity. */
  readonly values: Float64Array;
  readonly log10Probs: Float64Array;
  readonly matched: Uint8Array;
  readonly oov: Uint8Array;
}

/** What one pattern gave a suggestion. */
export interface Vote {
  readonly pattern: string;
  /** The words of the context, oldest first; `undefined` for a skipped one. Empty for the pattern of the word alone. */
  readonly words: readonly (string | undefined)[];
  /** Its part of the probability, 0 to 1. */
  readonly share: number;
}

export interface Suggestion {
  readonly token: string;
  readonly probability: number;
  /** By falling share. */
  readonly votes: readonly Vote[];
}

export interface Suggestions {
  /** The words they come after, the nearest last; empty at the beginning of a sentence. */
  readonly context: readonly string[];
  /** The beginning of a word that they go on from. */
  readonly partial: string;
  readonly items: readonly Suggestion[];
  /** How the model cuts text: white space, words, or into what are no words. */
  readonly tokenizer: string;
}

/** Progress of training. */
export interface Training {
  readonly stage: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: string;
}

/** What the page asks of the worker. */
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

/** Stops the call of this number. */
export interface Stop {
  readonly stop: number;
}

/** What went wrong, in words; `code` is that of a `KneserError`, or the name of another error. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly id: number; readonly progress: Training };
