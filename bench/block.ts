import { contiguous, tableName } from '../src/tables/pattern.js';
import { TrieBlock } from '../src/tables/trie-block.js';
import { TrieColumns } from '../src/tables/trie-columns.js';
import { openTrie } from '../src/tables/trie-blocks.js';
import { openFolder } from '../src/store/folder/folder.js';
import { trieBlockKey } from '../src/store/keys.js';
import type { ModelStore } from '../src/store/store.js';
import type { Case, Suite } from './suite.js';
import { ORDER } from './text.js';

/** Number of blocks that one operation opens or reads. */
const BLOCKS = 64;

/**
 * Opens trie blocks of the tables of 2-grams and 5-grams, which checks the blocks, and reads them as columns. An operation takes
 * {@link BLOCKS} blocks.
 */
export const blockSuite: Suite = {
  name: 'block',
  async prepare(text) {
    const { store } = await openFolder(await text.model());
    try {
      const cases: Case[] = [];
      for (const order of [2, ORDER]) cases.push(...casesOf(order, await readBlocks(store, order)));
      return { cases };
    } finally {
      await store.close();
    }
  },
};

/** @param values the blocks of the table of this order, as 32-bit words. */
function casesOf(order: number, values: readonly Uint32Array[]): Case[] {
  const blocks = values.map(value => new TrieBlock(value));
  const work = blocks.reduce((sum, { rows }) => sum + rows, 0);
  const columns = new TrieColumns();
  const open = (): void => {
    for (const value of values) new TrieBlock(value);
  };
  const read = (): void => {
    for (const block of blocks) columns.read(block);
  };
  return [
    { name: `open a block, ${order}-grams`, work, unit: 'rows', run: open },
    { name: `read a block as columns, ${order}-grams`, work, unit: 'rows', run: read },
  ];
}

/** About {@link BLOCKS} blocks, or all if the table has fewer, spread evenly over the table; as 32-bit words. */
async function readBlocks(store: ModelStore, order: number): Promise<Uint32Array[]> {
  const table = tableName(contiguous(order), 'words');
  const { directory } = await openTrie(store, table);
  const step = Math.max(1, directory.parents.length / BLOCKS);
  const keys: Uint8Array[] = [];
  for (let at = 0; at < directory.parents.length; at += step) keys.push(trieBlockKey(table, Math.floor(at)));
  const values = await store.getMany(keys);
  return values.flatMap(value => (value ? [new Uint32Array(Uint8Array.from(value).buffer)] : []));
}
