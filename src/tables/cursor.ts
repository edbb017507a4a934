import type { ModelStore } from '../store/store.js';
import { blankBlock, type Block } from './block.js';
import { ContextBlocks } from './context-blocks.js';
import { openTable, type StoredTable } from './table-reader.js';

const NO_NUMBERS = new Float64Array(0);

/**
 * Steps through the contexts of a table in the order of the rows. At each step, its members describe one context and all its followers.
 */
export class TableCursor {
  /** The words of the current context, nearest first. */
  readonly context: Uint32Array;
  /** The ids of the followers, ascending, are the entries `from` … `to` − 1. */
  words: Uint32Array;
  /** The counts of the followers, in the same entries. */
  counts: Uint32Array;
  /** In a back-off model, log10 p of the followers, in the same entries. */
  log10Probs: Float64Array = NO_NUMBERS;
  /** In a back-off model, log10 of the context's back-off. */
  backoff = 0;
  from = 0;
  to = 0;
  /** The sum of the counts of the context's pruned followers. */
  pruned = 0;
  /** The index of the context in the table. */
  contextIndex = -1;
  /** The index of the context's first row in the table. */
  row = 0;
  /** Whether there are no more contexts. */
  done = false;

  private readonly blocks: ContextBlocks;
  private block: Block;
  /** The index of the current context within the block. */
  private at = -1;

  private constructor(store: ModelStore, table: StoredTable, width: number, onRows: (rows: number) => void) {
    this.context = new Uint32Array(width);
    this.blocks = new ContextBlocks(store, table, onRows);
    this.block = blankBlock(width, 0, 0);
    this.words = this.block.words;
    this.counts = this.block.counts;
  }

  /**
   * Opens a table at its first context.
   *
   * @param width words of a context.
   * @param onRows called with the number of rows of each block, after it was read.
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
    this.contextIndex++;
    if (++this.at < this.block.contextCount) {
      this.enter();
      return undefined;
    }
    this.done = this.blocks.remaining === 0;
    return this.done ? undefined : this.enterBlock();
  }

  /** Sets the members to context `at` of the block. */
  private enter(): void {
    const { block, at, context } = this;
    for (let j = 0; j < context.length; j++) context[j] = block.contexts[j][at];
    this.words = block.words;
    this.counts = block.counts;
    this.from = block.starts[at];
    this.to = block.starts[at + 1];
    this.pruned = block.pruned[at];
    this.log10Probs = block.numbers?.log10Probs ?? NO_NUMBERS;
    this.backoff = block.numbers?.backoffs[at] ?? 0;
  }

  private async enterBlock(): Promise<void> {
    this.block = await this.blocks.next();
    this.at = 0;
    this.enter();
  }
}
