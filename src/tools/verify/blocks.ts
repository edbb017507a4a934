import { decodeTableBlock, firstRow } from '../../tables/block-reader.js';
import { blankBlock, BLOCK_ENTRIES, type Block } from '../../tables/block.js';
import type { Directory } from '../../tables/directory.js';
import { blockKey } from '../../store/keys.js';
import type { TableManifest } from '../../tables/manifest.js';
import type { ModelStore } from '../../store/store.js';

const BLOCKS_A_READ = 128;

/** A table that is to be checked. */
export interface CheckedTable {
  readonly manifest: TableManifest;
  readonly directory: Directory;
  /** The ids of its words are below this. */
  readonly words: number;
}

/**
 * Reads the blocks of a table one after the other, in memory that each shares with the one before.
 *
 * @param use gets a block and its number, and says whether to go on.
 * @param first the number of the block to begin with.
 * @param onError gets what was thrown where a block cannot be read; without it, that ends the reading.
 */
export async function readBlocks(
  store: ModelStore,
  { manifest: { pattern }, directory }: CheckedTable,
  use: (block: Block, number: number) => boolean,
  { first = 0, onError }: { first?: number; onError?: (error: unknown, number: number) => void } = {},
): Promise<void> {
  const blocks = directory.words.length;
  const reuse = blankBlock(directory.columns.length, BLOCK_ENTRIES, BLOCK_ENTRIES);
  for (let from = first; from < blocks; from += BLOCKS_A_READ) {
    const length = Math.min(BLOCKS_A_READ, blocks - from);
    const keys = Array.from({ length }, (_, i) => blockKey(pattern, firstRow(directory, from + i)));
    const values = await store.getMany(keys);
    for (const [i, value] of values.entries()) {
      let block: Block;
      try {
        block = decodeTableBlock(store, pattern, directory, from + i, value, reuse);
      } catch (error) {
        if (!onError) throw error;
        onError(error, from + i);
        continue;
      }
      if (!use(block, from + i)) return;
    }
  }
}
