import { availableParallelism } from 'node:os';
import type { NewModel } from '../../store/folder/write-model.js';
import type { ModelWriter } from '../../store/store.js';
import { indexStore } from '../index-store.js';
import { rowsOf, type Manifest } from '../manifest.js';
import { IndexingThreads } from './indexing-threads.js';

/**
 * The threads of a machine for indexing a model.
 *
 * @param threads the most threads.
 * @param memory the memory that the threads may take together [bytes].
 * @returns `undefined` if one thread is enough, or if no second thread fits into `memory`.
 */
export function indexingThreads(threads = availableParallelism(), memory = Infinity): IndexingThreads | undefined {
  const count = Math.min(threads, Math.floor(memory / MEMORY_A_THREAD));
  return count > 1 ? new IndexingThreads(count) : undefined;
}

/** The memory of an indexing thread [bytes]: for each table the blocks that it reads, a block that it writes, and an array by word id. */
const MEMORY_A_THREAD = 48 << 20;

/**
 * Writes a model from sorted rows: writes a store of counted rows, then makes tries of the rows.
 *
 * @param writeRows writes the rows and all other values, as `ModelBuilder` does, and closes the writer.
 * @param onRows called with the number of rows indexed so far and the number of all rows; throws to stop.
 * @returns the manifest of the model.
 */
export async function writeIndexed(
  model: NewModel,
  writeRows: (writer: ModelWriter) => Promise<Manifest>,
  onRows: (done: number, total: number) => void,
): Promise<Manifest> {
  const manifest = await writeRows(await model.createRows());
  const rows = await model.openRows();
  try {
    const total = rowsOf(manifest);
    let done = 0;
    const report = (read: number): void => onRows((done += read), total);
    return await indexStore(rows, manifest, await model.createStore(), indexingThreads(), report);
  } finally {
    await rows.close();
  }
}
