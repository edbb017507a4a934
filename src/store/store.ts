/**
 * Reads the values of a model by key. This is the one interface between models and storage: LevelDB, packed models, IndexedDB and memory
 * implement it. Its functions are members of the object itself, so that `{ ...store, close }` is a store with another `close`.
 */
export interface ModelStore {
  /** The name of the store in messages: a path or an address. */
  readonly name: string;
  /** The value of a key; `undefined` if the store lacks the key. */
  readonly get: (key: Uint8Array) => Promise<Uint8Array | undefined>;
  /** The values of several keys, in their order. A value may be a view of a larger buffer: whoever keeps it makes a copy. */
  readonly getMany: (keys: readonly Uint8Array[]) => Promise<(Uint8Array | undefined)[]>;
  /**
   * As {@link getMany}, but calls `act` with each value, in any order; the value is valid only during the call. A store that reads files
   * has it, because it can then read into the same memory again.
   *
   * @param act called with the value (`undefined` if the store lacks the key) and the index of its key.
   */
  readonly visitMany?:
    | ((keys: readonly Uint8Array[], act: (value: Uint8Array | undefined, item: number) => void) => Promise<void>)
    | undefined;
  /** All keys with their values, in the order of the keys' bytes. */
  readonly entries: () => AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** Ends the requests to a server that are pending, and refuses later ones (KNESER_CLOSED). Only a store on a server has it. */
  readonly stop?: (() => void) | undefined;
  /** Closes files and connections. Closing twice is fine. */
  readonly close: () => Promise<void>;
  /** For files on a disk: the data that another thread needs to read the same files, while this store is open. */
  readonly shared?: SharedStore | undefined;
}

/** Plain data by which another thread reads the files of an open store (`openShared`). */
export type SharedStore = SharedTables | SharedPacked;

/** The table files of a generation. */
export interface SharedTables {
  readonly kind: 'tables';
  /** The folder of the files. */
  readonly folder: string;
  readonly files: readonly SharedFile[];
  /** The name of the store in messages. */
  readonly name: string;
  /** The folder of the files in messages. */
  readonly shown: string;
}

/** A file of a generation's LevelDB. */
export interface SharedFile {
  readonly name: string;
  readonly bytes: number;
  /** Only for table files. */
  readonly table?: TableFile;
}

/** The description of a table file of LevelDB, with which its values are read without LevelDB (`folder/table-file.ts` draws the file). */
export interface TableFile {
  /** The offset in the file at which the data blocks end [bytes]. */
  readonly indexFrom: number;
  /** The CRC-32 of the bytes from `indexFrom` to the end of the file, in hexadecimal. The bytes are compared with it when they are read. */
  readonly indexCrc32: string;
  /** The first key of the file, in hexadecimal. */
  readonly first: string;
  /** The last key of the file, in hexadecimal. */
  readonly last: string;
}

/** A packed model in an open file. */
export interface SharedPacked {
  readonly kind: 'packed';
  /** The descriptor of the open file. */
  readonly descriptor: number;
  readonly name: string;
  /** Bytes of the file. */
  readonly size: number;
}

/** Writes a new model: the caller puts each key once, the manifest last, and then calls {@link finish} or {@link abort}. */
export interface ModelWriter {
  put(key: Uint8Array, value: Uint8Array): Promise<void>;
  /** Writes all values safely to the disk, and closes the store. */
  finish(): Promise<void>;
  /** Closes the store, which then lacks some of the values. */
  abort(): Promise<void>;
}

/** Facts about a model, and its weights, which are not values of its store. */
export interface ModelFiles {
  /** The size of the model on disk, in bytes. */
  readonly bytes: number;
  /** When the model was made, ISO 8601. */
  readonly created: string;
  /** Encoded sets of weights, by name. */
  readonly weights: ReadonlyMap<string, Uint8Array>;
}
