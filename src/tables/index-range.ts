import type { KneserError } from '../base/errors.js';
import type { ModelStore } from '../store/store.js';
import { NONE } from '../text/tokens.js';
import { blankBlock, type Block } from './block.js';
import { damagedTable } from './damage.js';
import type { ContextList } from './missing-parents.js';
import { readRange, type Portion } from './range-rows.js';
import type { RowTable } from './table-reader.js';
import { TRIE_ROWS } from './trie-block.js';
import { TrieWriter, type EncodedTrieBlock, type TrieNumbers } from './trie-writer.js';
import type { WordRange } from './word-ranges.js';

/** Blocks are given to `take` when this many wait. */
const BLOCKS_A_TAKE = 64;
/**
 * If a parent has more followers than this, the ranks of words among them are read from an array by word id; for other parents, the words
 * and the followers are compared in one pass.
 */
const FEW = 48;
/** The rank of a word that does not follow the empty context. */
export const NO_RANK = 0xffffffff;

/** A table to index, other than the table of the empty pattern. */
export interface IndexedTable {
  readonly table: RowTable;
  /** The place in the list of the table of its parents, which comes before it; −1 for the table of the empty pattern. */
  readonly parent: number;
  /** Contexts that the table lacks, and that are the parents of contexts in tables of longer patterns. */
  readonly missing: ContextList | undefined;
}

/** The tables that are indexed. */
export interface RangePlan {
  readonly tables: readonly IndexedTable[];
  /** By word id, the rank of the word among the followers of the empty context; {@link NO_RANK} for words that do not follow it. */
  readonly ranks: Uint32Array;
  /** Whether rows have log10 probabilities in place of counts. */
  readonly isBackoff: boolean;
}

/** A block of a range. Its indices of contexts and parents count from the first context of their table in the range. */
export interface RangeBlock extends EncodedTrieBlock {
  /** The index of the block's table in the list of tables. */
  readonly table: number;
}

/** The figures of the part of a table that is in a range. */
export interface RangeFigures {
  /** Number of contexts. */
  readonly contexts: number;
  /** Number of contexts without followers, which only a back-off model has. */
  readonly bare: number;
}

/**
 * Makes trie blocks of the contexts of a range.
 *
 * - Input: the contexts of all tables whose nearest word is in a range, as rows.
 * - Output: the same contexts as blocks of tries, given to `take`; the blocks of each table ascend.
 * - Works in one pass over all tables: after each block of contexts it indexes the contexts one word longer whose parents are in this
 *   block, in every table whose parents' table this is. One block of each table is in memory.
 *
 * @param onRows called with the number of rows of each block, after it was read.
 * @returns the figures of each table.
 * @throws KNESER_DAMAGED where an n-gram lacks the n-gram without its farthest word.
 */
export async function indexRange(
  store: ModelStore,
  { tables, ranks, isBackoff }: RangePlan,
  range: WordRange,
  take: (blocks: RangeBlock[]) => Promise<void>,
  onRows: (rows: number) => void,
): Promise<RangeFigures[]> {
  const blocks: RangeBlock[] = [];
  const indexes: TableIndex[] = [];
  for (const [i, { table, parent, missing }] of tables.entries()) {
    const rows = readRange(store, table, range, missing, onRows);
    const emit = (block: EncodedTrieBlock): void => void blocks.push({ table: i, ...block });
    const above = parent < 0 ? undefined : indexes[parent];
    indexes.push(new TableIndex(store.name, table.name, rows, above, { emit, ranks, isBackoff }));
  }
  const pause = (): Promise<void> | undefined => (blocks.length < BLOCKS_A_TAKE ? undefined : take(blocks.splice(0)));
  try {
    for (const index of indexes) if (!index.parent) await index.indexAll(pause);
    for (const index of indexes) await index.finish();
    await take(blocks);
    return indexes.map(({ contexts, bare }) => ({ contexts, bare }));
  } finally {
    for (const index of indexes) await index.close();
  }
}

/** The options of {@link TableIndex}: `ranks` and `isBackoff` as in {@link RangePlan}; `emit` takes each block. */
interface TableIndexOptions {
  readonly emit: (block: EncodedTrieBlock) => void;
  readonly ranks: Uint32Array;
  readonly isBackoff: boolean;
}

/** Indexes the contexts of one table in a range. */
class TableIndex implements RangeFigures {
  /** Number of contexts without followers. */
  bare = 0;
  /** The block of rows that was read last. Its contexts `next` ≤ c < `stop` are not indexed yet. */
  private block: Block = blankBlock(0, 0, 0);
  private next = 0;
  private stop = 0;
  /** Context c of `block` has the index `base` + c among the contexts of the range. */
  private base = 0;
  /** The tables whose parents' table this is. */
  private readonly children: TableIndex[] = [];
  private readonly writer: TrieWriter;
  /**
   * By word id, the rank of the word among the followers of the context with the index `rankedContext`. Entries of other words are left
   * from earlier contexts. Empty until a context needs it.
   */
  private rankOfFollower = new Uint32Array(0);
  private rankedContext = -1;
  /** The ranks of the rows of a context with more rows than a block holds. */
  private wideRanks = new Uint32Array(0);

