import type { CountingResources } from '../../count/pool.js';
import type { ModelStore, ModelWriter } from '../../store/store.js';
import type { IndexThreads } from '../../tables/index-threads.js';
import type { Sentences } from '../../text/sentences.js';
import type { TextChanges } from '../../text/tokenization.js';
import type { TokenizingPlan } from '../../text/tokenizing-thread.js';
import type { TokenSink } from '../../text/tokenizer.js';
import type { Checkpoints } from '../resume/checkpoints.js';

/**
 * The text that a training reads, and the workspace (a folder, or memory) where it works and writes. Stages use files, browsers and LevelDB
 * only through these types.
 */

/** One input of a training: bytes of text. */
export interface TextSource {
  /** The name of the input in messages: mostly a path. */
  readonly name: string;
  /** The size of the input [bytes]; `undefined` for a pipe. */
  readonly bytes: number | undefined;
  /** Whether the file holds the text line by line, so that messages may number its lines. */
  readonly isPlain: boolean;
  /**
   * Reads the bytes of the text. A piece is valid until the next one is asked for.
   *
   * @param onRead called with the number of bytes just read; all calls together add up to `bytes`.
   * @param onSkip called with the number of documents without text that were just left out.
   */
  read(onRead: (bytes: number) => void, onSkip: (documents: number) => void): AsyncIterable<Uint8Array>;
}

/** Threads that tokenize texts, and give the tokens to a sink in the order of the texts. */
export interface TextThreads {
  /** Takes the next bytes of a text. */
  feed(source: string, bytes: Uint8Array): Promise<void>;
  /** Ends a text, and waits until the sink has its tokens. */
  end(source: string): Promise<void>;
  close(): void;
}

/** The text that a model is trained on. */
export type BuildText = { readonly sources: readonly TextSource[] } | { readonly sentences: Sentences };

/** The stores of a training: `counted` has all rows, `pruned` the rows that pruning leaves, `tables` the model, whose tables are tries. */
export type StoreKind = 'counted' | 'pruned' | 'tables';

/** The machine that a training runs on, and the workspace where its model is written. */
export interface Workspace extends CountingResources {
  /** The model's name in messages. */
  readonly name: string;
  /** Bytes of memory that the stages divide among themselves. */
  readonly memory: number;
  /** Starts threads that tokenize; if missing, the stage's own thread tokenizes. */
  readonly startTokenizing?: (
    threads: number,
    plan: TokenizingPlan,
    sink: TokenSink,
    changes: TextChanges,
  ) => TextThreads;
  /** Starts threads that index tables; if missing, the stage's own thread does. */
  readonly startIndexing?: (threads: number, memory: number) => IndexThreads | undefined;
  /** Gives the path of a temporary file. */
  temporary(name: string): string;
  /** Creates a store. */
  createStore(kind: StoreKind): Promise<ModelWriter>;
  /** Opens a store that was created and written. */
  openStore(kind: StoreKind): Promise<ModelStore>;
  /** Collects garbage, if the engine can. @param pages whether freed memory is also returned to the system, which takes twice the time. */
  readonly collect?: (pages: boolean) => void;
  /** Stores finished work, so that a later training can continue from it; missing where a training cannot be resumed. */
  readonly checkpoints?: Checkpoints;
  /** Stores a set of weights beside the model. */
  putWeights(name: string, value: Uint8Array): Promise<void>;
}
