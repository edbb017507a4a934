import type { BuildReport } from '../src/train/stages/report.js';
import { KneserError, type ErrorCode } from '../src/base/errors.js';
import type { BuildOptions } from '../src/train/plan/options.js';
import type { Progress } from '../src/base/progress.js';
import type { Sentence } from '../src/text/sentences.js';
import type { TrainText } from './text.js';

/** A text that can be sent as it is. */
export type WholeText = Exclude<TrainText, AsyncIterable<unknown>>;

/** What the worker that trains is sent: what to do, and then items of the text as it asks for them. */
export type TrainRequest =
  | {
      readonly kind: 'train';
      readonly options: BuildOptions;
      /** A text that can be sent whole, or what kind of items it comes in. */
      readonly text: { readonly whole: WholeText } | { readonly items: 'pieces' | 'sentences' };
      /** Whether bytes are read as text whatever they are. */
      readonly anyBytes: boolean;
      readonly memory: number;
      readonly threads: number;
      /** The name that IndexedDB is to keep the model by. */
      readonly into: string | undefined;
      readonly force: boolean;
    }
  | { readonly kind: 'items'; readonly items: readonly (Sentence | Uint8Array)[]; readonly done: boolean };

/** What it answers. */
export type TrainReply =
  | { readonly kind: 'progress'; readonly progress: Progress }
  /** Asks for items. */
  | { readonly kind: 'more' }
  /** Keys and values of the model, if it is not kept elsewhere. */
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

/** The reverse. */
export function receivedError({ message, code }: { message: string; code: ErrorCode | undefined }): Error {
  return code ? new KneserError(code, message) : new Error(message);
}

/** The side of a channel that a worker sees. */
export interface WorkerScope<Request, Reply> {
  onmessage: ((event: { readonly data: Request }) => void) | null;
  postMessage(message: Reply, transfer?: Transferable[]): void;
}
