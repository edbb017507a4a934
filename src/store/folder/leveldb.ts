import { Level } from 'level';
import { ENCODING, LevelWriter, readDatabase } from '../level.js';
import type { ModelStore } from '../store.js';

/** LevelDB maps the files it reads into memory, and keeps at least so many open. */
const FEWEST_OPEN_FILES = 74;
const MOST_OPEN_FILES = 1000;

/** The parts of a build's memory that LevelDB may use for what is written, and for a file; and for all files it has open. */
const WRITE_BUFFER_SHARE = 1 / 32;
const FILE_SHARE = 1 / 128;
const OPEN_FILES_SHARE = 1 / 4;

/** What keeps LevelDB within a part of some memory. */
function limits(memory: number): { writeBufferSize: number; maxFileSize: number; maxOpenFiles: number } {
  const maxFileSize = between(1 << 20, 16 << 20, memory * FILE_SHARE);
  return {
    writeBufferSize: between(2 << 20, 32 << 20, memory * WRITE_BUFFER_SHARE),
    maxFileSize,
    maxOpenFiles: between(FEWEST_OPEN_FILES, MOST_OPEN_FILES, (memory * OPEN_FILES_SHARE) / maxFileSize),
  };
}

function between(least: number, most: number, value: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}

type Database = Level<Uint8Array, Uint8Array>;

/** Opens a LevelDB that no other process holds, for reading. @param memory bytes to aim for. */
export async function openLevelStore(path: string, name: string, memory = Infinity): Promise<ModelStore> {
  const { maxOpenFiles } = limits(memory);
  const database: Database = new Level(path, {
    ...ENCODING,
    createIfMissing: false,
    compression: false,
    maxOpenFiles,
  });
  await database.open();
  return readDatabase(database, name);
}

/**
 * A LevelDB for writing in one go.
 *
 * @param memory bytes to aim for.
 * @param resumed whether it may be one that was begun before; else it is new.
 */
export async function createLevelWriter(path: string, memory = Infinity, resumed = false): Promise<LevelWriter> {
  const database: Database = new Level(path, {
    ...ENCODING,
    errorIfExists: !resumed,
    // Blocks of count tables are dense: Snappy finds nothing in them.
    compression: false,
    ...limits(memory),
  });
  await database.open();
  return new LevelWriter(database);
}
