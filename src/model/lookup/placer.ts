import { BlockDamage } from '../../base/sealed.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import type { TrieColumns } from '../../tables/trie-columns.js';
import { TRIE_ROWS } from '../../tables/trie-block.js';
import { EOS, NONE } from '../../text/tokens.js';
import type { BlockStart, LinkedTable, LoadingTable } from './loading-table.js';
import {
  FLAT,
  flatAt,
  headerFor,
  lineAt,
  lineOf,
  lineCount,
  LONG,
  mostCount,
  RegionCursor,
  SHORT_BITS,
} from './regions.js';
import { HEADER, slotsOf } from './table-room.js';

/**
 * Places the rows of a table in its regions, and links them to the tables in which they are contexts.
 *
 * - Input: consecutive blocks of the table. The first one begins with a context and, in a table with links, with the first context of
 *   a parent.
 * - Output: `data` and `numbers` of the table; its `starts`, `words` and `numbers` where it has these columns.
 *
 * **Words.** A rank is the index of a word among the followers of the context's parent, so the words are in the rows of the parent.
 *
 * **Links.** The n-gram of context c and word w is the context of another table. That context's parent is the n-gram of c's parent and
 * w, a row of c's parent. The children of this context of the parents' table are in the order of the contexts c: so
 * each row of a parent has a cursor, which begins at the first child and moves on with each n-gram of its rank.
 */
export class Placer {
  /** As `LoadingResult`. */
  readonly large: number[] = [];
  readonly linkedCounts: number[];
  private readonly linkers: Linker[];
  /** The links of the rows of a block, in a table that links to one other. */
  private readonly onlyLinks: Uint32Array | undefined;
  private readonly cursor: RegionCursor;
  /** Of the current wide context: its link, and the number of its followers. */
  private wideLink = 0;
  private wideFollowers = 0;
  private numbersUsed = 0;

  /** @param columns working memory. */
  constructor(
    private readonly table: LoadingTable,
    private readonly columns: TrieColumns,
  ) {
    this.linkers = table.linked.map((linked, link) => new Linker(table, linked, table.columns.numbers[link]));
    this.onlyLinks = this.linkers.length === 1 ? this.linkers[0].links : undefined;
    this.linkedCounts = table.linked.map(() => 0);
    this.cursor = new RegionCursor(table.shape);
  }

  /** Places the next block. @throws BlockDamage */
  add(block: TrieBlock, start: BlockStart): void {
    const { table, columns, cursor } = this;
    const { firstContext, rows, firstRow, wideFollowers } = block;
    const isSame =
      firstContext === start.firstContext && firstRow === start.firstRow && wideFollowers === start.wideFollowers;
    if (!isSame || rows !== start.ownRows) throw new BlockDamage('it changed while it was read');
    columns.read(
      block,
      table.linked.some(({ isWhole }) => !isWhole),
    );
    cursor.lines = start.lines;
    cursor.flat = start.flat;
    this.numbersUsed = start.numbers;
    this.findParentRows(block);
    this.linkers.forEach((linker, link) => {
      this.linkedCounts[link] += linker.add(block, columns, start.rows);
    });
    gather(table.parent.words, columns.ranks, rows, columns.ranks);
    this.keepRows(block, start);
    if (block.wideFollowers > 0) this.placePart(block);
    else if (block.isBackoff) this.placeNumbers(block);
    else this.placeContexts(block);
  }

  /** Puts the number of the parent's row with the same word in place of each rank. */
  private findParentRows({ contexts }: TrieBlock): void {
    const { starts: parentStarts } = this.table.parent;
    const { parents, starts, ranks } = this.columns;
    if (parents[contexts - 1] >= parentStarts.length - 1) throw new BlockDamage('a context has no parent');
    let isThere = true;
    for (let c = 0; c < contexts; c++) {
      const first = parentStarts[parents[c]];
      const end = parentStarts[parents[c] + 1];
      const to = starts[c + 1];
      for (let row = starts[c]; row < to; row++) {
        const parentRow = first + ranks[row];
        if (parentRow >= end) isThere = false;
        ranks[row] = parentRow;
      }
    }
    if (!isThere) throw new BlockDamage('a longer n-gram has a word that follows no shorter context');
  }

