import type { CountingPlace } from '../../count/pool.js';
import type { ModelStore, ModelWriter } from '../../store/store.js';
import type { Sentences } from '../../text/sentences.js';
import type { Checkpoints } from '../resume/checkpoints.js';

/**
 * The two ends of a training: the text that it reads, and the place (a folder, or memory) where it works and writes. The stages
 * know nothing else of files, browsers and LevelDB.
 */

/** A text that is read as bytes. */
export interface TextSource {
  /** Its name in messages: a path, mostly. */
  readonly name: string;
  /** Its size, where that is known. */
  readonly bytes: number | undefined;
  /** Whether the file holds the text line by line, so that messages may number its lines. */
  readonly isPlain: boolean;
  /**
   * Reads its bytes; a piece is valid until the next one is asked for.
   *
   * @param onRead told how many more of `bytes` were read.
   * @param onSkip told how many more documents were left out, since they have no text.
   */
  read(onRead: (bytes: number) => void, onSkip: (documents: number) => void): AsyncIterable<Uint8Array>;
}

/** The text that a model is trained on. */
export type BuildText = { readonly sources: readonly TextSource[] } | { readonly sentences: Sentences };

/** The stores of a training: the model's tables, and, where tables are pruned, those before pruning. */
export type StoreKind = 'tables' | 'unpruned';

/** The machine that a training runs on, and the place that its model goes to. */
export interface BuildPlace extends CountingPlace {
  /** The model's name in messages. */
  readonly name: string;
  /** Bytes of memory to aim for. */
  readonly memory: number;
  /** Gives the path of a temporary file. */
  temporary(name: string): string;
  /** Creates a store. */
  createStore(kind: StoreKind): Promise<ModelWriter>;
  /** Opens a store that was created and written. */
  openStore(kind: StoreKind): Promise<ModelStore>;
  /** Collects garbage, where a program may ask for that. @param pages whether to return its pages to the system too: twice the time. */
  readonly collect?: (pages: boolean) => void;
  /** Records which work is done, so that a later training can continue from there; without it none can. */
  readonly checkpoints?: Checkpoints;
  /** Stores a set of weights beside the model. */
  putWeights(name: string, value: Uint8Array): Promise<void>;
}