  constructor(
    private readonly store: string,
    private readonly name: string,
    private readonly rows: AsyncGenerator<Portion, void, void>,
    readonly parent: TableIndex | undefined,
    private readonly options: TableIndexOptions,
  ) {
    parent?.children.push(this);
    this.writer = new TrieWriter(options.emit, options.isBackoff);
  }

  /** Number of contexts that were indexed. */
  get contexts(): number {
    return this.writer.contexts;
  }

  /** Indexes all contexts of this table, whose parent is the empty context, and all longer contexts that contain them. */
  async indexAll(pause: () => Promise<void> | undefined): Promise<void> {
    while (await this.read()) {
      const from = this.next;
      for (; this.next < this.stop; this.next++) this.write(this.next, undefined, 0);
      await this.indexChildren(from, this.stop, pause);
    }
  }

  /** Indexes the contexts of all `children` whose parents are contexts `from` ≤ c < `to` of the block, and all longer contexts. */
  private async indexChildren(from: number, to: number, pause: () => Promise<void> | undefined): Promise<void> {
    const waiting = pause();
    if (waiting) await waiting;
    for (const child of this.children) {
      for (let parent = from; child.next < child.stop || (await child.read());) {
        const first = child.next;
        parent = child.join(this, parent, to);
        if (child.next > first) await child.indexChildren(first, child.next, pause);
        if (child.next < child.stop) break;
      }
    }
  }

  /** Writes the last block. @throws KNESER_DAMAGED if contexts remain, because they have no parent. */
  async finish(): Promise<void> {
    if (this.next < this.stop || (await this.read())) throw this.orphan(this.next);
    this.writer.flush();
  }

  async close(): Promise<void> {
    await this.rows.return();
  }

  /** Reads the next contexts. @returns whether there are any. */
  private async read(): Promise<boolean> {
    const { done, value } = await this.rows.next();
    if (done) return false;
    this.block = value.block;
    this.next = value.from;
    this.stop = value.to;
    this.base = this.writer.contexts - value.from;
    return true;
  }

  /**
   * Writes the contexts of the block whose parents are contexts `from` ≤ c < `to` of the parent's block. Both blocks ascend.
   *
   * @returns the index in the parent's block of the context at which it stopped.
   */
  private join(parent: TableIndex, from: number, to: number): number {
    const { contexts, starts, words, counts, pruned } = this.block;
    const { contexts: shorter, starts: parentStarts, words: followers } = parent.block;
    const shared = shorter.length;
    const farthest = contexts[shared];
    const { writer } = this;
    const { ranks, counts: rowCounts } = writer;
    const { isBackoff } = this.options;
    let next = this.next;
    let parentAt = from;
    for (; next < this.stop; next++) {
      let difference = -1;
      for (; parentAt < to; parentAt++) {
        for (let j = 0; j < shared; j++) {
          difference = shorter[j][parentAt] - contexts[j][next];
          if (difference !== 0) break;
        }
        if (difference >= 0) break;
      }
      if (parentAt === to) break;
      if (difference > 0) throw this.orphan(next);
      const start = starts[next];
      const length = starts[next + 1] - start;
      const first = parentStarts[parentAt];
      const last = parentStarts[parentAt + 1];
      if (isBackoff || length > TRIE_ROWS || last - first > FEW) {
        this.write(next, parent, parentAt);
        continue;
      }
      // Most contexts have few rows: this does the same as `write`, without its calls.
      const row = writer.begin(parent.base + parentAt, farthest[next], length, pruned[next]);
      for (let i = 0, follower = first; i < length; i++, follower++) {
        const word = words[start + i];
        while (follower < last && followers[follower] < word) follower++;
        if (follower === last || followers[follower] !== word) throw this.orphan(next);
        ranks[row + i] = follower - first;
        rowCounts[row + i] = counts[start + i];
      }
    }
    this.next = next;
    return parentAt;
  }

