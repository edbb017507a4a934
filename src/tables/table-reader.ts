import { decodeValue } from '../base/decode.js';
import { BlockDamage, unseal } from '../base/sealed.js';
import { blockKey, directoryKey, trieKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { blankBlock, BLOCK_ENTRIES, decodeBlock, type Block } from './block.js';
import { decodeDirectory, type Directory } from './directory.js';
import { decodeAhead, type BlockAt, type DamageOptions } from './read-ahead.js';
import { decodeTrieDirectory } from './trie-directory.js';
import { trieOf, type TrieTable } from './trie-blocks.js';
import { readTrieRows } from './trie-rows.js';

/** A table of row blocks, as counting writes it. */
export interface RowTable {
  /** The name of the table, such as `1_11`. */
  readonly name: string;
  readonly directory: Directory;
}

/** A table of a store whose directory was read: a trie in a model, row blocks in a store of counted rows. */
export type StoredTable = RowTable | TrieTable;

/** Reads the directory of a table. @param width words of a context. @throws KNESER_DAMAGED */
export async function openTable(store: ModelStore, name: string, width: number): Promise<StoredTable> {
  const where = `${store.name}: table ${name}, directory`;
  const [trie, rows] = await store.getMany([trieKey(name), directoryKey(name)]);
  if (trie) return trieOf(name, decodeValue(where, trie, decodeTrieDirectory));
  return { name, directory: decodeValue(where, rows, bytes => decodeDirectory(bytes, width)) };
}

/** Whether a table is a trie. */
export function isTrie(table: StoredTable): table is TrieTable {
  return 'pattern' in table;
}

/** The number of blocks of a table. */
export function blocksOf(table: StoredTable): number {
  return isTrie(table) ? table.directory.parents.length : table.directory.words.length;
}

/** How the blocks of a table are read. */
export interface ReadBlocksOptions extends DamageOptions {
  /** The index of the first block to read. Default 0. */
  readonly first?: number;
  /** The index of the block after the last block to read. Default: the number of blocks. */
  readonly end?: number;
}

/**
 * Reads the blocks of a table in the order of the rows, decodes them, and compares them with the directory. Blocks of a trie are given as
 * rows too. A block is valid until the next block is asked for, because all blocks are decoded into the same memory. All readers of a
 * whole table use this loop; it reads ahead (see {@link decodeAhead}).
 *
 * @throws KNESER_DAMAGED where a block is missing, unreadable, or not the one that the directory lists.
 */
export function readBlocks(
  store: ModelStore,
  table: StoredTable,
  { first = 0, end = blocksOf(table), ...damage }: ReadBlocksOptions = {},
): AsyncGenerator<BlockAt<Block>, void, void> {
  if (isTrie(table)) return readTrieRows(store, table, first, damage, end);
  const { columns } = table.directory;
  const memory = blankBlock(columns.length, BLOCK_ENTRIES, BLOCK_ENTRIES);
  return decodeAhead(
    store,
    keysOf(table),
    first,
    end,
    (index, value) => decodeTableBlock(store, table, index, value, memory),
    damage,
  );
}

/** Checks that a value exists and has its checksum. @param where names the value in messages. @returns the value. @throws KNESER_DAMAGED */
export function intactValue(where: string, value: Uint8Array | undefined): Uint8Array {
  return decodeValue(where, value, sealed => {
    unseal(sealed);
    return sealed;
  });
}

/** The function that gives the key of a block, by the index of the block. */
function keysOf({ name, directory }: RowTable): (index: number) => Uint8Array {
  return index => blockKey(name, firstRow(directory, index));
}

/** The first row of a block, as in the key of the block: the ids of the context words, nearest word first, then the id of the predicted word. */
export function firstRow(directory: Directory, block: number): number[] {
  return [...directory.columns.map(column => column[block]), directory.words[block]];
}

/** The name of a block in messages. */
export function blockName(store: ModelStore, table: string, block: number): string {
  return `${store.name}: table ${table}, block ${block}`;
}

/**
 * Decodes a block that must be there, and compares its first row with the directory, because damage within LevelDB's files can put one
 * block in the place of another.
 *
 * @param index of the block in the table.
 * @param reuse the parameter of {@link decodeBlock}.
 * @throws KNESER_DAMAGED
 */
export function decodeTableBlock(
  store: ModelStore,
  { name, directory }: RowTable,
  index: number,
  value: Uint8Array | undefined,
  reuse?: Block,
): Block {
  const { columns, words } = directory;
  return decodeValue(blockName(store, name, index), value, bytes => {
    const block = decodeBlock(bytes, columns.length, reuse);
    if (words[index] !== block.words[0] || columns.some((column, j) => column[index] !== block.contexts[j][0])) {
      throw new BlockDamage('another block is in its place');
    }
    return block;
  });
}
