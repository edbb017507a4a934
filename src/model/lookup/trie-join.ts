import type { Batch } from '../../smoothing/batch.js';
import { discountsAt } from '../../smoothing/parameters.js';
import { NONE } from '../../text/tokens.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import { findTrieBlock, isBehind, isContinued, type TrieDirectory } from '../../tables/trie-directory.js';
import type { TrieReader } from '../../tables/trie-reader.js';
import { rowMap } from './row-map.js';
import type { SortedHistories } from './sorted-histories.js';
import type { UnigramJoin } from './unigram-join.js';
import { keepsBlocks, visitBlocks } from './visit-blocks.js';

/** Every rank is below this number. */
const MOST_ROWS = 2 ** 31 - 1;

/** The contexts that the words of a batch have in one table, in the order of the table: the words of each are consecutive places. */
export class FoundContexts {
  length = 0;
  /** By context found, the first place of its words. */
  starts = new Uint32Array(0);
  /** By context found, the end of its words' places (exclusive). */
  ends = new Uint32Array(0);
  /** By context found, its index in the table. */
  contexts = new Uint32Array(0);

  /** Removes all contexts, and makes the arrays long enough for `room` contexts. */
  clear(room: number): void {
    this.length = 0;
    if (room <= this.starts.length) return;
    this.starts = new Uint32Array(room);
    this.ends = new Uint32Array(room);
    this.contexts = new Uint32Array(room);
  }

  add(start: number, end: number, context: number): void {
    const at = this.length++;
    this.starts[at] = start;
    this.ends[at] = end;
    this.contexts[at] = context;
  }
}

/** The words of a batch in the sequence of their sorted histories, and what the tables so far say of them. */
export class JoinedWords {
  /** By place, p(w|h) for the longest context h found so far. */
  values = new Float64Array(0);
  /** By place, the length of the longest n-gram found so far [words]. */
  matched = new Uint8Array(0);
  /**
   * By place, the index of the word's row among the rows of its context in the table before (`ranks`) and in this table (`rows`); −1 if the
   * context lacks the word.
   */
  ranks = new Int32Array(0);
  rows = new Int32Array(0);
  /** The contexts in the table before, and those in this table. */
  parents = new FoundContexts();
  found = new FoundContexts();

  constructor(readonly histories: SortedHistories) {}

  /** Sorts the words of a batch, and takes what the table of unigrams says of them. All have the same context there, the empty one. */
  begin(batch: Batch, unigrams: UnigramJoin): void {
    const { length } = batch;
    this.histories.sort(batch);
    if (length > this.values.length) this.makeRoom(length);
    unigrams.copy(batch, this.histories.words, this.values, this.ranks);
    this.matched.fill(1, 0, length);
    this.parents.clear(length);
    if (length > 0) this.parents.add(0, length, 0);
  }

  private makeRoom(words: number): void {
    this.values = new Float64Array(words);
    this.matched = new Uint8Array(words);
    this.ranks = new Int32Array(words);
    this.rows = new Int32Array(words);
  }

  /** Makes the contexts and rows of this table those of the table before. */
  turn(): void {
    [this.parents, this.found] = [this.found, this.parents];
    [this.ranks, this.rows] = [this.rows, this.ranks];
  }

  /** Writes the probability of each word of the batch, and the length of its longest n-gram. */
  end(probabilities: Float64Array, matched: Uint8Array): void {
    const { length, words } = this.histories;
    scatter(this.values, words, length, probabilities);
    scatter(this.matched, words, length, matched);
  }
}

/**
 * Joins the sorted words of a batch with a table of contiguous n-grams: one pass over the words and over the blocks that they need, both in the
 * order of the contexts. Each context is a child of a context in the table before, so that only the children of the contexts found
 * there are looked for, and a row's word is known by the row in the table before.
 */
