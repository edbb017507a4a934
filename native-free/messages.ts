import type { BuildReport } from '../src/train/stages/report.js';
import { KneserError, type ErrorCode } from '../src/base/errors.js';
import type { BuildOptions } from '../src/train/plan/options.js';
import type { Progress } from '../src/base/progress.js';
import type { Sentence } from '../src/text/sentences.js';
import type { TrainText } from './text.js';

/** A text that can be sent to a worker whole. */
export type WholeText = Exclude<TrainText, AsyncIterable<unknown>>;

/** A message to the worker that trains: first the options of the training, then items of the text each time it asks for more. */
export type TrainRequest =
  | {
      readonly kind: 'train';
      readonly options: BuildOptions;
      /** The whole text, or the kind of items in which it will be sent. */
      readonly text: { readonly whole: WholeText } | { readonly items: 'pieces' | 'sentences' };
      /** Whether bytes are read as text whatever they are. */
      readonly anyBytes: boolean;
      readonly memory: number;
      readonly threads: number;
      /** The name under which IndexedDB keeps the model; `undefined`: it stays in memory. */
      readonly into: string | undefined;
      readonly force: boolean;
    }
  | { readonly kind: 'items'; readonly items: readonly (Sentence | Uint8Array)[]; readonly done: boolean };

/** A message from the worker that trains. */
export type TrainReply =
  | { readonly kind: 'progress'; readonly progress: Progress }
  /** Asks for the next items of the text. */
  | { readonly kind: 'more' }
  /** Keys and values of the model, if IndexedDB does not keep it. */
  | { readonly kind: 'values'; readonly entries: readonly (readonly [Uint8Array, Uint8Array])[] }
  | {
      readonly kind: 'trained';
      readonly report: BuildReport;
      readonly files: {
        readonly bytes: number;
        readonly created: string;
        readonly weights: ReadonlyMap<string, Uint8Array>;
      };
    }
  | { readonly kind: 'failed'; readonly message: string; readonly code: ErrorCode | undefined };

/** An error as it is sent to another thread. */
export function sentError(error: unknown): { message: string; code: ErrorCode | undefined } {
  return {
    message: error instanceof Error ? error.message : String(error),
    code: error instanceof KneserError ? error.code : undefined,
  };
}

/** The reverse of {@link sentError}. */
export function receivedError({ message, code }: { message: string; code: ErrorCode | undefined }): Error {
  return code ? new KneserError(code, message) : new Error(message);
}

/** The global scope of a worker, as far as it exchanges messages. */
export interface WorkerScope<Request, Reply> {
  onmessage: ((event: { readonly data: Request }) => void) | null;
  postMessage(message: Reply, transfer?: Transferable[]): void;
}