  /** Keeps the rows of a block for tables of which this one is the parent. */
  private keepRows({ contexts, rows, firstRow }: TrieBlock, start: BlockStart): void {
    const { starts, words } = this.table.columns;
    if (words.length === 0) return;
    if (firstRow === 0) {
      for (let c = 0; c < contexts; c++) starts[start.firstContext + c] = start.rows + this.columns.starts[c];
    }
    words.set(this.columns.ranks.subarray(0, rows), start.rows);
  }

  /** Places contexts that have all their rows in this block. */
  private placeContexts(block: TrieBlock): void {
    const { starts, ranks: words, counts } = this.columns;
    const { contexts, isPruned } = block;
    const { data, linksAt, wordBits } = this.table;
    const { stride, lineShift } = this.table.shape;
    const longest = 1 << lineShift;
    const { cursor } = this;
    const most = mostCount(wordBits);
    const links = this.onlyLinks;
    for (let c = 0; c < contexts; c++) {
      const from = starts[c];
      const to = starts[c + 1];
      const pruned = isPruned ? block.pruned(c) : 0;
      if (to === from + 1 && pruned === 0) {
        // A single follower, as most contexts have: no header, and nothing to add up.
        const at = cursor.takeSingle();
        const count = counts[from];
        data[at] = words[from] | ((count < most ? count : this.largeAt(at, count)) << wordBits);
        if (links) data[at + linksAt] = links[from];
        else this.putLinks(at + linksAt, from);
        continue;
      }
      let total = pruned;
      let ones = 0;
      let twos = 0;
      for (let row = from; row < to; row++) {
        const count = counts[row];
        total += count;
        if (count === 1) ones++;
        else if (count === 2) twos++;
      }
      const length = HEADER + (to - from) * stride;
      if (length <= longest && pruned === 0) {
        // A flat region with a short header, as most other contexts have: its rows come in their order.
        let at = cursor.takeFlat(length);
        data[at] = total;
        data[at + 1] = (to - from) | (ones << SHORT_BITS) | (twos << (2 * SHORT_BITS));
        at += HEADER;
        for (let row = from; row < to; row++, at += stride) {
          const count = counts[row];
          data[at] = words[row] | ((count < most ? count : this.largeAt(at, count)) << wordBits);
          if (links) data[at + linksAt] = links[row];
          else this.putLinks(at + linksAt, row);
        }
        continue;
      }
      const link = cursor.next(to - from, pruned, false);
      this.putHeaders(link, total, ones, twos, to - from, pruned);
      this.placeRows(link, to - from, pruned, from, to);
    }
  }

  /** Places a block of a wide context, which has rows in other blocks. */
  private placePart(block: TrieBlock): void {
    const { rows, wideFollowers, isBackoff } = block;
    block.findRows(0);
    block.addTotals(0);
    const { total, ones, twos, prunedTotal } = block;
    if (block.firstRow === 0) {
      this.wideLink = this.cursor.next(wideFollowers, prunedTotal, isBackoff);
      this.wideFollowers = wideFollowers;
      if (isBackoff) this.putHeaders(this.wideLink, this.addNumber(block.backoff(0)), 0, 0, wideFollowers, 0);
      else this.putHeaders(this.wideLink, total, ones, twos, wideFollowers, prunedTotal);
    }
    if (wideFollowers !== this.wideFollowers) throw new BlockDamage('a wide context has other totals than before');
    if (isBackoff) this.placeNumbered(block, this.wideLink, wideFollowers, 0, rows);
    else this.placeRows(this.wideLink, wideFollowers, prunedTotal, 0, rows);
  }

  /** Places contexts of a back-off model. */
  private placeNumbers(block: TrieBlock): void {
    const { starts } = this.columns;
    for (let c = 0; c < block.contexts; c++) {
      const followers = block.isBare(c) ? 0 : starts[c + 1] - starts[c];
      const link = this.cursor.next(followers, 0, true);
      this.putHeaders(link, this.addNumber(block.backoff(c)), 0, 0, followers, 0);
      if (followers > 0) this.placeNumbered(block, link, followers, starts[c], starts[c + 1]);
    }
  }

  /** Places the rows `from` … `to` − 1 of the columns, of a back-off model. */
  private placeNumbered(block: TrieBlock, link: number, followers: number, from: number, to: number): void {
    const { ranks: words } = this.columns;
    const { data, linksAt, shape } = this.table;
    const header = headerFor(followers, 0);
    let flat = flatAt(link, shape) + header;
    for (let row = from; row < to; row++, flat += shape.stride) {
      const at = link & FLAT ? flat : this.freeRow(link, header, words[row]);
      data[at] = words[row];
      data[at + 1] = this.addNumber(block.log10Prob(row));
      this.putLinks(at + linksAt, row);
    }
  }

