import type { ModelStore } from '../store/store.js';
import { BlockCursor } from './block-cursor.js';
import type { TableCursor } from './cursor.js';
import { isTrie, openTable } from './table-reader.js';
import { TrieCursor } from './trie-cursor.js';

/**
 * Opens a table at its first context.
 *
 * @param width words of a context.
 * @param onRows called with the number of rows of each block, after it was read.
 */
export async function openCursor(
  store: ModelStore,
  name: string,
  width: number,
  onRows: (rows: number) => void,
): Promise<TableCursor> {
  const cursor = new BlockCursor(store, await openTable(store, name, width), width, undefined, onRows);
  await cursor.advance();
  return cursor;
}

/**
 * Opens tables at their first contexts, in order to step through them together, as `walk` does. Tries are read once: the words of each come
 * from the cursor before.
 *
 * @param names by words of a context, from 0 on, the name of the contiguous table.
 * @param onRows called with the number of rows of each block, after it was read.
 */
export async function openCursors(
  store: ModelStore,
  names: readonly string[],
  onRows: (rows: number) => void,
): Promise<TableCursor[]> {
  const cursors: TableCursor[] = [];
  let trie: TrieCursor | undefined;
  for (const [width, name] of names.entries()) {
    const table = await openTable(store, name, width);
    const cursor = isTrie(table)
      ? (trie = new TrieCursor(store, table, trie, onRows))
      : new BlockCursor(store, table, width, cursors.at(-1), onRows);
    await cursor.advance();
    cursors.push(cursor);
  }
  return cursors;
}
