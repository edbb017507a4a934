import { isOutOfFiles, KneserError, readError } from '../base/errors.js';
import { describeKey } from './keys.js';
import type { ModelStore, ModelWriter } from './store.js';

const BATCH_BYTES = 1 << 20;
/** Bytes that an iterator reads ahead, where the database heeds it. */
const READ_AHEAD_BYTES = 1 << 20;

/** How keys and values go in and come out. */
export const ENCODING = { keyEncoding: 'view', valueEncoding: 'view' } as const;

interface Put {
  readonly type: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Keys from the first to before the second. */
interface Range {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
}

/** What is used of an abstract-level database: LevelDB, memory, or IndexedDB. */
export interface Database {
  open(options?: { errorIfExists?: boolean }): Promise<void>;
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  iterator(options: Range & { highWaterMarkBytes?: number }): AsyncIterable<[Uint8Array, Uint8Array]>;
  clear(range: Range): Promise<void>;
  batch(puts: Put[], options: { sync?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** A database that is open, for reading. */
export function readDatabase(database: Database, name: string): ModelStore {
  /** @param key the first one that was asked for. */
  const damaged = (error: unknown, key?: Uint8Array): never => {
    if (isOutOfFiles(error)) throw readError(name, error);
    const reason = error instanceof Error ? error.message : String(error);
    const part = key ? `${name}: ${describeKey(key)}` : name;
    throw new KneserError('KNESER_DAMAGED', `${part}: LevelDB cannot read it (${reason}); the model is damaged`, {
      cause: error,
    });
  };
  return {
    name,
    get: key => database.get(key).catch((error: unknown) => damaged(error, key)),
    getMany: keys => database.getMany([...keys]).catch((error: unknown) => damaged(error, keys[0])),
    entries: async function* () {
      try {
        yield* database.iterator({ highWaterMarkBytes: READ_AHEAD_BYTES });
      } catch (error) {
        damaged(error);
      }
    },
    close: () => database.close(),
  };
}

/** A database that is open, for writing in one go. */
export class LevelWriter implements ModelWriter {
  private batch: Put[] = [];
  private bytes = 0;
  private writing = Promise.resolve();

  constructor(private readonly database: Database) {}

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    this.batch.push({ type: 'put', key, value });
    this.bytes += value.length;
    if (this.bytes >= BATCH_BYTES) await this.flush();
  }

  /** Writes everything down, and waits until the disk has it. */
  async sync(): Promise<void> {
    await this.flush();
    await this.database.batch([], { sync: true });
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.database.get(key);
  }

  /** The keys and values from one key to before another, in order. */
  entries(from: Uint8Array, to: Uint8Array): AsyncIterable<[Uint8Array, Uint8Array]> {
    return this.database.iterator({ gte: from, lt: to, highWaterMarkBytes: READ_AHEAD_BYTES });
  }

  /** Removes what is there from one key to before another. */
  remove(from: Uint8Array, to: Uint8Array): Promise<void> {
    return this.database.clear({ gte: from, lt: to });
  }

  /** Writes everything down and leaves nothing in LevelDB's log, so that opening the folder replays nothing. */
  async finish(): Promise<void> {
    await this.sync();
    await this.database.close();
    // Opening moves what the log still holds into table files.
    await this.database.open({ errorIfExists: false });
    await this.database.close();
  }

  async abort(): Promise<void> {
    this.batch = [];
    await this.writing.catch(() => undefined);
    await this.database.close();
  }

  private flush(): Promise<void> {
    const batch = this.batch;
    this.batch = [];
    this.bytes = 0;
    // One batch at a time: what waits here is what holds the counting threads back.
    this.writing = this.writing.then(() => this.database.batch(batch, {}));
    return this.writing;
  }
}
