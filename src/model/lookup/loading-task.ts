import { decodeValue } from '../../base/decode.js';
import { BlockDamage } from '../../base/sealed.js';
import { damaged } from '../../tables/damage.js';
import { TrieBlock } from '../../tables/trie-block.js';
import { TrieColumns } from '../../tables/trie-columns.js';
import { layOut } from './lay-out.js';
import { BlockField, type BlockStart, type LoadingTable } from './loading-table.js';
import { Placer } from './placer.js';

/** Consecutive blocks of a table: the bytes of all blocks, one after another, and by block the end of its bytes. */
export interface BlockBytes {
  readonly first: number;
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

/** A part of the work of loading a table. Without `blockStarts`, its regions are laid out; with them, its rows are placed. */
export interface LoadingTask {
  readonly table: LoadingTable;
  readonly blocks: BlockBytes;
  readonly blockStarts: readonly BlockStart[] | undefined;
}

/** The result of a task. */
export interface LoadingResult {
  /** By block, the numbers that `BlockField` lists; empty when rows are placed. */
  readonly fields: Uint32Array;
  /** Pairs (index of the row, count) of counts that do not fit in rows. */
  readonly large: readonly number[];
  /** By linked table, how many of its contexts were linked. */
  readonly linkedCounts: readonly number[];
}

/** Working memory for a block at a time. */
const columns = new TrieColumns();

/** Does a task. @throws KNESER_DAMAGED */
export function runLoadingTask({ table, blocks, blockStarts }: LoadingTask): LoadingResult {
  const fields = new Uint32Array(blockStarts ? 0 : blocks.ends.length * BlockField.count);
  const placer = blockStarts && new Placer(table, columns);
  let from = 0;
  for (const [i, end] of blocks.ends.entries()) {
    const name = `${table.name}, block ${blocks.first + i}`;
    const block = decodeValue(name, blocks.bytes.subarray(from, end), openBlock);
    try {
      if (block.isBackoff !== table.isBackoff)
        throw new BlockDamage('it has counts, where a back-off model has log10 probabilities, or the reverse');
      if (placer) placer.add(block, blockStarts[i]);
      else layOut(block, table, columns, fields, i * BlockField.count);
    } catch (error) {
      throw error instanceof BlockDamage ? damaged(name, error.message) : error;
    }
    from = end;
  }
  return { fields, large: placer?.large ?? [], linkedCounts: placer?.linkedCounts ?? [] };
}

/** A block, from its bytes at a multiple of 4. */
function openBlock(bytes: Uint8Array): TrieBlock {
  if (bytes.length % 4 !== 0) throw new BlockDamage('wrong length');
  return new TrieBlock(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
}
