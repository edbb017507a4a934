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

/** Blocks of all tables that may wait to be taken. */
const BLOCKS_A_TAKE = 64;
/** Parents with more followers have them in an array by word; the followers of others are searched from the first to the last. */
const NEAR = 48;
/** The rank of a word that does not follow the empty context. */
export const NO_RANK = 0xffffffff;

/** A table with contexts that is indexed. */
export interface IndexedTable {
  readonly table: RowTable;
  /** The place in the list of the table of its parents, which comes before it; −1 for the table of the empty pattern. */
  readonly parent: number;
  /** Contexts that the table lacks and a longer one needs. */
  readonly missing: ContextList | undefined;
}

/** The tables that are indexed. */
export interface RangePlan {
  readonly tables: readonly IndexedTable[];
  /** By word, its rank among the words that follow the empty context; {@link NO_RANK} for all others. */
  readonly ranks: Uint32Array;
  /** Whether rows have log10 probabilities in place of counts. */
  readonly isBackoff: boolean;
}

/** A block of a range. Numbers of contexts and parents in it count from the first context of their table in the range. */
export interface RangeBlock extends EncodedTrieBlock {
  /** The place of its table in the list. */
  readonly table: number;
}

/** The figures of the part of a table that is in a range. */
export interface RangeFigures {
  readonly contexts: number;
  /** Number of contexts without followers, which only a back-off model has. */
  readonly bare: number;
}

/**
 * Input: the contexts of all tables whose nearest word is in a range, as rows. Output: the same contexts as blocks of tries; the blocks of
 * a table ascend. Makes one pass over all tables: after each block of contexts follow the contexts that are one word longer to the left,
 * in every table of which the block's table is the parent; so one block of each table is in memory.
 *
 * @param take takes the next blocks.
 * @param onRows called with the number of rows of each block, after it was read.
 * @returns by table, its figures.
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

interface TableIndexOptions {
  readonly emit: (block: EncodedTrieBlock) => void;
  readonly ranks: Uint32Array;
  readonly isBackoff: boolean;
}

/** The indexing of one table. */
class TableIndex implements RangeFigures {
  /** Number of contexts without followers. */
  bare = 0;
  /** Contexts `next` to `stop` of the block are not indexed yet. */
  private block: Block = blankBlock(0, 0, 0);
  private next = 0;
  private stop = 0;
  /** The number of a context is this plus its place in the block. */
  private base = 0;
  private readonly children: TableIndex[] = [];
  private readonly writer: TrieWriter;
  /** By word, its place among the followers of the context whose number is `placed`. Made when a context needs it. */
  private places = new Uint32Array(0);
  private placed = -1;
  /** The ranks of a context with more rows than a block. */
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

  get contexts(): number {
    return this.writer.contexts;
  }

  /** Indexes all contexts of a table whose parent is the empty context, and those that continue them. */
  async indexAll(pause: () => Promise<void> | undefined): Promise<void> {
    while (await this.read()) {
      const from = this.next;
      for (; this.next < this.stop; this.next++) this.write(this.next, undefined, 0);
      await this.indexChildren(from, this.stop, pause);
    }
  }

  /** Indexes the contexts that continue contexts `from` to `to` of the block. */
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

