import type { ModelStore } from '../store/store.js';
import { NONE } from '../text/tokens.js';
import { NO_NUMBERS, type BlockNumbers } from './block.js';
import { TableCursor } from './cursor.js';
import type { BlockAt } from './read-ahead.js';
import { TRIE_ROWS, type TrieBlock } from './trie-block.js';
import { readTrieBlocks, type TrieTable } from './trie-blocks.js';
import { TrieColumns } from './trie-columns.js';
import { blankNumbers, readNumbers } from './trie-numbers.js';

/**
 * Steps through the contexts of a trie table, together with the cursor of the table of their parents. A trie has ranks in place of words: the
 * words of a context are known when the cursor of the parents has reached its parent ({@link extendsShorter}). Or moves to some of the contexts, and moves the
 * cursor of the parents to theirs ({@link moveTo}).
 */
export class TrieCursor extends TableCursor {
  private readonly blocks: AsyncGenerator<BlockAt<TrieBlock>, void, void>;
  /** The block that was read last, and its columns. */
  private block: TrieBlock | undefined;
  private readonly columns: TrieColumns;
  /** The index of the current context in `block`. */
  private at = 0;
  /** Ranks of the followers, in the same entries as their counts: those of `block`, or of all blocks of a wide context. */
  private ranks: Uint32Array;
  /** The end of the followers in `words`: {@link to}, or {@link from} if the context has none. */
  private end = 0;
  /** As many followers as the blocks of the table have room for. */
  private readonly mostFollowers: number;
  /** Whether the table has log10 p instead of counts; `undefined` until its first block was read. */
  private isBackoff: boolean | undefined;
  /** In a back-off model: by row of `block`, log10 p; by context, log10 of the back-off. */
  private numbers: BlockNumbers | undefined;

  /**
   * @param parents the cursor of the parents' table; `undefined` for the table of the empty pattern.
   * @param onRows called with the number of rows of each block, after it was read. Without it, numbers of back-off models are not read.
   */
  constructor(
    store: ModelStore,
    table: TrieTable,
    private readonly parents: TrieCursor | undefined,
    private readonly onRows?: (rows: number) => void,
  ) {
    const columns = new TrieColumns();
    super(store, table, table.pattern.length, new Uint32Array(TRIE_ROWS), columns.counts);
    this.columns = columns;
    this.ranks = columns.ranks;
    this.mostFollowers = table.directory.parents.length * TRIE_ROWS;
    this.blocks = readTrieBlocks(store, table, 0, {});
  }

  override advance(): Promise<void> | undefined {
    this.row += this.to - this.from;
    this.contextIndex++;
    const { block } = this;
    if (!block || ++this.at === block.contexts) return this.enterBlock();
    this.enter(block);
    return undefined;
  }

  override extendsShorter(): boolean {
    const { parents, columns, at, done } = this;
    if (done || !parents) return false;
    const parent = columns.parents[at];
    if (parent !== parents.contextIndex) {
      if (parent < parents.contextIndex) throw this.damaged('contexts are out of order');
      return false;
    }
    this.readWords(parents);
    return true;
  }

  /** Moves to the context with the index `target`, the current context or a later one, and reads its words. Returns a promise if a block has to be read first. */
  moveTo(target: number): Promise<void> | undefined {
    const { block, parents, columns } = this;
    if (target === this.contextIndex) return undefined;
    if (!block || target >= block.firstContext + block.contexts) {
      if (this.done) throw this.damaged('a longer table has a context that is not there');
      return this.enterBlock().then(() => this.moveTo(target));
    }
    const c = target - block.firstContext;
    if (c < this.at) throw this.damaged('contexts are out of order');
    if (c > this.at) {
      this.at = c;
      this.enter(block);
    }
    if (parents) {
      const moving = parents.moveTo(columns.parents[c]);
      if (moving) return moving.then(() => this.moveTo(target));
      this.readWords(parents);
    }
    this.contextIndex = target;
    return undefined;
  }

