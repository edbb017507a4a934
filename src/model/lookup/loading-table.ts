import { BlockDamage } from '../../base/sealed.js';
import { damaged } from '../../tables/damage.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import { TrieColumns } from '../../tables/trie-columns.js';
import { NONE } from '../../text/tokens.js';
import {
  capacityFor,
  EMPTY_HEADER,
  HEADER,
  LargeCounts,
  linksAt,
  LONG,
  LONG_HEADER,
  mostCount,
  SCANNED,
  SHORT,
  SHORT_BITS,
  slotOf,
  type TableMemory,
} from './regions.js';
import type { TableNumbers } from './table-numbers.js';
import type { TablePart } from './table-part.js';

/** Working memory for a block at a time. */
const columns = new TrieColumns();

/** How a table is loaded. */
export interface LoadingOptions {
  /** Gets the rows: `roomFor` 32-bit numbers, all 0. */
  readonly data: Uint32Array;
  /** Length of a row [32-bit numbers]. */
  readonly stride: number;
  /** Word ids are below this. */
  readonly words: number;
  /** Gets log10 p and log10 back-offs; `undefined` for a model with counts. */
  readonly numbers: TableNumbers | undefined;
  /** Whether tables of longer contexts have this one as their parent. */
  readonly isParent: boolean;
  /** Whether n-grams of this stream are compared with contexts word by word to link them. */
  readonly hasContexts: boolean;
}

/**
 * A table while it is loaded: takes the blocks of a trie table in their order, and puts their contexts and rows into memory. A rank
 * is the index of a word among the followers of the context's parent, so the words come from the columns of the parent's table.
 */
export class LoadingTable {
  /** Number of contexts so far. */
  contextCount = 0;
  /** By context, the link to its region. */
  readonly links: Uint32Array;
  /** By word, the first context whose nearest word has this id or a greater id; one more entry is the number of contexts. */
  readonly firsts: Uint32Array;
  /** `contexts[j][c]` is word j of context c, the nearest word first; empty without `hasContexts`. */
  readonly contexts: readonly Uint32Array[];

  /** By context, its first row in `words`; one more entry is the number of rows. */
  private starts: Uint32Array;
  /** By row, its word. */
  private words: Uint32Array;
  private rowCount = 0;
  private used: number;
  private readonly large = new LargeCounts();
  private readonly wordBits: number;
  private readonly linksAt: number;
  /** The nearest word of the last context. */
  private nearest = 0;
  /** Of the current wide context: the index of its rows in `data`, the number of its followers, and how many of these are in later blocks. */
  private wide = 0;
  private wideFollowers = 0;
  private missing = 0;

  constructor(
    private readonly part: TablePart,
    private readonly parent: LoadingTable | undefined,
    private readonly options: LoadingOptions,
  ) {
    const { contexts, rows, bare = 0 } = part.manifest;
    const { isParent, hasContexts, words } = options;
    this.links = new Uint32Array(contexts);
    this.firsts = new Uint32Array(words + 1);
    this.contexts = hasContexts ? part.pattern.map(() => new Uint32Array(contexts)) : [];
    this.starts = new Uint32Array(isParent ? contexts + 1 : 0);
    this.words = new Uint32Array(isParent ? rows + bare : 0);
    this.wordBits = 32 - Math.clz32(words - 1);
    this.linksAt = linksAt(part);
    // The first numbers stay 0: they are the region to which the link 0 (no context) leads.
    this.used = parent ? LONG_HEADER : EMPTY_HEADER;
  }

  /** The table in memory. */
  get memory(): TableMemory {
    const { pattern, contextTable, parent, contextColumn } = this.part;
    const { data, stride } = this.options;
    const { wordBits, linksAt, large } = this;
    return { pattern, contextTable, parent, contextColumn, stride, linksAt, wordBits, data, large: large.values };
  }

  /** @param name of the block, for messages. @throws KNESER_DAMAGED */
  add(block: TrieBlock, name: string): void {
    try {
      this.addBlock(block, name);
    } catch (error) {
      throw error instanceof BlockDamage ? damaged(name, error.message) : error;
    }
  }

  private addBlock(block: TrieBlock, name: string): void {
    columns.read(block, this.options.hasContexts || this.parent?.part.pattern.length === 0);
    const { parents, words: farthest } = columns;
    const { contexts, rows } = block;
    const { manifest } = this.part;
    const isNext = block.firstContext === this.contextCount - (block.firstRow > 0 ? 1 : 0);
    if (!isNext || block.firstRow > 0 !== this.missing > 0) throw damaged(name, 'its contexts are not the next ones');
    const newContexts = block.firstRow > 0 ? 0 : contexts;
    if (this.contextCount + newContexts > manifest.contexts) throw damaged(name, MORE_ROWS);
    if (this.rowCount + rows > manifest.rows + (manifest.bare ?? 0)) throw damaged(name, MORE_ROWS);
    if (this.options.numbers && !block.isBackoff)
      throw damaged(name, 'it has counts, where a back-off model has log10 probabilities');
    if (this.parent) {
      if (parents[contexts - 1] >= this.parent.contextCount) throw damaged(name, 'a context has no parent');
      this.findWords(block, this.parent, name);
      if (newContexts > 0) this.enterContexts(this.parent, parents, farthest, contexts, name);
    }
    this.keepRows(block, newContexts);
    if (!this.parent) this.placeUnigrams(block, name);
    else if (block.partOf > 0) this.placePart(block, name);
    else if (block.isBackoff) this.placeNumbers(block);
    else this.placeContexts(block);
    if (this.used > this.options.data.length) throw damaged(name, MORE_ROWS);
    this.contextCount += newContexts;
    this.rowCount += rows;
  }

