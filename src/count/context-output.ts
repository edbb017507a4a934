import { grown } from '../base/grown.js';
import type { RangeBlock } from '../tables/index-range.js';
import { contiguous, tableName, type Stream } from '../tables/pattern.js';
import { addCounts, emptySummary, TableWriter, type EncodedBlock, type TableSummary } from '../tables/table-writer.js';
import { TRIE_ROWS } from '../tables/trie-block.js';
import { TrieWriter } from '../tables/trie-writer.js';

/** A block of a table: a block of rows, or a block of a trie. */
export type CountedBlock = EncodedBlock | RangeBlock;

/** Takes the contexts of the contiguous tables of a partition. A context comes after all longer contexts that end with it. */
export interface ContextOutput {
  /** The tables, with the sums over their rows so far. */
  readonly tables: readonly { readonly table: string; summary: TableSummary }[];
  /**
   * Takes a context of `level` words.
   *
   * @param path the context is its first `level` word ids, nearest word first.
   * @param words the first `length` entries are the ids of the followers, ascending.
   * @param counts the first `length` entries are the counts of the followers.
   */
  put(level: number, path: Uint32Array, words: Uint32Array, counts: Uint32Array, length: number): void;
  /** Emits the last, unfilled blocks. The output is then ready for another partition. */
  end(): void;
}

/** Makes blocks of rows. */
export class RowOutput implements ContextOutput {
  /** Entry k is the table of contexts of k + 1 words. */
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

/** Contexts of one length whose parent is not complete yet, and their rows. */
class WaitingContexts {
  /** Number of contexts. */
  contexts = 0;
  /** Number of rows of all these contexts. */
  rows = 0;
  /** By context, the id of its farthest word. */
  farthest = new Uint32Array(64);
  /** By context, the index of the row after its last row. */
  ends = new Uint32Array(64);
  /** By row, the id of the predicted word. */
  words = new Uint32Array(64);
  /** By row, the count. */
  counts = new Uint32Array(64);

  /** Adds a context. @param word its farthest word. The first `length` entries of `words` and `counts` are its rows. */
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

/** A copy of an array with twice as many entries, and room for twice `more` further entries. */
function doubled(array: Uint32Array<ArrayBuffer>, more: number): Uint32Array<ArrayBuffer> {
  return grown(array, 2 * (array.length + more));
}

/** The ranks of words among up to this many followers are found by looking through the followers, without an array by word id. */
const FEW = 6;

/**
 * Makes blocks of tries. A context waits until its parent is complete, because a trie stores two facts that are known only then: the
 * index of the parent in the parent's table, and the rank of each row among the followers of the parent.
 */
export class TrieOutput implements ContextOutput {
  /** Entry k is the table of contexts of k + 1 words. */
  readonly tables: readonly { readonly table: string; summary: TableSummary }[];
  /** Entry k writes the table of contexts of k + 1 words. */
  private readonly writers: readonly TrieWriter[];
  /** Entry k has contexts of k + 1 words; entry 0 stays empty, because the empty context is complete from the beginning. */
  private readonly waiting: readonly WaitingContexts[];
  /** By word id, the rank of the word among the followers of the last parent. The entries of all other words have no meaning. */
  private readonly parentRanks: Uint32Array;
  /** The ranks of the rows of a context with more rows than a block holds. */
  private wideRanks = new Uint32Array(0);

  /**
   * @param width words of the longest context.
   * @param ranks by word id, the rank of the word in the table of unigrams.
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
    this.parentRanks = new Uint32Array(ranks.length);
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

  /**
   * Writes the contexts that waited for a parent.
   *
   * @param table index of the table of these contexts.
   * @param parent index of the parent in its own table.
   * @param followers the first `length` entries are the ids of the words that follow the parent, ascending.
   */
  private writeChildren(table: number, parent: number, followers: Uint32Array, length: number): void {
    const { parentRanks } = this;
    const { contexts, farthest, ends, words, counts } = this.waiting[table];
    const writer = this.writers[table];
    const isFew = length <= FEW;
    if (!isFew) for (let rank = 0; rank < length; rank++) parentRanks[followers[rank]] = rank;
    for (let c = 0, from = 0; c < contexts; c++) {
      const end = ends[c];
      if (!isFew) {
        this.write(table, parent, farthest[c], words, counts, from, end, parentRanks);
        from = end;
        continue;
      }
      let row = writer.begin(parent, farthest[c], end - from, 0);
      const { ranks, counts: rowCounts } = writer;
      for (let rank = 0; from < end; from++, row++) {
        while (followers[rank] !== words[from] && rank < length) rank++;
        ranks[row] = rank;
        rowCounts[row] = counts[from];
      }
    }
    this.waiting[table].contexts = this.waiting[table].rows = 0;
  }

  /**
   * Writes a context.
   *
   * @param parent index of the context's parent in the parent's table.
   * @param word the context's farthest word.
   * @param words the entries `from` ≤ i < `end` of `words` and `counts` are the context's rows.
   * @param rankOf by word id, the rank of the word among the followers of the parent.
   */
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