  /** Writes the last block. @throws KNESER_DAMAGED if contexts are left, which continue none. */
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
   * Writes the contexts that continue contexts `from` to `to` of the parent's block: both ascend.
   *
   * @returns the parent's context at which it stopped.
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
    let above = from;
    for (; next < this.stop; next++) {
      let difference = -1;
      for (; above < to; above++) {
        for (let j = 0; j < shared; j++) {
          difference = shorter[j][above] - contexts[j][next];
          if (difference !== 0) break;
        }
        if (difference >= 0) break;
      }
      if (above === to) break;
      if (difference > 0) throw this.orphan(next);
      const start = starts[next];
      const length = starts[next + 1] - start;
      const first = parentStarts[above];
      const last = parentStarts[above + 1];
      if (isBackoff || length > TRIE_ROWS || last - first > NEAR) {
        this.write(next, parent, above);
        continue;
      }
      // Most contexts have few rows: the same as `write`, without its calls.
      const row = writer.begin(parent.base + above, farthest[next], length, pruned[next]);
      for (let i = 0, follower = first; i < length; i++, follower++) {
        const word = words[start + i];
        while (follower < last && followers[follower] < word) follower++;
        if (follower === last || followers[follower] !== word) throw this.orphan(next);
        ranks[row + i] = follower - first;
        rowCounts[row + i] = counts[start + i];
      }
    }
    this.next = next;
    return above;
  }

  /** Writes a context of the block. @param above the place of its parent in the parent's block. */
  private write(context: number, parent: TableIndex | undefined, above: number): void {
    const { block, writer } = this;
    const { contexts, starts, words, counts } = block;
    const from = starts[context];
    const length = starts[context + 1] - from;
    const number = parent ? parent.base + above : 0;
    const farthest = contexts[contexts.length - 1][context];
    const pruned = block.pruned[context];
    const numbers = this.options.isBackoff ? this.numbersOf(context, from, length) : undefined;
    if (length > TRIE_ROWS) {
      if (this.wideRanks.length < length) this.wideRanks = new Uint32Array(length);
      this.rank(context, parent, above, from, length, this.wideRanks, 0);
      writer.group(number, farthest, this.wideRanks, counts, from, length, pruned, numbers);
      return;
    }
    const row = writer.begin(number, farthest, length, pruned);
    const rowCounts = writer.counts;
    for (let i = 0; i < length; i++) rowCounts[row + i] = counts[from + i];
    if (numbers) writer.putNumbers(numbers, from, row, length);
    if (numbers?.bare) writer.ranks[row] = words[from];
    else this.rank(context, parent, above, from, length, writer.ranks, row);
  }

  private numbersOf(context: number, from: number, length: number): TrieNumbers {
    const { words, numbers } = this.block;
    const bare = length === 1 && words[from] === NONE;
    if (bare) this.bare++;
    return numbers
      ? { log10Probs: numbers.log10Probs, backoff: numbers.backoffs[context], bare }
      : { log10Probs: NO_NUMBERS, backoff: 0, bare };
  }

  /** Writes the ranks of a context's rows. @throws KNESER_DAMAGED for a row that does not follow the parent. */
  private rank(
    context: number,
    parent: TableIndex | undefined,
    above: number,
    from: number,
    length: number,
    ranks: Uint32Array,
    at: number,
  ): void {
    const { words } = this.block;
    const isWhole = parent
      ? parent.rankFollowers(above, words, from, length, ranks, at)
      : rankWords(this.options.ranks, words, from, length, ranks, at);
    if (!isWhole) throw this.orphan(context);
  }

  /** Writes the places of words among the followers of a context of the block. @returns whether all of them are. */
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
    if (last - first > NEAR) return this.rankByPlace(context, words, from, length, ranks, at);
    for (let i = 0, follower = first; i < length; i++, follower++) {
      const word = words[from + i];
      while (follower < last && followers[follower] < word) follower++;
      if (follower === last || followers[follower] !== word) return false;
      ranks[at + i] = follower - first;
    }
    return true;
  }

  private rankByPlace(
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
    if (this.places.length === 0) this.places = new Uint32Array(this.options.ranks.length);
    const { places } = this;
    if (this.placed !== this.base + context) {
      for (let i = first; i < last; i++) places[followers[i]] = i - first;
      this.placed = this.base + context;
    }
    for (let i = 0; i < length; i++) {
      const word = words[from + i];
      const place = places[word];
      // Places of earlier contexts are still there.
      if (first + place >= last || followers[first + place] !== word) return false;
      ranks[at + i] = place;
    }
    return true;
  }

  private orphan(context: number): KneserError {
    const words = Array.from(this.block.contexts, column => column[context]).reverse();
    const reason = `after the words ${words.join(' ')} comes one that lacks its shorter n-gram`;
    return damagedTable(this.store, this.name, reason);
  }
}

const NO_NUMBERS = new Float64Array(1);

/** Writes the ranks of words among those that follow the empty context. @returns whether all of them do. */
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