  /** Ends the table when all blocks were added. @param name of the table, for messages. @throws KNESER_DAMAGED */
  end(name: string): void {
    const { firsts, contextCount } = this;
    if (this.missing > 0) throw damaged(name, 'its last context has fewer rows than its totals say');
    if (this.options.numbers?.overflown) throw damaged(name, 'it has more numbers than the manifest says');
    firsts.fill(contextCount, this.nearest + 1);
    if (this.starts.length > 0) this.starts[contextCount] = this.rowCount;
  }

  /** Frees the columns that only tables of longer contexts need. */
  dropRows(): void {
    this.starts = this.words = new Uint32Array(0);
  }

  /** Puts words in place of the ranks of a block. */
  private findWords({ contexts }: TrieBlock, parent: LoadingTable, name: string): void {
    const { parents, starts, ranks } = columns;
    const { starts: parentStarts, words: parentWords } = parent;
    let isThere = true;
    for (let c = 0; c < contexts; c++) {
      const first = parentStarts[parents[c]];
      const followers = parentStarts[parents[c] + 1] - first;
      const end = starts[c + 1];
      for (let row = starts[c]; row < end; row++) {
        const rank = ranks[row];
        if (rank >= followers) isThere = false;
        else ranks[row] = parentWords[first + rank];
      }
    }
    if (!isThere) throw damaged(name, 'a longer n-gram has a word that follows no shorter context');
  }

  /** Notes the nearest words of new contexts, and all their words where they are wanted. */
  private enterContexts(
    { firsts: parentFirsts, contexts: parentContexts, part }: LoadingTable,
    parents: Uint32Array,
    farthest: Uint32Array,
    count: number,
    name: string,
  ): void {
    const { firsts, contexts, contextCount } = this;
    const { words } = this.options;
    const isWord = part.pattern.length === 0;
    let { nearest } = this;
    for (let c = 0; c < count; c++) {
      const parent = parents[c];
      if (isWord) {
        if (farthest[c] < nearest || farthest[c] >= words) throw damaged(name, 'its contexts are out of order');
        while (nearest < farthest[c]) firsts[++nearest] = contextCount + c;
      } else {
        while (parent >= parentFirsts[nearest + 1]) firsts[++nearest] = contextCount + c;
      }
    }
    this.nearest = nearest;
    contexts.forEach((column, j) => {
      const above = parentContexts[j] as Uint32Array | undefined;
      if (above) for (let c = 0; c < count; c++) column[contextCount + c] = above[parents[c]];
      else column.set(farthest.subarray(0, count), contextCount);
    });
  }

  /** Keeps the rows of a block for tables of which this one is the parent. */
  private keepRows({ rows }: TrieBlock, newContexts: number): void {
    if (!this.options.isParent) return;
    const { starts, rowCount, contextCount } = this;
    for (let c = 0; c < newContexts; c++) starts[contextCount + c] = rowCount + columns.starts[c];
    this.words.set(columns.ranks.subarray(0, rows), rowCount);
  }

  private placeUnigrams(block: TrieBlock, name: string): void {
    const { ranks, counts } = columns;
    const { data, stride, words, numbers } = this.options;
    block.findRows(0);
    block.addTotals(0);
    this.missing = (block.firstRow > 0 ? this.missing : block.followers) - block.rows;
    // In a back-off model the empty context has neither counts nor a back-off.
    if (numbers) data[3] = block.followers;
    else data.set([block.total, block.ones, block.twos, block.followers, block.prunedTotal]);
    for (let row = 0; row < block.rows; row++) {
      const word = ranks[row];
      if (word >= words) throw damaged(name, 'a row has a word that the model does not have');
      if (word !== NONE) data[EMPTY_HEADER + word * stride] = numbers ? numbers.add(block.log10Prob(row)) : counts[row];
    }
    this.used = EMPTY_HEADER + words * stride;
  }

