import { contiguous, tableName } from '../src/tables/pattern.js';
import { firstRow, isTrie, openTable } from '../src/tables/table-reader.js';
import { BLOCK_ENTRIES, blankBlock, decodeBlock, encodeBlock } from '../src/tables/block.js';
import { openFolder } from '../src/store/folder/folder.js';
import { blockKey } from '../src/store/keys.js';
import type { ModelStore } from '../src/store/store.js';
import type { Case, Suite } from './suite.js';
import { ORDER } from './text.js';

/** Number of blocks that one operation encodes or decodes. */
const BLOCKS = 64;

/** Blocks of the model's tables of 2-grams and 5-grams, encoded and decoded. */
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

function casesOf(order: number, values: readonly Uint8Array[]): Case[] {
  const width = order - 1;
  const blocks = values.map(value => decodeBlock(value, width));
  const work = blocks.reduce((sum, block) => sum + block.starts[block.contextCount], 0);
  const reuse = blankBlock(width, BLOCK_ENTRIES, BLOCK_ENTRIES);
  const decode = (): void => {
    for (const value of values) decodeBlock(value, width, reuse);
  };
  const encode = (): void => {
    for (const block of blocks) encodeBlock(block);
  };
  return [
    { name: `encodeBlock, ${order}-grams`, work, unit: 'rows', run: encode },
    { name: `decodeBlock, ${order}-grams`, work, unit: 'rows', run: decode },
  ];
}

/** At most {@link BLOCKS} blocks from all over a table. */
async function readBlocks(store: ModelStore, order: number): Promise<Uint8Array[]> {
  const table = tableName(contiguous(order), 'words');
  const opened = await openTable(store, table, order - 1);
  if (isTrie(opened)) return [];
  const { directory } = opened;
  const step = Math.max(1, directory.words.length / BLOCKS);
  const keys: Uint8Array[] = [];
  for (let at = 0; at < directory.words.length; at += step) {
    keys.push(blockKey(table, firstRow(directory, Math.floor(at))));
  }
  return (await store.getMany(keys)).filter(value => value !== undefined);
}
