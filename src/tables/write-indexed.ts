import type { NewModel } from '../store/folder/write-model.js';
import type { ModelWriter } from '../store/store.js';
import { indexStore } from './index-store.js';
import { rowsOf, type Manifest } from './manifest.js';

/**
 * Writes a model whose rows come in their order from some source: another model, an ARPA file, counts.
 *
 * @param writeRows writes the rows and all other values, as `ModelBuilder` does, and closes the writer.
 * @param onRows told how many rows were indexed so far, and how many there are; throws to stop.
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
    return await indexStore(rows, manifest, await model.createStore(), read => onRows((done += read), total));
  } finally {
    await rows.close();
  }
}
