/** The messages between the page and the worker that holds its model. */
import type { Stage } from '../../src/base/progress.js';
import type { ModelSmoothing, Smoothing } from '../../src/smoothing/index.js';

/** The source of a model: the browser (`kept` is the name of the model), a packed file, or the address of a packed file. */
export type ModelSource =
  { readonly kept: string } | { readonly file: Blob; readonly name: string } | { readonly url: string };

/** A model that the browser keeps. */
export interface KeptModel {
  readonly name: string;
  /** Bytes of all values. */
  readonly bytes: number;
  /** When the model was made (ISO 8601). */
  readonly created: string;
}

/** The facts about the open model that the page shows. */
export interface ModelFacts {
  readonly name: string;
  /** Whether the browser keeps the model. */
  readonly isKept: boolean;
  readonly order: number;
  /** Number of tokens of the training text. */
  readonly tokens: number;
  /** Number of types. */
  readonly vocabulary: number;
  /** Bytes of all values. */
  readonly bytes: number;
  readonly smoothing: ModelSmoothing;
  /** Whether the model has tables of skip patterns. */
  readonly skips: boolean;
}

/** A text to train on, with the options of the training. */
export interface TrainingText {
  readonly file: Blob;
  /** The name of the model. */
  readonly name: string;
  readonly order: number;
  /** Whether to count skip patterns. */
  readonly skip: boolean;
}

/** The scored tokens of a text, in order. All arrays have one entry for each token. */
export interface Reading {
  /** A token is the part of the text from the offset `from` up to, not including, `to` [UTF-16 code units]. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** The index of the first token of the sentence that contains the token. */
  readonly firstInSentence: Uint32Array;
  /** The n-gram perplexity of the token. */
  readonly perplexities: Float64Array;
  readonly log10Probs: Float64Array;
  /** Length of the n-gram that matched [tokens]. */
  readonly matched: Uint8Array;
  /** 1 if the token is outside the vocabulary. */
  readonly oov: Uint8Array;
}

/** The share of the probability of a suggestion that comes from one pattern. */
export interface Vote {
  readonly pattern: string;
  /** The words of the context, oldest first; `undefined` for a skipped word. Empty for the unigram pattern. */
  readonly words: readonly (string | undefined)[];
  /** The share of the probability, 0 to 1. */
  readonly share: number;
}

/** A probable next word. */
export interface Suggestion {
  readonly token: string;
  /** p(token | context) */
  readonly probability: number;
  /** The shares of the patterns, largest first. */
  readonly votes: readonly Vote[];
}

/** A gap of a line, `___`. */
export interface Gap {
  /** The gap is the part of the line from the offset `from` up to, not including, `to` [UTF-16 code units]. */
  readonly from: number;
  readonly to: number;
  /** The first words after the gap. */
  readonly after: readonly string[];
}

/** How the page continues a text. */
export interface WriteOptions {
  /** Words are drawn in proportion to p^(1/temperature). */
  readonly temperature: number;
  /** The mean surprise that mirostat aims at [bits]; 0: all words may be drawn. */
  readonly mirostat: number;
  readonly seed: number;
}

/** The most probable next words. */
export interface Suggestions {
  /** The words before the suggestions, oldest first; empty at the beginning of a sentence. */
  readonly context: readonly string[];
  /** The beginning of a word that the user has typed and the suggestions complete; may be empty. */
  readonly partial: string;
  readonly items: readonly Suggestion[];
  /** The tokenizer of the model. */
  readonly tokenizer: string;
  /** With a gap in the line: the suggestions fill it. */
  readonly gap?: Gap;
}

/** Progress of training or of other work of the worker. */
export interface WorkProgress {
  readonly stage: Stage;
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: string;
}

/** The calls of the page to the worker. */
export interface Calls {
  /** The models that the browser keeps. */
  list(): KeptModel[];
  /** Trains a model, keeps it in the browser, and opens it. */
  train(text: TrainingText): ModelFacts;
  open(source: ModelSource): ModelFacts;
  /** Opens the open model again, with this smoothing. */
  smooth(smoothing: Smoothing): ModelFacts;
  /** Keeps the open model in the browser. */
  keep(): ModelFacts;
  /** Deletes a model that the browser keeps. @returns the other models. */
  remove(name: string): KeptModel[];
  /** Packs a model that the browser keeps; without a name, the open model. */
  pack(name?: string): Blob;
  /** Scores a text. */
  read(text: string): Reading;
  /** The most probable words at the caret of a line, or in its gap. @param before the line up to the caret. @param after the rest of the line. */
  suggest(before: string, after: string): Suggestions;
  /** The continuation of a line of text up to the end of the sentence. */
  write(before: string, options: WriteOptions): string;
}

export type CallName = keyof Calls;

/** A call, with an id that its replies repeat. */
export interface Request {
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
}

/** Stops the call whose request has this id. */
export interface Stop {
  readonly stop: number;
}

/** An error as a message; `code` is the code of a `KneserError`, or the name of another error. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** The result of a call, its failure, or its progress; `id` is the id of the request. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly id: number; readonly progress: WorkProgress };