  /** Places contexts that have all their rows in this block. */
  private placeContexts(block: TrieBlock): void {
    const { starts, ranks: words, counts } = columns;
    const { contexts, isPruned } = block;
    const { links, contextCount, wordBits } = this;
    const { data, stride } = this.options;
    const most = mostCount(wordBits);
    let { used } = this;
    for (let c = 0; c < contexts; c++) {
      const from = starts[c];
      const to = starts[c + 1];
      const pruned = isPruned ? block.pruned(c) : 0;
      if (to === from + 1 && pruned === 0) {
        // A single follower, as most contexts have: no header, and nothing to add up.
        links[contextCount + c] = 2 * used + 1;
        const count = counts[from];
        data[used] = words[from] | ((count < most ? count : this.largeAt(used, count)) << wordBits);
        used += stride;
        continue;
      }
      links[contextCount + c] = 2 * used;
      let total = pruned;
      let ones = 0;
      let twos = 0;
      for (let row = from; row < to; row++) {
        const count = counts[row];
        total += count;
        if (count === 1) ones++;
        else if (count === 2) twos++;
      }
      used = this.putHeader(used, total, ones, twos, to - from, pruned);
      if (to - from > SCANNED) {
        this.placeHashed(used, to - from, from, to);
        used += capacityFor(to - from) * stride;
        continue;
      }
      for (let row = from; row < to; row++) {
        const count = counts[row];
        data[used] = words[row] | ((count < most ? count : this.largeAt(used, count)) << wordBits);
        used += stride;
      }
    }
    this.used = used;
  }

  /** Places a block of a wide context, which has rows in other blocks. */
  private placePart(block: TrieBlock, name: string): void {
    const { links, contextCount } = this;
    const { numbers, stride } = this.options;
    const { rows, partOf } = block;
    if (block.firstRow === 0) {
      block.findRows(0);
      block.addTotals(0);
      const { total, ones, twos, followers, prunedTotal } = block;
      links[contextCount] = 2 * this.used;
      this.wide = numbers
        ? this.putHeader(this.used, numbers.add(block.backoff(0)), 0, 0, followers, 0)
        : this.putHeader(this.used, total, ones, twos, followers, prunedTotal);
      this.used = this.wide + capacityFor(followers) * stride;
      this.missing = this.wideFollowers = followers;
    }
    if (partOf !== this.wideFollowers || partOf <= SCANNED)
      throw damaged(name, 'a wide context has other totals than before');
    if (rows > this.missing) throw damaged(name, 'a context has more rows than its totals say');
    this.missing -= rows;
    if (this.used > this.options.data.length) throw damaged(name, MORE_ROWS);
    if (numbers) this.placeRowsOf(block, 0, this.wide, partOf);
    else this.placeHashed(this.wide, partOf, 0, rows);
  }

  /** Places contexts of a back-off model. */
  private placeNumbers(block: TrieBlock): void {
    const { starts } = columns;
    const { numbers, stride } = this.options;
    if (!numbers) return;
    for (let c = 0; c < block.contexts; c++) {
      const followers = block.isBare(c) ? 0 : starts[c + 1] - starts[c];
      this.links[this.contextCount + c] = 2 * this.used;
      const first = this.putHeader(this.used, numbers.add(block.backoff(c)), 0, 0, followers, 0);
      this.used = first + capacityFor(followers) * stride;
      if (followers > 0) this.placeRowsOf(block, c, first, followers);
    }
  }

  /** Places the rows of a context of a back-off model. */
  private placeRowsOf(block: TrieBlock, c: number, first: number, followers: number): void {
    const { starts, ranks: words } = columns;
    const { data, stride, numbers } = this.options;
    for (let row = starts[c], next = first; row < starts[c + 1]; row++, next += stride) {
      const at = followers > SCANNED ? this.freeRow(first, followers, words[row]) : next;
      data[at] = words[row];
      if (numbers) data[at + 1] = numbers.add(block.log10Prob(row));
    }
  }

  /** Places the rows `from` … `to` − 1 of the columns in a hash. */
  private placeHashed(first: number, followers: number, from: number, to: number): void {
    const { ranks: words, counts } = columns;
    const { wordBits } = this;
    const { data } = this.options;
    const most = mostCount(wordBits);
    for (let row = from; row < to; row++) {
      const at = this.freeRow(first, followers, words[row]);
      const count = counts[row];
      data[at] = words[row] | ((count < most ? count : this.largeAt(at, count)) << wordBits);
    }
  }

  /** The index of the free row of a hash that a new word gets. */
  private freeRow(first: number, followers: number, word: number): number {
    const { data, stride } = this.options;
    const capacity = followers + (followers >>> 1);
    const end = first + capacity * stride;
    let at = first + slotOf(word, capacity) * stride;
    while (data[at] !== NONE) {
      at += stride;
      if (at === end) at = first;
    }
    return at;
  }

  /** Writes the header of a region. @returns the index in `data` after the header. */
  private putHeader(at: number, total: number, ones: number, twos: number, followers: number, pruned: number): number {
    const { data } = this.options;
    data[at] = total;
    if (followers <= SHORT && pruned === 0) {
      data[at + 1] = followers | (ones << SHORT_BITS) | (twos << (2 * SHORT_BITS));
      return at + HEADER;
    }
    data[at + 1] = LONG;
    data[at + 2] = followers;
    data[at + 3] = ones;
    data[at + 4] = twos;
    data[at + 5] = pruned;
    return at + LONG_HEADER;
  }

  /** Keeps a count that does not fit in its row. @returns the count to write there. */
  private largeAt(row: number, count: number): number {
    this.large.add(row, count);
    return mostCount(this.wordBits);
  }
}

const MORE_ROWS = 'the table has more contexts or rows than the manifest says';
