import type { KneserError } from '../base/errors.js';
import type { ModelStore } from '../store/store.js';
import { blankBlock, BLOCK_ENTRIES, type Block } from './block.js';
import { damagedTable } from './damage.js';
import { TRIE_ROWS } from './trie-block.js';
import { blocksOf, openTable, readBlocks, type NumberedBlock, type StoredTable } from './table-reader.js';

const WRONG_TOTALS = 'the blocks of a context do not have as many rows as its totals say';
const NO_NUMBERS = new Float64Array(0);
/** The most rows of a block of either kind. */
const MOST_ROWS = Math.max(BLOCK_ENTRIES, TRIE_ROWS);

/**
 * Input: the blocks of a table, from {@link readBlocks}. Output: its contexts, one at a time, each with all its followers; those
 * of a wide context are joined from its blocks. Order: that of the rows.
 */
export class TableCursor {
  /** The words of the current context, nearest first. */
  readonly context: Uint32Array;
  /** Entries `from` … `to` − 1 are the followers of the context, words ascending. */
  words: Uint32Array;
  counts: Uint32Array;
  /** In a back-off model, log10 p of the same entries, and log10 of the context's back-off. */
  probabilities: Float64Array = NO_NUMBERS;
  backoff = 0;
  from = 0;
  to = 0;
  /** Σ of the counts of the context's pruned followers. */
  pruned = 0;
  /** The number of the context, and of its first row, within the table; from 0 up. */
  number = -1;
  row = 0;
  /** Whether there are no more contexts. */
  done = false;

  private readonly blocks: AsyncGenerator<NumberedBlock, void, void>;
  private block: Block;
  /** The index of the current context within the block. */
  private at = -1;
  /** Number of blocks that were not read yet. */
  private left: number;
  /** Whether blocks have log10 probabilities; unknown before the first block. */
  private isBackoff: boolean | undefined;
  private wideWords = new Uint32Array(0);
  private wideCounts = new Uint32Array(0);
  private wideProbabilities = NO_NUMBERS;

  private constructor(
    private readonly store: ModelStore,
    private readonly table: StoredTable,
    width: number,
    private readonly onRows: (rows: number) => void,
  ) {
    this.context = new Uint32Array(width);
    this.blocks = readBlocks(store, table);
    this.left = blocksOf(table);
    this.block = blankBlock(width, 0, 0);
    this.words = this.block.words;
    this.counts = this.block.counts;
  }

  /**
   * Opens a table at its first context.
   *
   * @param width words of a context.
   * @param onRows told the rows of each block when it was read.
   */
  static async open(
    store: ModelStore,
    name: string,
    width: number,
    onRows: (rows: number) => void,
  ): Promise<TableCursor> {
    const cursor = new TableCursor(store, await openTable(store, name, width), width, onRows);
    await cursor.advance();
    return cursor;
  }

  /** Moves to the next context. Returns a promise if a block has to be read first. */
  advance(): Promise<void> | undefined {
    this.row += this.to - this.from;
    this.number++;
    if (++this.at < this.block.contextCount) {
      this.enter();
      return undefined;
    }
    this.done = this.left === 0;
    return this.done ? undefined : this.enterBlock();
  }

  private enter(): void {
    const { block, at, context } = this;
    for (let j = 0; j < context.length; j++) context[j] = block.contexts[j][at];
    this.words = block.words;
    this.counts = block.counts;
    this.from = block.starts[at];
    this.to = block.starts[at + 1];
    this.pruned = block.pruned[at];
    this.probabilities = block.numbers?.probabilities ?? NO_NUMBERS;
    this.backoff = block.numbers?.backoffs[at] ?? 0;
  }

  private async enterBlock(): Promise<void> {
    await this.readBlock();
    this.at = 0;
    this.enter();
    if (this.block.wide) await this.gather(this.block.wide.followers);
  }

  /** Joins the followers of a wide context, whose first block was just read. */
  private async gather(followers: number): Promise<void> {
    const { block } = this;
    if (followers > blocksOf(this.table) * MOST_ROWS) throw this.damaged(WRONG_TOTALS);
    if (this.wideWords.length < followers) {
      this.wideWords = new Uint32Array(followers);
      this.wideCounts = new Uint32Array(followers);
      if (block.numbers) this.wideProbabilities = new Float64Array(followers);
    }
    for (let length = 0; ;) {
      const rows = block.starts[1];
      if (block.contextCount > 1 || length + rows > followers) throw this.damaged(WRONG_TOTALS);
      this.wideWords.set(block.words.subarray(0, rows), length);
      this.wideCounts.set(block.counts.subarray(0, rows), length);
      if (block.numbers) this.wideProbabilities.set(block.numbers.probabilities.subarray(0, rows), length);
      length += rows;
      if (length >= followers) break;
      if (this.left === 0) throw this.damaged(WRONG_TOTALS);
      await this.readBlock();
    }
    this.words = this.wideWords;
    this.counts = this.wideCounts;
    this.probabilities = this.wideProbabilities;
    this.from = 0;
    this.to = followers;
  }

  private damaged(reason: string): KneserError {
    return damagedTable(this.store.name, this.table.name, reason);
  }

  private async readBlock(): Promise<void> {
    const next = await this.blocks.next();
    if (next.done) throw this.damaged(WRONG_TOTALS);
    this.left--;
    this.block = next.value.block;
    const isBackoff = this.block.numbers !== undefined;
    if (isBackoff !== (this.isBackoff ??= isBackoff))
      throw this.damaged('some blocks have counts, others log10 probabilities');
    this.onRows(this.block.starts[this.block.contextCount]);
  }
}
