import { Level } from 'level';
import { KneserError } from '../errors.js';
import type { ModelStore, ModelWriter } from './store.js';

const BATCH_BYTES = 4 << 20;

const ENCODING = { keyEncoding: 'view', valueEncoding: 'view' } as const;

type Database = Level<Uint8Array, Uint8Array>;

/** Opens a LevelDB that no other process holds, for reading. */
export async function openLevelStore(path: string, name: string): Promise<ModelStore> {
  const database: Database = new Level(path, { ...ENCODING, createIfMissing: false, compression: false });
  await database.open();
  const damaged = (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KneserError('KNESER_DAMAGED', `${name}: LevelDB cannot read it (${reason}); the model is damaged`, {
      cause: error,
    });
  };
  return {
    name,
    get: key => database.get(key).catch(damaged),
    getMany: keys => database.getMany([...keys]).catch(damaged),
    close: () => database.close(),
  };
}

/** A new LevelDB, for writing in one go. */
export class LevelWriter implements ModelWriter {
  private batch: { type: 'put'; key: Uint8Array; value: Uint8Array }[] = [];
  private bytes = 0;
  private writing = Promise.resolve();

  private constructor(private database: Database) {}

  /** @param resumed whether it is one that was begun before. */
  static async create(path: string, resumed = false): Promise<LevelWriter> {
    const database: Database = new Level(path, {
      ...ENCODING,
      errorIfExists: !resumed,
      // Blocks of count tables are dense: Snappy finds nothing in them.
      compression: false,
      writeBufferSize: 32 << 20,
      maxFileSize: 16 << 20,
    });
    await database.open();
    return new LevelWriter(database);
  }

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

  /** The keys and values of a range, `to` excluded, in order. */
  entries(from: Uint8Array, to: Uint8Array): AsyncIterable<[Uint8Array, Uint8Array]> {
    return this.database.iterator({ gte: from, lt: to });
  }

  /** Removes a range, `to` excluded. */
  async remove(from: Uint8Array, to: Uint8Array): Promise<void> {
    await this.database.clear({ gte: from, lt: to });
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
    this.writing = this.writing.then(() => this.database.batch(batch));
    return this.writing;
  }
}
