import type { KneserError } from '../base/errors.js';
import type { ModelStore } from '../store/store.js';
import { BLOCK_ENTRIES, type Block } from './block.js';
import { damagedTable } from './damage.js';
import type { BlockAt } from './read-ahead.js';
import { blocksOf, readBlocks, type StoredTable } from './table-reader.js';
import { TRIE_ROWS } from './trie-block.js';

const WRONG_TOTALS = 'the blocks of a context do not have as many rows as its totals say';
/** The most rows of a block of either kind. */
const MOST_ROWS = Math.max(BLOCK_ENTRIES, TRIE_ROWS);

/**
 * Joins the blocks of wide contexts.
 *
 * - Input: the blocks of a table, from {@link readBlocks}.
 * - Output: blocks of whole contexts, in the order of the rows. The blocks of a wide context are joined to one block, which has all rows
 *   of the context. A block is valid until `next` is called again.
 */
export class ContextBlocks {
  /** Number of blocks that were not read yet. */
  remaining: number;
  private readonly blocks: AsyncGenerator<BlockAt<Block>, void, void>;
  /** Whether the table has log10 p instead of counts; `undefined` until its first block was read. */
  private isBackoff: boolean | undefined;
  /** By row of the last wide context, the word id; likewise `counts` and `log10Probs`. */
  private words = new Uint32Array(0);
  private counts = new Uint32Array(0);
  private log10Probs = new Float64Array(0);

  /**
   * Begins to read the blocks with indices `first` ≤ b < `end`.
   *
   * @param onRows called with the number of rows of each block, after it was read.
   */
  constructor(
    private readonly store: ModelStore,
    private readonly table: StoredTable,
    private readonly onRows: (rows: number) => void,
    first = 0,
    end = blocksOf(table),
  ) {
    this.blocks = readBlocks(store, table, { first, end });
    this.remaining = Math.max(0, end - first);
  }

  /** Reads the next block. @throws KNESER_DAMAGED, also if there are no more blocks. */
  async next(): Promise<Block> {
    const block = await this.read();
    return block.wideTotals ? this.gather(block, block.wideTotals.followers) : block;
  }

  /** Joins the followers of a wide context, whose first block was just read. */
  private async gather(first: Block, followers: number): Promise<Block> {
    if (followers > blocksOf(this.table) * MOST_ROWS) throw this.damaged(WRONG_TOTALS);
    if (this.words.length < followers) {
      this.words = new Uint32Array(followers);
      this.counts = new Uint32Array(followers);
      if (first.numbers) this.log10Probs = new Float64Array(followers);
    }
    const { words, counts, log10Probs } = this;
    const contexts = first.contexts.map(column => column.slice(0, 1));
    const pruned = first.pruned.slice(0, 1);
    const numbers = first.numbers ? { log10Probs, backoffs: first.numbers.backoffs.slice(0, 1) } : undefined;
    for (let block = first, length = 0; ; block = await this.read()) {
      const rows = block.starts[1];
      if (block.contextCount > 1 || length + rows > followers) throw this.damaged(WRONG_TOTALS);
      words.set(block.words.subarray(0, rows), length);
      counts.set(block.counts.subarray(0, rows), length);
      if (block.numbers) log10Probs.set(block.numbers.log10Probs.subarray(0, rows), length);
      length += rows;
      if (length >= followers) break;
    }
    return { contexts, contextCount: 1, starts: Uint32Array.of(0, followers), pruned, words, counts, numbers };
  }

  /** Reads the next block as the store has it. */
  private async read(): Promise<Block> {
    const next = this.remaining > 0 ? await this.blocks.next() : undefined;
    if (!next || next.done) throw this.damaged(WRONG_TOTALS);
    this.remaining--;
    const { block } = next.value;
    const isBackoff = block.numbers !== undefined;
    if (isBackoff !== (this.isBackoff ??= isBackoff))
      throw this.damaged('some blocks have counts, others log10 probabilities');
    this.onRows(block.starts[block.contextCount]);
    return block;
  }

  private damaged(reason: string): KneserError {
    return damagedTable(this.store.name, this.table.name, reason);
  }
}
