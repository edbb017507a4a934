/**
 * Reads a model: values by key. The one interface between models and storage: LevelDB, one-file models, IndexedDB and memory
 * implement it.
 */
export interface ModelStore {
  /** The name of the store in messages: a path or an address. */
  readonly name: string;
  /** The value of a key; `undefined` if the store lacks the key. */
  readonly get: (key: Uint8Array) => Promise<Uint8Array | undefined>;
  /** The values of several keys, in their order. */
  readonly getMany: (keys: readonly Uint8Array[]) => Promise<(Uint8Array | undefined)[]>;
  /** All keys with their values, in the order of the keys' bytes. */
  readonly entries: () => AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** Closes files and connections. Closing twice is fine. */
  readonly close: () => Promise<void>;
}

/** Writes a new model: each key once, the manifest last, then {@link finish} or {@link abort}. */
export interface ModelWriter {
  put(key: Uint8Array, value: Uint8Array): Promise<void>;
  /** Makes all values durable, and closes the store. */
  finish(): Promise<void>;
  /** Closes the store; the values that were written are incomplete. */
  abort(): Promise<void>;
}

/** The parts of a model outside of its store. */
export interface ModelFiles {
  /** Bytes of the model on disk. */
  readonly bytes: number;
  /** When the model was made, ISO 8601. */
  readonly created: string;
  /** Encoded sets of weights, by name. */
  readonly weights: ReadonlyMap<string, Uint8Array>;
}
