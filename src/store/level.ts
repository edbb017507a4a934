import { Level } from 'level';
import { KneserError } from '../errors.js';
import type { ModelStore, ModelWriter } from './store.js';

const BATCH_BYTES = 1 << 20;

/** LevelDB maps the files it reads into memory, and keeps at least so many open. */
const FEWEST_OPEN_FILES = 74;
const MOST_OPEN_FILES = 1000;

/** The part of a build's memory that LevelDB may use: two buffers of what is written, and the files that it merges. */
const WRITE_BUFFER_SHARE = 1 / 16;
const FILE_SHARE = 1 / 128;

function between(least: number, most: number, value: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}

const ENCODING = { keyEncoding: 'view', valueEncoding: 'view' } as const;

/** Bytes of a table file. */
function fileBytes(memory: number): number {
  return between(1 << 20, 16 << 20, memory * FILE_SHARE);
}

type Database = Level<Uint8Array, Uint8Array>;

/**
 * Opens a LevelDB that no other process holds, for reading.
 *
 * @param memory bytes to aim for.
 */
export async function openLevelStore(path: string, name: string, memory = Infinity): Promise<ModelStore> {
  const database: Database = new Level(path, {
    ...ENCODING,
    createIfMissing: false,
    compression: false,
    maxOpenFiles: between(FEWEST_OPEN_FILES, MOST_OPEN_FILES, memory / 4 / fileBytes(memory)),
  });
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

  /** @param memory bytes to aim for. */
  static async create(path: string, memory: number): Promise<LevelWriter> {
    const database: Database = new Level(path, {
      ...ENCODING,
      errorIfExists: true,
      // Blocks of count tables are dense: Snappy finds nothing in them.
      compression: false,
      writeBufferSize: between(4 << 20, 32 << 20, memory * WRITE_BUFFER_SHARE),
      maxFileSize: fileBytes(memory),
      maxOpenFiles: between(FEWEST_OPEN_FILES, MOST_OPEN_FILES, memory / 4 / fileBytes(memory)),
    });
    await database.open();
    return new LevelWriter(database);
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    this.batch.push({ type: 'put', key, value });
    this.bytes += value.length;
    if (this.bytes >= BATCH_BYTES) await this.flush();
  }

  /** Writes everything down and leaves nothing in LevelDB's log, so that opening the folder replays nothing. */
  async finish(): Promise<void> {
    await this.flush();
    await this.database.batch([], { sync: true });
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
