import { Level } from 'level';
import { ENCODING, LevelWriter, readDatabase } from './level.js';
import type { ModelStore } from './store.js';

type Database = Level<Uint8Array, Uint8Array>;

/** Opens a LevelDB that no other process holds, for reading. */
export async function openLevelStore(path: string, name: string): Promise<ModelStore> {
  const database: Database = new Level(path, { ...ENCODING, createIfMissing: false, compression: false });
  await database.open();
  return readDatabase(database, name);
}

/** A LevelDB for writing in one go. @param resumed whether it may be one that was begun before; else it is new. */
export async function createLevelWriter(path: string, resumed = false): Promise<LevelWriter> {
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
