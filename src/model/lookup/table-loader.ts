import { KneserError } from '../../base/errors.js';
import type { ModelStore } from '../../store/store.js';
import { damagedTable } from '../../tables/damage.js';
import { openTrie, readTrieBlocks } from '../../tables/trie-rows.js';
import { linkContexts } from './link-contexts.js';
import { LoadingTable } from './loading-table.js';
import { canLoad, linkedTables, linksAt, roomFor, type TableMemory } from './regions.js';
import { tableMemory } from './table-memory.js';
import type { TableNumbers } from './table-numbers.js';
import type { TablePart } from './table-part.js';

/**
 * Reads all blocks of a stream's tables into memory.
 *
 * @param words word ids are below this.
 * @param numbers gets the log10 p and back-offs of a back-off model.
 */
export async function loadTables(
  store: ModelStore,
  parts: readonly TablePart[],
  words: number,
  onRows: (rows: number) => void,
  numbers?: TableNumbers,
): Promise<TableMemory[]> {
  if (!canLoad(parts, words)) {
    throw new KneserError(
      'KNESER_LIMIT',
      `${store.name}: a table has too many n-grams to be loaded as a whole; score from blocks, with tables: 'page' (--tables page)`,
    );
  }
  const hasContexts = parts.some(part => part.contextTable > 0 && !hasAll(part));
  const memories: TableMemory[] = [];
  // The tables that later tables need: as parents for their rows, as context tables for the links to their regions.
  const loading: (LoadingTable | undefined)[] = [];
  // Shorter contexts first, because the words of a table are found in the rows of its parent.
  for (const [index, part] of parts.entries()) {
    const links = linkedTables(parts, index).length;
    const table = new LoadingTable(part, loading[part.parent], {
      data: new Uint32Array(tableMemory(4 * roomFor(part, words, links))),
      stride: linksAt(part) + links,
      words,
      numbers,
      isParent: parts.some(({ parent }) => parent === index),
      hasContexts,
    });
    const trie = await openTrie(store, part.manifest.pattern);
    for await (const { index, block } of readTrieBlocks(store, trie, 0, {})) {
      table.add(block, `${store.name}: table ${trie.name}, block ${index}`);
      onRows(block.rows);
    }
    table.end(`${store.name}: table ${trie.name}`);
    const contextTable = loading[part.contextTable];
    if (contextTable && !linkContexts(contextTable, table, hasAll(part))) {
      const { pattern } = parts[part.contextTable].manifest;
      throw damagedTable(store.name, pattern, 'a context of a longer table is no n-gram of this one');
    }
    loading.push(table);
    memories.push(table.memory);
    drop(loading, parts, index + 1);
  }
  return memories;
}

/** Whether every n-gram of the context table that does not end with `</s>` is a context of this table. */
function hasAll({ pattern, manifest }: TablePart): boolean {
  return pattern[0] === 1 && manifest.dropped === undefined;
}

/** Frees the rows of tables, and whole tables, that no table from index `next` on needs. */
function drop(loading: (LoadingTable | undefined)[], parts: readonly TablePart[], next: number): void {
  const later = parts.slice(next);
  for (const [index, table] of loading.entries()) {
    const isParent = later.some(({ parent }) => parent === index);
    if (!isParent) table?.dropRows();
    if (!isParent && !later.some(({ contextTable }) => contextTable === index)) loading[index] = undefined;
  }
}