  /** Writes a context of the block. @param parentAt the index of its parent in the parent's block. */
  private write(context: number, parent: TableIndex | undefined, parentAt: number): void {
    const { block, writer } = this;
    const { contexts, starts, words, counts } = block;
    const from = starts[context];
    const length = starts[context + 1] - from;
    const parentIndex = parent ? parent.base + parentAt : 0;
    const farthest = contexts[contexts.length - 1][context];
    const pruned = block.pruned[context];
    const numbers = this.options.isBackoff ? this.numbersOf(context, from, length) : undefined;
    if (length > TRIE_ROWS) {
      if (this.wideRanks.length < length) this.wideRanks = new Uint32Array(length);
      this.rank(context, parent, parentAt, from, length, this.wideRanks, 0);
      writer.group(parentIndex, farthest, this.wideRanks, counts, from, length, pruned, numbers);
      return;
    }
    const row = writer.begin(parentIndex, farthest, length, pruned);
    const rowCounts = writer.counts;
    for (let i = 0; i < length; i++) rowCounts[row + i] = counts[from + i];
    if (numbers) writer.putNumbers(numbers, from, row, length);
    if (numbers?.bare) writer.ranks[row] = words[from];
    else this.rank(context, parent, parentAt, from, length, writer.ranks, row);
  }

  /** The numbers of a context of a back-off model, whose rows are the `length` rows from `from` on. Counts bare contexts. */
  private numbersOf(context: number, from: number, length: number): TrieNumbers {
    const { words, numbers } = this.block;
    const bare = length === 1 && words[from] === NONE;
    if (bare) this.bare++;
    return numbers
      ? { log10Probs: numbers.log10Probs, backoff: numbers.backoffs[context], bare }
      : { log10Probs: NO_NUMBERS, backoff: 0, bare };
  }

  /**
   * Writes the ranks of the `length` rows of a context, from row `from` of the block on, into `ranks` from entry `at` on.
   *
   * @throws KNESER_DAMAGED for a row whose word does not follow the parent.
   */
  private rank(
    context: number,
    parent: TableIndex | undefined,
    parentAt: number,
    from: number,
    length: number,
    ranks: Uint32Array,
    at: number,
  ): void {
    const { words } = this.block;
    const isWhole = parent
      ? parent.rankFollowers(parentAt, words, from, length, ranks, at)
      : rankWords(this.options.ranks, words, from, length, ranks, at);
    if (!isWhole) throw this.orphan(context);
  }

  /**
   * Writes the ranks of `words[from, from + length)`, ascending, among the followers of a context of the block into `ranks` from entry `at`
   * on.
   *
   * @returns whether all of these words follow the context.
   */
  private rankFollowers(
    context: number,
    words: Uint32Array,
    from: number,
    length: number,
    ranks: Uint32Array,
    at: number,
  ): boolean {
    const { starts, words: followers } = this.block;
    const first = starts[context];
    const last = starts[context + 1];
    if (last - first > FEW) return this.rankByArray(context, words, from, length, ranks, at);
    for (let i = 0, follower = first; i < length; i++, follower++) {
      const word = words[from + i];
      while (follower < last && followers[follower] < word) follower++;
      if (follower === last || followers[follower] !== word) return false;
      ranks[at + i] = follower - first;
    }
    return true;
  }

  /** As {@link rankFollowers}, by way of `rankOfFollower`. */
  private rankByArray(
    context: number,
    words: Uint32Array,
    from: number,
    length: number,
    ranks: Uint32Array,
    at: number,
  ): boolean {
    const { starts, words: followers } = this.block;
    const first = starts[context];
    const last = starts[context + 1];
    if (this.rankOfFollower.length === 0) this.rankOfFollower = new Uint32Array(this.options.ranks.length);
    const { rankOfFollower } = this;
    if (this.rankedContext !== this.base + context) {
      for (let i = first; i < last; i++) rankOfFollower[followers[i]] = i - first;
      this.rankedContext = this.base + context;
    }
    for (let i = 0; i < length; i++) {
      const word = words[from + i];
      const rank = rankOfFollower[word];
      // A word that does not follow this context may have a rank of an earlier context.
      if (first + rank >= last || followers[first + rank] !== word) return false;
      ranks[at + i] = rank;
    }
    return true;
  }

  /** The error for a context with a row whose n-gram without its farthest word is missing. */
  private orphan(context: number): KneserError {
    const words = Array.from(this.block.contexts, column => column[context]).reverse();
    const reason = `after the words ${words.join(' ')} comes one that lacks its shorter n-gram`;
    return damagedTable(this.store, this.name, reason);
  }
}

const NO_NUMBERS = new Float64Array(1);

/** As {@link TableIndex.rankFollowers} for the empty context. @param rankOf as `ranks` of {@link RangePlan}. */
function rankWords(
  rankOf: Uint32Array,
  words: Uint32Array,
  from: number,
  length: number,
  ranks: Uint32Array,
  at: number,
): boolean {
  for (let i = 0; i < length; i++) {
    const word = words[from + i];
    const rank = word < rankOf.length ? rankOf[word] : NO_RANK;
    if (rank === NO_RANK) return false;
    ranks[at + i] = rank;
  }
  return true;
}