export class TrieJoin {
  /** The plan: by group of words, its block, its first place, the end of its places, and the index of its parent's context. */
  private groups = 0;
  private blocks = new Uint32Array(0);
  private starts = new Uint32Array(0);
  private ends = new Uint32Array(0);
  private parents = new Uint32Array(0);
  /** By group of words whose context is wide, the lowest rank of the rows in the block, and the lowest rank after these rows. */
  private lows = new Int32Array(0);
  private highs = new Int32Array(0);
  /** The block of the last group; −1 before the first. */
  private lastBlock = -1;

  /**
   * @param table its index in the reader.
   * @param length the length of a context [words].
   */
  constructor(
    private readonly reader: TrieReader,
    private readonly table: number,
    private readonly length: number,
  ) {}

  /**
   * Looks the words up, and interpolates their probabilities: p(w|h) = (c − D(c) + taken · p(w|h')) / Σc, where `taken` is the sum of the
   * counts that discounts and pruning took away. Words whose context the table lacks keep their probability.
   *
   * @param discounts of a chain.
   * @returns a promise if blocks have to be read.
   */
  interpolate(words: JoinedWords, discounts: Float64Array): Promise<void> | undefined {
    const { reader, table } = this;
    const directory = reader.directory(table);
    if (!directory) return reader.open().then(() => this.interpolate(words, discounts));
    const { length } = words.histories;
    words.found.clear(length);
    this.plan(words, directory);
    return visitBlocks(reader, table, this.blocks, this.groups, keepsBlocks(length), (from, to, blockAt) => {
      let block: TrieBlock | undefined;
      let last = -1;
      for (let g = from; g < to; g++) {
        const index = this.blocks[g];
        if (index !== last) block = blockAt((last = index));
        if (!block) throw new Error('a block was planned and not read');
        this.visitGroup(block, g, words, discounts);
      }
    });
  }

  /** Divides the words of each context in the table before by their contexts in this table, and finds the block of each. */
  private plan(words: JoinedWords, directory: TrieDirectory): void {
    // Each group has a word of its own: of a wide context, each block that is planned has the row of one.
    this.makeRoom(words.histories.length);
    this.groups = 0;
    this.lastBlock = -1;
    const { length, starts, ends, contexts } = words.parents;
    for (let p = 0; p < length; p++) this.planChildren(words, directory, contexts[p], starts[p], ends[p]);
  }

  private makeRoom(groups: number): void {
    if (groups <= this.blocks.length) return;
    this.blocks = new Uint32Array(groups);
    this.starts = new Uint32Array(groups);
    this.ends = new Uint32Array(groups);
    this.parents = new Uint32Array(groups);
    this.lows = new Int32Array(groups);
    this.highs = new Int32Array(groups);
  }

  /** Plans the contexts of the words at the places `from` ≤ i < `to`, whose parent is the context `parent`. */
  private planChildren(
    { histories, ranks }: JoinedWords,
    directory: TrieDirectory,
    parent: number,
    from: number,
    to: number,
  ): void {
    const { length } = this;
    const { shared } = histories;
    const farthest = histories.columns[length - 1];
    let block = this.lastBlock;
    for (let start = from, end = from; start < to; start = end) {
      do end++;
      while (end < to && shared[end] >= length);
      const word = farthest[start];
      if (word === NONE) continue;
      if (!isBehind(directory, block + 1, parent, word)) block = findTrieBlock(directory, parent, word, 0, block + 1);
      if (block < 0) continue;
      if (isContinued(directory, block, word)) this.planWide(directory, ranks, parent, block, start, end);
      else this.addGroup(block, start, end, parent);
    }
    this.lastBlock = block;
  }