  /** Places the rows `from` … `to` − 1 of the columns in a flat region or in lines. */
  private placeRows(link: number, followers: number, pruned: number, from: number, to: number): void {
    const { ranks: words, counts } = this.columns;
    const { data, shape, linksAt, wordBits } = this.table;
    const most = mostCount(wordBits);
    const header = headerFor(followers, pruned);
    const links = this.onlyLinks;
    const { stride } = shape;
    const isFlat = (link & FLAT) !== 0;
    let flat = flatAt(link, shape) + header;
    for (let row = from; row < to; row++, flat += stride) {
      const at = isFlat ? flat : this.freeRow(link, header, words[row]);
      const count = counts[row];
      data[at] = words[row] | ((count < most ? count : this.largeAt(at, count)) << wordBits);
      if (links) data[at + linksAt] = links[row];
      else this.putLinks(at + linksAt, row);
    }
  }

  /** Writes the links of a row of the columns. */
  private putLinks(at: number, row: number): void {
    const { linkers, table } = this;
    for (let link = 0; link < linkers.length; link++) table.data[at + link] = linkers[link].links[row];
  }

  /** The index of the slot in lines that a new word gets. */
  private freeRow(link: number, header: number, word: number): number {
    const { data, shape } = this.table;
    const { stride, lineShift } = shape;
    const first = lineAt(link, shape);
    const lines = lineCount(link);
    const length = slotsOf(shape, header) * stride;
    for (let line = lineOf(word, link); ;) {
      const from = first + (line << lineShift) + header;
      for (let at = from; at < from + length; at += stride) if (data[at] === NONE) return at;
      if (++line === lines) line = 0;
    }
  }

  /** Writes the header of a region: in each of its lines, if it has lines. */
  private putHeaders(link: number, total: number, ones: number, twos: number, followers: number, pruned: number): void {
    const { data, shape } = this.table;
    const isShort = headerFor(followers, pruned) === HEADER;
    const packed = isShort ? followers | (ones << SHORT_BITS) | (twos << (2 * SHORT_BITS)) : LONG;
    const lines = link & FLAT ? 1 : lineCount(link);
    let at = link & FLAT ? flatAt(link, shape) : lineAt(link, shape);
    for (let line = 0; line < lines; line++, at += 1 << shape.lineShift) {
      data[at] = total;
      data[at + 1] = packed;
      if (isShort) continue;
      data[at + 2] = followers;
      data[at + 3] = ones;
      data[at + 4] = twos;
      data[at + 5] = pruned;
    }
  }

  /** Adds a number of a back-off model. @returns its index + 1. */
  private addNumber(value: number): number {
    this.table.numbers[this.numbersUsed++] = value;
    return this.numbersUsed;
  }

  /** Keeps a count that does not fit in its row. @returns the count to write there. */
  private largeAt(row: number, count: number): number {
    this.large.push(row, count);
    return mostCount(this.table.wordBits);
  }
}

/** Finds the contexts of a linked table that are n-grams of a table: the rows of a block at a time. */
class Linker {
  /** By row of the block, the link to its region in the linked table, or 0. */
  readonly links = new Uint32Array(TRIE_ROWS);
  /** By row of the block, 1 + its context in the linked table, or 0. */
  private readonly found = new Uint32Array(TRIE_ROWS);
  /** By row of the parents `firstParent` to `lastParent`, their next context in the linked table, and the context after their last one. */
  private nexts = new Uint32Array(0);
  private ends = new Uint32Array(0);
  private firstParent = -1;
  private lastParent = -1;

  /** @param numbers the column of the table that gets 1 + the number of the context of each row; empty or absent where nothing needs it. */
  constructor(
    private readonly table: LoadingTable,
    private readonly linked: LinkedTable,
    private readonly numbers: Uint32Array | undefined,
  ) {}

  /** Links the rows of a block. @param firstRow number of its first row in the table. @returns how many were linked. */
  add(block: TrieBlock, columns: TrieColumns, firstRow: number): number {
    const { contexts, rows } = block;
    const { parents } = columns;
    const { links, found } = this;
    this.enter(parents[0], parents[contexts - 1]);
    const { isWhole } = this.linked;
    const linked = isWhole && !block.isBackoff ? this.findAll(block, columns) : this.findSome(block, isWhole, columns);
    gather(this.linked.columns.links, found, rows, links);
    if (this.numbers?.length) this.numbers.set(found.subarray(0, rows), firstRow);
    return linked;
  }

