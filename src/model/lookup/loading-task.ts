import { decodeValue } from '../../base/decode.js';
import { BlockDamage } from '../../base/sealed.js';
import { trieBlockKey } from '../../store/keys.js';
import type { ModelStore } from '../../store/store.js';
import { damaged } from '../../tables/damage.js';
import { TrieBlock } from '../../tables/trie-block.js';
import { wordsOf } from '../../tables/trie-reader.js';
import { TrieColumns } from '../../tables/trie-columns.js';
import { layOut } from './lay-out.js';
import { BlockField, type BlockStart, type LoadingTable } from './loading-table.js';
import { Placer } from './placer.js';

/** A part of the work of loading a table. Without `blockStarts`, its regions are laid out; with them, its rows are placed. */
export interface LoadingTask {
  readonly table: LoadingTable;
  /** The name of the table in the store. */
  readonly name: string;
  /** The blocks `first` ≤ b < `end` of the table. */
  readonly first: number;
  readonly end: number;
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

/** Reads the values of the blocks of a task: by block, its value, or `undefined` if the store lacks it. */
export function readTask(store: ModelStore, { name, first, end }: LoadingTask): Promise<(Uint8Array | undefined)[]> {
  return store.getMany(Array.from({ length: end - first }, (_, i) => trieBlockKey(name, first + i)));
}

/** Does a task. @param values as {@link readTask} reads them. @throws KNESER_DAMAGED */
export function runLoadingTask(
  { table, first, blockStarts }: LoadingTask,
  values: readonly (Uint8Array | undefined)[],
): LoadingResult {
  const fields = new Uint32Array(blockStarts ? 0 : values.length * BlockField.count);
  const placer = blockStarts && new Placer(table, columns);
  for (const [i, value] of values.entries()) {
    const name = `${table.name}, block ${first + i}`;
    const block = decodeValue(name, value, bytes => new TrieBlock(wordsOf(bytes)));
    try {
      if (block.isBackoff !== table.isBackoff)
        throw new BlockDamage('it has counts, where a back-off model has log10 probabilities, or the reverse');
      if (placer) placer.add(block, blockStarts[i]);
      else layOut(block, table, columns, fields, i * BlockField.count);
    } catch (error) {
      throw error instanceof BlockDamage ? damaged(name, error.message) : error;
    }
  }
  return { fields, large: placer?.large ?? [], linkedCounts: placer?.linkedCounts ?? [] };
}
