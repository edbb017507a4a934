import { Level } from 'level';
import { ENCODING, LevelWriter, readDatabase } from '../level.js';
import type { ModelStore } from '../store.js';

/** The fewest that LevelDB takes: it keeps ten of them for other files. */
const OPEN_FILES = 74;

/**
 * Bytes of a table file. LevelDB maps open files into memory: small files and few of them at a time keep that small for a large
 * model.
 */
const FILE_BYTES = 2 << 20;

/** Share of a build's memory that is LevelDB's write buffer. */
const WRITE_BUFFER_SHARE = 1 / 32;

/** LevelDB's options for a build with `memory` bytes. */
function limits(memory: number): { writeBufferSize: number; maxFileSize: number; maxOpenFiles: number } {
  const writeBufferSize = Math.round(Math.min(32 << 20, Math.max(2 << 20, memory * WRITE_BUFFER_SHARE)));
  return { writeBufferSize, maxFileSize: FILE_BYTES, maxOpenFiles: OPEN_FILES };
}

type Database = Level<Uint8Array, Uint8Array>;

/** Opens a LevelDB for reading; it locks its folder, so each process opens a view of its own. @param name of the store in messages. */
export async function openLevelStore(path: string, name: string): Promise<ModelStore> {
  const database: Database = new Level(path, {
    ...ENCODING,
    createIfMissing: false,
    compression: false,
    maxOpenFiles: OPEN_FILES,
  });
  await database.open();
  return readDatabase(database, name);
}

/**
 * Opens a LevelDB for writing.
 *
 * @param memory bytes to aim for.
 * @param lasts as {@link LevelWriter} takes it.
 * @param resumed whether the LevelDB may exist, from an interrupted build; otherwise it must not.
 */
export async function createLevelWriter(
  path: string,
  memory = Infinity,
  lasts = true,
  resumed = false,
): Promise<LevelWriter> {
  const database: Database = new Level(path, {
    ...ENCODING,
    errorIfExists: !resumed,
    // Blocks of count tables are varints and differences: Snappy makes them no smaller.
    compression: false,
    ...limits(memory),
  });
  await database.open();
  return new LevelWriter(database, lasts);
}
