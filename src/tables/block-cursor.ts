import type { ModelStore } from '../store/store.js';
import { blankBlock, NO_NUMBERS, type Block } from './block.js';
import { ContextBlocks } from './context-blocks.js';
import { TableCursor } from './cursor.js';
import type { StoredTable } from './table-reader.js';

/** Steps through the contexts of one table by its blocks as rows. */
export class BlockCursor extends TableCursor {
  private readonly blocks: ContextBlocks;
  private block: Block;
  /** The index of the current context within the block. */
  private at = -1;

  /**
   * @param width words of a context.
   * @param shorter the cursor of the contexts one word shorter, if {@link extendsShorter} is called.
   * @param onRows called with the number of rows of each block, after it was read.
   */
  constructor(
    store: ModelStore,
    table: StoredTable,
    width: number,
    private readonly shorter: TableCursor | undefined,
    onRows: (rows: number) => void,
  ) {
    const block = blankBlock(width, 0, 0);
    super(store, table, width, block.words, block.counts);
    this.block = block;
    this.blocks = new ContextBlocks(store, table, onRows);
  }

  override advance(): Promise<void> | undefined {
    this.row += this.to - this.from;
    this.contextIndex++;
    if (++this.at < this.block.contextCount) {
      this.enter();
      return undefined;
    }
    this.done = this.blocks.remaining === 0;
    return this.done ? undefined : this.enterBlock();
  }

  override extendsShorter(): boolean {
    const { context, done, shorter } = this;
    if (done || !shorter) return false;
    const { context: words } = shorter;
    for (let j = 0; j < words.length; j++) if (context[j] !== words[j]) return false;
    return true;
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
