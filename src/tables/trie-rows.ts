import { KneserError } from '../base/errors.js';
import { BlockDamage } from '../base/sealed.js';
import { trieBlockKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { damagedTable } from './damage.js';
import { blankBlock, type Block, type BlockNumbers } from './block.js';
import { parentPattern, parseTableName, tableName, type Pattern, type Stream, streamOf } from './pattern.js';
import { decodeAhead, type DamageOptions, type BlockAt } from './read-ahead.js';
import { TRIE_ROWS, type TrieBlock } from './trie-block.js';
import { TrieColumns } from './trie-columns.js';
import type { TrieDirectory } from './trie-directory.js';
import { openTrieBlock, readTrieDirectory } from './trie-reader.js';
import { NONE } from '../text/tokens.js';

/** A trie table of a store whose directory was read. */
export interface TrieTable {
  /** The name of the table, such as `1_11`. */
  readonly name: string;
  readonly pattern: Pattern;
  readonly stream: Stream;
  readonly directory: TrieDirectory;
}

/** Opens a trie table. @param name the name of the table. @throws KNESER_DAMAGED */
export async function openTrie(store: ModelStore, name: string): Promise<TrieTable> {
  return trieOf(name, await readTrieDirectory(store, name));
}

/** A trie table, from its name and its directory. */
export function trieOf(name: string, directory: TrieDirectory): TrieTable {
  const pattern = parseTableName(name) ?? [];
  return { name, pattern, stream: streamOf(name), directory };
}

/**
 * Reads a trie table as rows.
 *
 * - Input: a trie table of a store, and the tables of its parents.
 * - Output: a block of rows for each block of the trie, in the order of the rows. A block is valid until the next block is asked for,
 *   because all blocks are decoded into the same memory.
 *
 * @param first index of the first block to read.
 * @param end index of the block after the last block to read.
 * @throws KNESER_DAMAGED for a block that is missing or unreadable, or whose first row differs from the directory, and for a word or a
 *   context that the tables of its parents lack.
 */
export async function* readTrieRows(
  store: ModelStore,
  table: TrieTable,
  first: number,
  damage: DamageOptions,
  end = table.directory.parents.length,
): AsyncGenerator<BlockAt<Block>, void, void> {
  const reader = new RowReader(table.pattern.length, await ContextReader.open(store, table));
  try {
    for await (const { index, block: trie } of readTrieBlocks(store, table, first, damage, end)) {
      try {
        await reader.read(trie);
      } catch (error) {
        const problem = error instanceof BlockDamage ? damagedTable(store.name, table.name, error.message) : error;
        if (!damage.onDamage || !isDamage(problem)) throw problem;
        damage.onDamage(problem, index);
        continue;
      }
      yield { index, block: reader.block };
    }
  } finally {
    await reader.close();
  }
}

/** Turns the blocks of a trie into rows. */
class RowReader {
  /** The block of rows that was read last. */
  readonly block: Block;
  private readonly columns = new TrieColumns();

  /**
   * @param width words of a context.
   * @param parents the reader of the parents' table; `undefined` for the table of the empty pattern.
   */
  constructor(
    private readonly width: number,
    private readonly parents: ContextReader | undefined,
  ) {
    this.block = blankBlock(width, TRIE_ROWS, TRIE_ROWS);
  }

  /** Reads the next block into {@link block}. @throws KNESER_DAMAGED, BlockDamage */
  async read(trie: TrieBlock): Promise<void> {
    const { block, columns, parents, width } = this;
    const { contexts, rows } = trie;
    trie.checkSamples();
    columns.read(trie);
    block.contextCount = contexts;
    block.starts.set(columns.starts.subarray(0, contexts + 1));
    block.counts.set(columns.counts.subarray(0, rows));
    block.numbers = trie.isBackoff ? (block.numbers ?? blankNumbers()) : undefined;
    if (block.numbers) readNumbers(trie, block.numbers);
    if (trie.isPruned) for (let c = 0; c < contexts; c++) block.pruned[c] = trie.pruned(c);
    else block.pruned.fill(0, 0, contexts);
    if (parents) {
      block.contexts[width - 1].set(columns.words.subarray(0, contexts));
      // The contexts of a parent are read together.
      for (let c = 0; c < contexts;) {
        const moving = parents.moveTo(columns.parents[c]);
        if (moving) await moving;
        c = parents.readInto(block, c, trie, columns);
      }
    } else {
      block.words.set(columns.ranks.subarray(0, rows));
    }
    block.wideTotals = undefined;
    if (trie.wideFollowers === 0) return;
    trie.findRows(0);
    trie.addTotals(0);
    const { total, ones, twos, followers } = trie;
    block.wideTotals = { total, ones, twos, followers };
  }

  async close(): Promise<void> {
    await this.parents?.close();
  }
}

function isDamage(error: unknown): error is KneserError {
  return error instanceof KneserError && error.code === 'KNESER_DAMAGED';
}

/** Reads the blocks `first` ≤ b < `end` of a trie table, and reads ahead. */
export function readTrieBlocks(
  store: ModelStore,
  { name, directory }: TrieTable,
  first: number,
  damage: DamageOptions,
  end = directory.parents.length,
): AsyncGenerator<BlockAt<TrieBlock>, void, void> {
  return decodeAhead(
    store,
    index => trieBlockKey(name, index),
    first,
    end,
    (index, value) => openTrieBlock(store, name, directory, index, value),
    damage,
  );
}

/** Reads the contexts of a trie table from the first to the last, with the words of each context and the words of its followers. */
class ContextReader {
  /** The words of the current context, nearest first. */
  readonly context: Uint32Array;
  /** The words of the followers of the current context: the first {@link length} entries. */
  private followers = new Uint32Array(1024);
  private length = 0;
  /** The index of the current context in its table. */
  private current = -1;
  /** The block that was read last. */
  private block: TrieBlock | undefined;
  /** The contexts and rows of `block`. */
  private readonly columns = new TrieColumns();

  private constructor(
    private readonly table: TrieTable,
    private readonly store: ModelStore,
    private readonly blocks: AsyncGenerator<BlockAt<TrieBlock>, void, void>,
    private readonly parents: ContextReader | undefined,
  ) {
    this.context = new Uint32Array(table.pattern.length);
  }

  /** Opens the table that has the parents of a table's contexts; `undefined` for the table of the empty pattern, whose context has no parent. */
  static async open(
    store: ModelStore,
    { pattern, stream }: Pick<TrieTable, 'pattern' | 'stream'>,
  ): Promise<ContextReader | undefined> {
    if (pattern.length === 0) return undefined;
    const table = await openTrie(store, tableName(parentPattern(pattern), stream));
    return new ContextReader(table, store, readTrieBlocks(store, table, 0, {}), await ContextReader.open(store, table));
  }

  /** Moves to the context with the index `target`, the current context or a later one. Returns a promise if a block has to be read first. */
  moveTo(target: number): Promise<void> | undefined {
    if (target === this.current) return undefined;
    const { block } = this;
    if (!block || target >= block.firstContext + block.contexts)
      return this.nextBlock().then(() => this.moveTo(target));
    const c = target - block.firstContext;
    if (c < 0) throw this.damaged('contexts are out of order');
    if (this.parents) {
      const moving = this.parents.moveTo(this.columns.parents[c]);
      if (moving) return moving.then(() => this.moveTo(target));
    }
    this.enter(block, c);
    return block.wideFollowers > this.length ? this.gather(block.wideFollowers, target) : void (this.current = target);
  }

  /**
   * Writes the contexts of a block that belong to the current context, and the predicted words of their rows.
   *
   * @param rows the block that is written.
   * @param first the first of these contexts.
   * @param block the block as a trie.
   * @param columns the columns of `block`.
   * @returns the first context that belongs to the next parent.
   */
  readInto(rows: Block, first: number, block: TrieBlock, { parents, starts, ranks }: TrieColumns): number {
    const { context, current } = this;
    const { words } = rows;
    const { contexts } = block;
    let end = first + 1;
    while (end < contexts && parents[end] === current) end++;
    for (let j = 0; j < context.length; j++) {
      const column = rows.contexts[j];
      const word = context[j];
      for (let c = first; c < end; c++) column[c] = word;
    }
    if (block.isBackoff) {
      // A bare context has one row, which has no rank.
      for (let c = first; c < end; c++) {
        if (block.isBare(c)) words[starts[c]] = NONE;
        else this.gatherWords(ranks, starts[c], starts[c + 1], words);
      }
    } else {
      this.gatherWords(ranks, starts[first], starts[end], words);
    }
    return end;
  }

  /** Writes the followers with the ranks of the rows `from` ≤ r < `to` into `words`. */
  private gatherWords(ranks: Uint32Array, from: number, to: number, words: Uint32Array): void {
    const { followers, length } = this;
    let largest = 0;
    for (let row = from; row < to; row++) {
      const rank = ranks[row];
      if (rank > largest) largest = rank;
      words[row] = followers[rank];
    }
    if (largest >= length) throw this.damaged('a longer n-gram has a word that follows no shorter context');
  }

  async close(): Promise<void> {
    await this.blocks.return();
    await this.parents?.close();
  }

  /** Sets the context and its followers to context `c` of the block. */
  private enter(block: TrieBlock, c: number): void {
    const { context, parents, columns } = this;
    const from = columns.starts[c];
    this.length = columns.starts[c + 1] - from;
    if (!parents) {
      this.followers = columns.ranks;
      return;
    }
    // `set` would take longer for so few words.
    for (let j = 0; j + 1 < context.length; j++) context[j] = parents.context[j];
    context[context.length - 1] = columns.words[c];
    if (block.isBare(c)) {
      this.length = 0;
      return;
    }
    if (this.followers.length < this.length) this.followers = new Uint32Array(2 * this.length);
    const { followers } = this;
    for (let i = 0; i < this.length; i++) {
      const rank = columns.ranks[from + i];
      if (rank >= parents.length) throw this.damaged('an n-gram has a word that follows no shorter context');
      followers[i] = parents.followers[rank];
    }
  }

  /** Joins the followers of a wide context, whose first block was just read. @param followers how many they are. @param target its index in its table. */
  private async gather(followers: number, target: number): Promise<void> {
    const all = new Uint32Array(followers);
    let length = 0;
    for (;;) {
      if (length + this.length > followers) throw this.damaged('a context has more rows than its totals say');
      all.set(this.followers.subarray(0, this.length), length);
      length += this.length;
      if (length === followers) break;
      await this.nextBlock();
      const { block } = this;
      if (block?.wideFollowers !== followers || block.firstRow !== length) throw this.damaged('a context lacks rows');
      this.enter(block, 0);
    }
    this.followers = all;
    this.length = length;
    this.current = target;
  }

  private async nextBlock(): Promise<void> {
    const next = await this.blocks.next();
    if (next.done) throw this.damaged('a longer table has a context that is not there');
    this.block = next.value.block;
    this.columns.read(this.block);
  }

  private damaged(reason: string): Error {
    return damagedTable(this.store.name, this.table.name, reason);
  }
}

/** Arrays for the numbers of a block of a back-off model. */
export function blankNumbers(): BlockNumbers {
  return { log10Probs: new Float64Array(TRIE_ROWS), backoffs: new Float64Array(TRIE_ROWS) };
}

/** Writes the numbers of a block of a back-off model into `numbers`. */
export function readNumbers(block: TrieBlock, { log10Probs, backoffs }: BlockNumbers): void {
  for (let row = 0; row < block.rows; row++) log10Probs[row] = block.log10Prob(row);
  for (let c = 0; c < block.contexts; c++) backoffs[c] = block.backoff(c);
}
