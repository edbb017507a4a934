import type { BuildReport } from '../src/train/stages/report.js';
import { KneserError, type ErrorCode } from '../src/base/errors.js';
import type { BuildOptions } from '../src/train/plan/options.js';
import type { Progress } from '../src/base/progress.js';
import type { ModelFiles } from '../src/store/store.js';
import type { Sentence } from '../src/text/sentences.js';
import type { TrainText } from './text.js';

/** A text that one message to a worker can contain. */
export type WholeText = Exclude<TrainText, AsyncIterable<unknown>>;

/** A part of a text: a sentence, or a piece of its characters or bytes. */
export type TextPart = Sentence | Uint8Array;

/** A message to the worker that trains: first the options, then the next parts of the text each time the worker asks for more. */
export type TrainRequest =
  | {
      readonly kind: 'train';
      readonly options: BuildOptions;
      /** The whole text, or the kind of parts in which messages will bring it. */
      readonly text: { readonly whole: WholeText } | { readonly partsAre: 'pieces' | 'sentences' };
      // The options of the same names of `train`.
      readonly anyBytes: boolean;
      readonly memory: number;
      readonly threads: number;
    }
  /** The next parts of the text; `done` after the last part. */
  | { readonly kind: 'parts'; readonly parts: readonly TextPart[]; readonly done: boolean };

/** A message from the worker that trains. */
export type TrainReply =
  | { readonly kind: 'progress'; readonly progress: Progress }
  /** Asks for the next parts of the text. */
  | { readonly kind: 'more' }
  /** Keys and values of the model. */
  | { readonly kind: 'entries'; readonly entries: readonly (readonly [Uint8Array, Uint8Array])[] }
  | {
      readonly kind: 'trained';
      readonly report: BuildReport;
      readonly files: ModelFiles;
    }
  | { readonly kind: 'failed'; readonly message: string; readonly code: ErrorCode | undefined };

/** An error as a message to another thread. */
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

/** The part of the global scope of a worker that exchanges messages. */
export interface WorkerScope<Request, Reply> {
  onmessage: ((event: { readonly data: Request }) => void) | null;
  postMessage(message: Reply): void;
}