  /** Begins the cursors of the rows of parents `from` to `to`. The cursors of parent `from` continue if it was the last of the parents before. */
  private enter(from: number, to: number): void {
    const { starts } = this.table.parent;
    if (from === this.firstParent && to === this.lastParent) return;
    const first = starts[from];
    const length = starts[to + 1] - first;
    const kept = from === this.lastParent ? starts[from + 1] - first : 0;
    const at = kept === 0 ? 0 : first - starts[this.firstParent];
    if (length > this.nexts.length) {
      const { nexts, ends } = this;
      this.nexts = new Uint32Array(2 * length);
      this.ends = new Uint32Array(2 * length);
      this.nexts.set(nexts.subarray(at, at + kept));
      this.ends.set(ends.subarray(at, at + kept));
    } else {
      this.nexts.copyWithin(0, at, at + kept);
      this.ends.copyWithin(0, at, at + kept);
    }
    const { columns, parentNumbers } = this.linked;
    gatherChildren(columns.children, parentNumbers, first, kept, length, this.nexts, this.ends);
    this.firstParent = from;
    this.lastParent = to;
  }

  /** Finds the contexts of a block's rows if every n-gram that does not end with `</s>` is a context. @returns how many were found. */
  private findAll({ rows }: TrieBlock, { ranks: parentRows }: TrieColumns): number {
    const { found, nexts, ends } = this;
    const { starts: parentStarts, words: parentWords } = this.table.parent;
    const base = parentStarts[this.firstParent];
    let linked = 0;
    for (let row = 0; row < rows; row++) {
      const at = parentRows[row] - base;
      const next = nexts[at] + 1;
      if (next <= ends[at]) {
        nexts[at] = next;
        found[row] = next;
        linked++;
      } else {
        found[row] = 0;
        if (parentWords[base + at] !== EOS) throw new BlockDamage(NO_CONTEXT);
      }
    }
    return linked;
  }

  /**
   * Finds the contexts of a block's rows if some n-grams are no contexts: compares their farthest words. Rows of bare contexts are no n-grams.
   *
   * @returns how many were found.
   */
  private findSome(block: TrieBlock, isWhole: boolean, { words, starts, ranks: parentRows }: TrieColumns): number {
    const { found, nexts, ends } = this;
    const { farthest } = this.linked.columns;
    const { starts: parentStarts, words: parentWords } = this.table.parent;
    const base = parentStarts[this.firstParent];
    const { contexts } = block;
    let linked = 0;
    for (let c = 0; c < contexts; c++) {
      const to = starts[c + 1];
      const isBare = block.isBare(c);
      for (let row = starts[c]; row < to; row++) {
        const at = parentRows[row] - base;
        const next = nexts[at];
        const isContext = !isBare && next < ends[at] && (isWhole || farthest[next] === words[c]);
        found[row] = isContext ? next + 1 : 0;
        if (isWhole && !isContext && !isBare && parentWords[base + at] !== EOS) throw new BlockDamage(NO_CONTEXT);
        if (!isContext) continue;
        nexts[at] = next + 1;
        linked++;
      }
    }
    return linked;
  }
}

const NO_CONTEXT = 'an n-gram of it is no context of a longer table';

// Loops so short that the processor has many of their reads at a time.

/** Writes the values at some indices; `into` may be `indices`. */
function gather(values: Uint32Array, indices: Uint32Array, length: number, into: Uint32Array): void {
  for (let i = 0; i < length; i++) into[i] = values[indices[i]];
}

/**
 * For the rows `first` + i of the parents, `from` ≤ i < `to`: writes the first child of the row's context to `nexts[i]`, and the context
 * after its last child to `ends[i]`.
 */
function gatherChildren(
  children: Uint32Array,
  numbers: Uint32Array,
  first: number,
  from: number,
  to: number,
  nexts: Uint32Array,
  ends: Uint32Array,
): void {
  for (let i = from; i < to; i++) {
    const number = numbers[first + i];
    nexts[i] = number === 0 ? 0 : children[number - 1];
    ends[i] = number === 0 ? 0 : children[number];
  }
}
