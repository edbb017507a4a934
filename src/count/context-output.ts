import type { RangeBlock } from '../tables/index-range.js';
import { contiguous, tableName, type Stream } from '../tables/pattern.js';
import { addCounts, emptySummary, TableWriter, type EncodedBlock, type TableSummary } from '../tables/table-writer.js';
import { TRIE_ROWS } from '../tables/trie-block.js';
import { TrieWriter } from '../tables/trie-writer.js';

/** A block of a table: of rows, or of a trie. */
export type CountedBlock = EncodedBlock | RangeBlock;

/** Takes the contexts of the contiguous tables of a partition, each when all longer contexts that end with it were taken. */
export interface ContextOutput {
  /** The tables, with the sums over their rows so far. */
  readonly tables: readonly { readonly table: string; summary: TableSummary }[];
  /**
   * Takes a context of `level` words.
   *
   * @param path the context is its first `level` words, nearest first.
   * @param words the followers, ascending, `length` of them.
   * @param counts of the followers.
   */
  put(level: number, path: Uint32Array, words: Uint32Array, counts: Uint32Array, length: number): void;
  /** Emits the last, unfilled blocks. The output is then ready for another partition. */
  end(): void;
}

/** Makes blocks of rows. */
export class RowOutput implements ContextOutput {
  /** By level less 1. */
  readonly tables: readonly TableWriter[];

  /** @param width words of the longest context. */
  constructor(stream: Stream, width: number, emit: (block: EncodedBlock) => void) {
    this.tables = Array.from(
      { length: width },
      (_, i) => new TableWriter(tableName(contiguous(i + 2), stream), i + 1, emit),
    );
  }

  put(level: number, path: Uint32Array, words: Uint32Array, counts: Uint32Array, length: number): void {
    this.tables[level - 1].group(path, words, counts, length);
  }

  end(): void {
    for (const table of this.tables) table.flush();
  }
}

/** Contexts whose parent is not complete yet, and their rows. */
class WaitingContexts {
  contexts = 0;
  rows = 0;
  /** By context, its farthest word. */
  farthest = new Uint32Array(64);
  /** By context, the row behind its last. */
  ends = new Uint32Array(64);
  /** By row, its word and its count. */
  words = new Uint32Array(64);
  counts = new Uint32Array(64);

  add(word: number, words: Uint32Array, counts: Uint32Array, length: number): void {
    if (this.contexts === this.farthest.length) {
      this.farthest = doubled(this.farthest, 0);
      this.ends = doubled(this.ends, 0);
    }
    if (this.rows + length > this.words.length) {
      this.words = doubled(this.words, length);
      this.counts = doubled(this.counts, length);
    }
    const { words: toWords, counts: toCounts } = this;
    let { rows } = this;
    for (let i = 0; i < length; i++, rows++) {
      toWords[rows] = words[i];
      toCounts[rows] = counts[i];
    }
    this.farthest[this.contexts] = word;
    this.ends[this.contexts++] = this.rows = rows;
  }
}

function doubled(array: Uint32Array, more: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * (array.length + more));
  larger.set(array);
  return larger;
}

/** The places of up to this many followers are found by looking through them. */
const FEW = 6;

/**
 * Makes blocks of tries. A context waits until its parent is complete, because a trie stores the ranks of its rows among the followers of
 * the parent; the number of the parent is known then, too.
 */
export class TrieOutput implements ContextOutput {
  /** By level less 1. */
  readonly tables: readonly { readonly table: string; summary: TableSummary }[];
  private readonly writers: readonly TrieWriter[];
  private readonly waiting: readonly WaitingContexts[];
  /** By word, its place among the followers of the context that was looked at last; of other words anything. */
  private readonly places: Uint32Array;
  /** The ranks of a context with more rows than a block. */
  private wideRanks = new Uint32Array(0);

  /**
   * @param width words of the longest context.
   * @param ranks by word, its rank among the followers of the empty context.
   */
  constructor(
    stream: Stream,
    width: number,
    private readonly ranks: Uint32Array,
    emit: (block: RangeBlock) => void,
  ) {
    this.tables = Array.from({ length: width }, (_, i) => ({
      table: tableName(contiguous(i + 2), stream),
      summary: emptySummary(),
    }));
    this.writers = this.tables.map((_, table) => new TrieWriter(block => emit({ table, ...block }), false));
    this.waiting = this.tables.map(() => new WaitingContexts());
    this.places = new Uint32Array(ranks.length);
  }

  put(level: number, path: Uint32Array, words: Uint32Array, counts: Uint32Array, length: number): void {
    const table = level - 1;
    const { summary } = this.tables[table];
    if (level < this.tables.length && this.waiting[level].contexts > 0) {
      this.writeChildren(level, summary.contexts, words, length);
    }
    summary.rows += length;
    summary.contexts++;
    addCounts(summary, counts, 0, length);
    if (table > 0) this.waiting[table].add(path[table], words, counts, length);
    else this.write(table, 0, path[0], words, counts, 0, length, this.ranks);
  }

  end(): void {
    for (const writer of this.writers) {
      writer.flush();
      writer.contexts = 0;
    }
  }

  /** Writes the contexts that wait for a parent. @param number of the parent. @param followers of the parent, `length` of them. */
  private writeChildren(table: number, number: number, followers: Uint32Array, length: number): void {
    const { places } = this;
    const { contexts, farthest, ends, words, counts } = this.waiting[table];
    const writer = this.writers[table];
    const isFew = length <= FEW;
    if (!isFew) for (let i = 0; i < length; i++) places[followers[i]] = i;
    for (let c = 0, from = 0; c < contexts; c++) {
      const end = ends[c];
      if (!isFew) {
        this.write(table, number, farthest[c], words, counts, from, end, places);
        from = end;
        continue;
      }
      let row = writer.begin(number, farthest[c], end - from, 0);
      const { ranks, counts: rowCounts } = writer;
      for (let place = 0; from < end; from++, row++) {
        while (followers[place] !== words[from] && place < length) place++;
        ranks[row] = place;
        rowCounts[row] = counts[from];
      }
    }
    this.waiting[table].contexts = this.waiting[table].rows = 0;
  }

  /** Writes a context, whose rows are `from` to `end`. @param rankOf by word, its rank. */
  private write(
    table: number,
    parent: number,
    word: number,
    words: Uint32Array,
    counts: Uint32Array,
    from: number,
    end: number,
    rankOf: Uint32Array,
  ): void {
    const writer = this.writers[table];
    const length = end - from;
    if (length > TRIE_ROWS) {
      if (this.wideRanks.length < length) this.wideRanks = new Uint32Array(length);
      const { wideRanks } = this;
      for (let i = 0; i < length; i++) wideRanks[i] = rankOf[words[from + i]];
      writer.group(parent, word, wideRanks, counts, from, length, 0);
      return;
    }
    const row = writer.begin(parent, word, length, 0);
    const { ranks, counts: rowCounts } = writer;
    for (let i = 0; i < length; i++) {
      ranks[row + i] = rankOf[words[from + i]];
      rowCounts[row + i] = counts[from + i];
    }
  }
}
