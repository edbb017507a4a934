/**
 * The one interface through which everything above reads a model: values by key. LevelDB stands behind it, and whatever
 * else holds the same keys and values.
 */
export interface ModelStore {
  /** What the store is called in messages: a path or an address. */
  readonly name: string;
  /** Whether an answer takes long, however little is asked for: then what may be needed is asked for all at once. */
  readonly distant?: boolean;
  /** The value of a key, or `undefined`. */
  readonly get: (key: Uint8Array) => Promise<Uint8Array | undefined>;
  /** The values of several keys, in their order. */
  readonly getMany: (keys: readonly Uint8Array[]) => Promise<(Uint8Array | undefined)[]>;
  /** All keys with their values, in the order of the keys' bytes. */
  readonly entries: () => AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** Gives back what the store holds open. Closing twice is fine. */
  readonly close: () => Promise<void>;
}

/** The other half, for training: a new store, written in one go. */
export interface ModelWriter {
  put(key: Uint8Array, value: Uint8Array): Promise<void>;
  /** Writes everything down, and gives back what the store holds open. */
  finish(): Promise<void>;
  /** Gives it back, whatever was written. */
  abort(): Promise<void>;
}

/** The files that belong to a model besides its store. */
export interface ModelFiles {
  readonly bytes: number;
  readonly created: string;
  /** Bytes of sets of weights, by name. */
  readonly weights: ReadonlyMap<string, Uint8Array>;
}
