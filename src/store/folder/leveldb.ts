import { Level } from 'level';
import { ENCODING, LevelWriter, readDatabase } from '../level.js';
import type { ModelStore } from '../store.js';

/** The most files that LevelDB has open: 74 is the smallest limit that it accepts; ten of them are not table files. */
const OPEN_FILES = 74;

/** The size of a table file, in bytes. It limits memory, because LevelDB maps its open files into memory while a model is built. */
const FILE_BYTES = 8 << 20;

/** The share of a build's memory that LevelDB's write buffer takes. */
const WRITE_BUFFER_SHARE = 1 / 32;

/** The options of LevelDB for a build with `memory` bytes. */
function limits(memory: number): { writeBufferSize: number; maxFileSize: number; maxOpenFiles: number } {
  const writeBufferSize = Math.round(Math.min(32 << 20, Math.max(2 << 20, memory * WRITE_BUFFER_SHARE)));
  return { writeBufferSize, maxFileSize: FILE_BYTES, maxOpenFiles: OPEN_FILES };
}

type Database = Level<Uint8Array, Uint8Array>;

/** Opens a LevelDB for reading. LevelDB locks its folder, so that each process opens a view of its own. @param name of the store in messages. */
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
 * @param memory the memory of the build, in bytes.
 * @param isForModel as in {@link LevelWriter}.
 * @param mayExist whether there may be a LevelDB at the path already, of an interrupted build.
 */
export async function createLevelWriter(
  path: string,
  memory = Infinity,
  isForModel = true,
  mayExist = false,
): Promise<LevelWriter> {
  const database: Database = new Level(path, {
    ...ENCODING,
    errorIfExists: !mayExist,
    // Snappy would not make blocks smaller, because they consist of varints and differences.
    compression: false,
    ...limits(memory),
  });
  await database.open();
  return new LevelWriter(database, isForModel);
}
