import { Level } from 'level';
import { ENCODING, LevelWriter, readDatabase } from '../level.js';
import type { ModelStore } from '../store.js';

/** LevelDB maps open files into memory; it keeps at least this many open. */
const FEWEST_OPEN_FILES = 74;
const MOST_OPEN_FILES = 1000;

/** Shares of a build's memory: of LevelDB's write buffer, of one table file, and of all open table files. */
const WRITE_BUFFER_SHARE = 1 / 32;
const FILE_SHARE = 1 / 128;
const OPEN_FILES_SHARE = 1 / 4;

/** LevelDB's options for a build with `memory` bytes. */
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

/** Opens a LevelDB for reading; it locks its folder, so each process opens a view of its own. @param name of the store in messages. @param memory bytes to aim for. */
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
 * Opens a LevelDB for writing a model.
 *
 * @param memory bytes to aim for.
 * @param resumed whether the LevelDB may exist, from an interrupted build; otherwise it must not.
 */
export async function createLevelWriter(path: string, memory = Infinity, resumed = false): Promise<LevelWriter> {
  const database: Database = new Level(path, {
    ...ENCODING,
    errorIfExists: !resumed,
    // Blocks of count tables are varints and differences: Snappy makes them no smaller.
    compression: false,
    ...limits(memory),
  });
  await database.open();
  return new LevelWriter(database);
}