  /**
   * Plans a visit to each block of a wide context that has the row of one of the words. Words without a row are handled in the first block.
   *
   * @param ranks as in {@link JoinedWords}.
   * @param first the context's first block.
   */
  private planWide(
    directory: TrieDirectory,
    ranks: Int32Array,
    parent: number,
    first: number,
    start: number,
    end: number,
  ): void {
    const firstRanks = directory.ranks;
    let low = -1;
    for (let block = first; low < MOST_ROWS; block++) {
      const isLast = block + 1 >= firstRanks.length || firstRanks[block + 1] === 0;
      const high = isLast ? MOST_ROWS : Math.max(low, firstRanks[block + 1]);
      if (countBetween(ranks, start, end, low, high) > 0) {
        this.lows[this.groups] = low;
        this.highs[this.groups] = high;
        this.addGroup(block, start, end, parent);
      }
      low = high;
    }
  }

  private addGroup(block: number, start: number, end: number, parent: number): void {
    const g = this.groups++;
    this.blocks[g] = block;
    this.starts[g] = start;
    this.ends[g] = end;
    this.parents[g] = parent;
  }

  /** Finds the context of a group in its block, and interpolates the probabilities of its words. */
  private visitGroup(block: TrieBlock, g: number, words: JoinedWords, discounts: Float64Array): void {
    const start = this.starts[g];
    const end = this.ends[g];
    const parent = this.parents[g] - block.firstParent;
    if (parent < 0 || parent >= block.parents) return;
    const context = block.findContext(parent, words.histories.columns[this.length - 1][start]);
    if (context < 0) return;
    block.findRows(context);
    block.addTotals(context);
    const { found } = words;
    if (block.wideFollowers === 0) {
      this.interpolateRows(block, start, end, -1, MOST_ROWS, end - start, words, discounts);
      found.add(start, end, block.firstContext + context);
      return;
    }
    const low = this.lows[g];
    const high = this.highs[g];
    this.interpolateRows(
      block,
      start,
      end,
      low,
      high,
      countBetween(words.ranks, start, end, low, high),
      words,
      discounts,
    );
    // The other blocks of the context have the same words.
    if (found.length === 0 || found.starts[found.length - 1] !== start)
      found.add(start, end, block.firstContext + context);
  }

  /**
   * Interpolates the probabilities of the words at the places `start` ≤ i < `end` whose rank is at least `low` and below `high`; these are
   * about `count` words.
   */
  private interpolateRows(
    block: TrieBlock,
    start: number,
    end: number,
    low: number,
    high: number,
    count: number,
    { values, matched, ranks, rows }: JoinedWords,
    discounts: Float64Array,
  ): void {
    const { total, ones, twos } = block;
    const d = discountsAt(total, discounts);
    const d1 = discounts[d + 1];
    const d2 = discounts[d + 2];
    const d3 = discounts[d + 3];
    const taken = d1 * ones + d2 * twos + d3 * (block.followers - ones - twos) + block.prunedTotal;
    const first = block.wideFollowers > 0 ? 0 - block.firstRow : block.from;
    const length = this.length + 1;
    const isMapped = rowMap.pays(block, count);
    if (isMapped) rowMap.fill(block);
    for (let i = start; i < end; i++) {
      const rank = ranks[i];
      if (rank < low || rank >= high) continue;
      const row = rank < 0 ? -1 : isMapped ? rowMap.find(rank) : block.findRank(rank);
      if (row < 0) {
        rows[i] = -1;
        values[i] = (0 + taken * values[i]) / total;
        continue;
      }
      rows[i] = row - first;
      const count = block.count(row);
      const discounted = count - (count === 1 ? d1 : count === 2 ? d2 : d3);
      matched[i] = length;
      values[i] = (discounted + taken * values[i]) / total;
    }
    if (isMapped) rowMap.clear();
  }
}

/** How many of the places `start` ≤ i < `end` have a rank of at least `low` and below `high`. */
function countBetween(ranks: Int32Array, start: number, end: number, low: number, high: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if (ranks[i] >= low && ranks[i] < high) count++;
  return count;
}

/** Puts number i at the index of the i-th word. */
function scatter<T extends Float64Array | Uint8Array>(numbers: T, words: Uint32Array, length: number, into: T): void {
  for (let i = 0; i < length; i++) into[words[i]] = numbers[i];
}
