import { isOutOfFiles, KneserError, readError } from '../base/errors.js';
import { describeKey } from './keys.js';
import type { ModelStore, ModelWriter } from './store.js';

/** Values are collected until they have this many bytes, and then written together. */
const BATCH_BYTES = 1 << 20;
/** Bytes that an iterator reads ahead, in databases that have this option. */
const READ_AHEAD_BYTES = 1 << 20;

/** All keys of a store are between these two. */
const FIRST_KEY = Uint8Array.of(0);
const LAST_KEY = Uint8Array.of(0xff);

/** The options of abstract-level with which keys and values are byte arrays. */
export const ENCODING = { keyEncoding: 'view', valueEncoding: 'view' } as const;

interface Put {
  readonly type: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The keys k with `gte` ≤ k < `lt`, in the order of their bytes. */
interface Range {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
}

/** The methods of abstract-level that this code calls. LevelDB and memory-level implement them. */
export interface Database {
  open(options?: { errorIfExists?: boolean }): Promise<void>;
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  iterator(options: Range & { highWaterMarkBytes?: number }): AsyncIterable<[Uint8Array, Uint8Array]>;
  clear(range: Range): Promise<void>;
  batch(puts: Put[], options: { sync?: boolean }): Promise<void>;
  /** Rewrites the values into files whose ranges of keys do not overlap. Only LevelDB has this method. */
  compactRange?(start: Uint8Array, end: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A store that reads an open database. @param name the name of the store in messages. */
export function readDatabase(database: Database, name: string): ModelStore {
  /** @param key the key that was read, or the first of several keys. */
  const fail = (error: unknown, key?: Uint8Array): never => {
    if (isOutOfFiles(error)) throw readError(name, error);
    const reason = error instanceof Error ? error.message : String(error);
    const part = key ? `${name}: ${describeKey(key)}` : name;
    throw new KneserError('KNESER_DAMAGED', `${part}: LevelDB cannot read it (${reason}); the model is damaged`, {
      cause: error,
    });
  };
  return {
    name,
    get: key => database.get(key).catch((error: unknown) => fail(error, key)),
    getMany: keys => database.getMany([...keys]).catch((error: unknown) => fail(error, keys[0])),
    entries: async function* () {
      try {
        yield* database.iterator({ highWaterMarkBytes: READ_AHEAD_BYTES });
      } catch (error) {
        fail(error);
      }
    },
    close: () => database.close(),
  };
}

/** Writes into an open database. Values are safe on the disk after {@link sync} or {@link finish}. */
export class LevelWriter implements ModelWriter {
  /** The values that are not being written yet. */
  private batch: Put[] = [];
  /** The total length of the values of `batch` [bytes]. */
  private bytes = 0;
  /** Resolves when the last batch is written. */
  private writing = Promise.resolve();

  /** @param isForModel whether the database becomes part of a model. Other databases are read once and removed, so that they are not compacted. */
  constructor(
    private readonly database: Database,
    private readonly isForModel = true,
  ) {}

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    this.batch.push({ type: 'put', key, value });
    this.bytes += value.length;
    if (this.bytes >= BATCH_BYTES) await this.flush();
  }

  /** Writes all values so far, and waits until they are on the disk. */
  async sync(): Promise<void> {
    await this.flush();
    await this.database.batch([], { sync: true });
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.database.get(key);
  }

  /** The keys k with `from` ≤ k < `to` and their values, in the order of the keys. */
  entries(from: Uint8Array, to: Uint8Array): AsyncIterable<[Uint8Array, Uint8Array]> {
    return this.database.iterator({ gte: from, lt: to, highWaterMarkBytes: READ_AHEAD_BYTES });
  }

  /** Removes the keys k with `from` ≤ k < `to`. */
  remove(from: Uint8Array, to: Uint8Array): Promise<void> {
    return this.database.clear({ gte: from, lt: to });
  }

  /**
   * Writes all values and closes the database. The LevelDB of a model is compacted: LevelDB then opens it without replaying a log, and the
   * ranges of keys of its table files do not overlap, so that one file is read for one value.
   */
  async finish(): Promise<void> {
    await this.sync();
    // The first call chooses the levels to compact, and only then moves the values in memory to a file; the second call compacts that file.
    for (let call = 0; call < 2 && this.isForModel; call++) await this.database.compactRange?.(FIRST_KEY, LAST_KEY);
    await this.database.close();
  }

  /** Closes the database. Values that were not written yet are lost. */
  async abort(): Promise<void> {
    this.batch = [];
    await this.writing.catch(() => undefined);
    await this.database.close();
  }

  /** Writes the batch. */
  private flush(): Promise<void> {
    const batch = this.batch;
    this.batch = [];
    this.bytes = 0;
    // One batch at a time: callers that are faster than the disk wait here.
    this.writing = this.writing.then(() => this.database.batch(batch, {}));
    return this.writing;
  }
}