  /** Writes the words of the followers that have the ranks of the rows `from` ≤ r < `to` of a table of longer contexts. */
  gatherWords(ranks: Uint32Array, from: number, to: number, into: Uint32Array): void {
    const { words, from: first } = this;
    let largest = 0;
    for (let row = from; row < to; row++) {
      const rank = ranks[row];
      if (rank > largest) largest = rank;
      into[row] = words[first + rank];
    }
    if (first + largest >= this.end) throw this.damaged('a longer n-gram has a word that follows no shorter context');
  }

  async close(): Promise<void> {
    await this.blocks.return();
    await this.parents?.close();
  }

  /** Reads the words of the current context and of its followers. */
  private readWords(parents: TrieCursor): void {
    const { context, columns, at, ranks, words, from, to, block } = this;
    const { context: shorter } = parents;
    const last = shorter.length;
    // `set` would take longer for so few words.
    for (let j = 0; j < last; j++) context[j] = shorter[j];
    context[last] = columns.words[at];
    if (block?.isBackoff && block.isBare(at)) {
      words[from] = NONE;
      this.end = from;
      return;
    }
    parents.gatherWords(ranks, from, to, words);
    this.end = to;
  }

  private async enterBlock(): Promise<void> {
    const expected = this.block ? this.block.firstContext + this.block.contexts : 0;
    const first = await this.nextBlock();
    if (first && first.firstContext !== expected) throw this.damaged('its contexts are not the next ones');
    if (!first) {
      this.done = true;
      this.from = this.to = 0;
      return;
    }
    const { columns, numbers } = this;
    this.at = 0;
    this.ranks = columns.ranks;
    this.counts = columns.counts;
    this.log10Probs = numbers?.log10Probs ?? NO_NUMBERS;
    if (this.words.length < TRIE_ROWS) this.words = new Uint32Array(TRIE_ROWS);
    this.enter(first);
    if (first.wideFollowers > 0) await this.gather(first);
    if (this.parents) return;
    // The words of the empty context are its ranks.
    this.words = this.ranks;
    this.end = this.to;
  }

  /** Sets the members to context `at` of the block. */
  private enter(block: TrieBlock): void {
    const { at, columns } = this;
    this.from = columns.starts[at];
    this.to = columns.starts[at + 1];
    this.pruned = block.isPruned ? block.pruned(at) : 0;
    if (this.numbers) this.backoff = this.numbers.backoffs[at];
  }

  /** Joins the followers of a wide context, whose first block was just read. */
  private async gather({ wideFollowers: followers, isBackoff, firstContext }: TrieBlock): Promise<void> {
    const { columns, numbers } = this;
    if (followers > this.mostFollowers) throw this.damaged('a context lacks rows');
    const ranks = new Uint32Array(followers);
    const counts = new Uint32Array(followers);
    const log10Probs = isBackoff ? new Float64Array(followers) : NO_NUMBERS;
    for (let length = 0; ;) {
      const { block } = this;
      const rows = block?.rows ?? 0;
      const isNext =
        block?.wideFollowers === followers && block.firstRow === length && block.firstContext === firstContext;
      if (!isNext || length + rows > followers) throw this.damaged('a context lacks rows');
      ranks.set(columns.ranks.subarray(0, rows), length);
      counts.set(columns.counts.subarray(0, rows), length);
      if (numbers) log10Probs.set(numbers.log10Probs.subarray(0, rows), length);
      length += rows;
      if (length >= followers) break;
      await this.nextBlock();
    }
    this.ranks = ranks;
    this.counts = counts;
    this.log10Probs = log10Probs;
    this.from = 0;
    this.to = followers;
    if (this.words.length < followers) this.words = new Uint32Array(followers);
  }

  /** Reads the next block. @returns the block; `undefined` if there are no more. */
  private async nextBlock(): Promise<TrieBlock | undefined> {
    const next = await this.blocks.next();
    this.block = next.done ? undefined : next.value.block;
    const { block, columns } = this;
    if (!block) return undefined;
    if (block.isBackoff !== (this.isBackoff ??= block.isBackoff))
      throw this.damaged('some blocks have counts, others log10 probabilities');
    columns.read(block);
    if (!this.onRows) return block;
    if (block.isBackoff) readNumbers(block, (this.numbers ??= blankNumbers()));
    this.onRows(block.rows);
    return block;
  }
}
