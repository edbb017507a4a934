import { blankBlock, BLOCK_ENTRIES, encodeBlock, type Block, type ContextTotals } from './block.js';

/** An encoded block of rows. */
export interface EncodedBlock {
  /** The name of the block's table. */
  readonly table: string;
  /** The first row: the ids of the context words, nearest word first, then the id of the predicted word. */
  readonly first: Uint32Array;
  /** The bytes of the block. */
  readonly value: Uint8Array;
}

/** Sums over the rows of a table. */
export interface TableSummary {
  /** Number of rows. */
  rows: number;
  /** Number of contexts. */
  contexts: number;
  /** The sum of the counts, pruned rows included. */
  tokens: number;
  /** Number of rows with the count 1, 2, 3, 4, from which discounts are estimated. */
  countsOfCounts: [number, number, number, number];
}

/** The numbers of a context of a back-off model. */
export interface GroupNumbers {
  /** By follower, log10 p. */
  readonly log10Probs: Float64Array;
  /** log10 of the context's back-off. */
  readonly backoff: number;
}

/** The summary of a table without rows. */
export function emptySummary(): TableSummary {
  return { rows: 0, contexts: 0, tokens: 0, countsOfCounts: [0, 0, 0, 0] };
}

/** Adds the sums of another part of the same table. */
export function addSummary(to: TableSummary, part: TableSummary): void {
  to.rows += part.rows;
  to.contexts += part.contexts;
  to.tokens += part.tokens;
  for (let i = 0; i < 4; i++) to.countsOfCounts[i] += part.countsOfCounts[i];
}

/** Adds the counts `counts[from, to)` of rows to `tokens` and `countsOfCounts` of a summary. */
export function addCounts(summary: TableSummary, counts: Uint32Array, from: number, to: number): void {
  const { countsOfCounts } = summary;
  let total = 0;
  let ones = 0;
  let twos = 0;
  for (let i = from; i < to; i++) {
    const count = counts[i];
    total += count;
    if (count === 1) ones++;
    else if (count === 2) twos++;
    else if (count <= 4) countsOfCounts[count - 1]++;
  }
  countsOfCounts[0] += ones;
  countsOfCounts[1] += twos;
  summary.tokens += total;
}

/**
 * Divides the rows of a table into blocks, and encodes them.
 *
 * - Input: the contexts of a table, ascending (nearest word first), each with its followers, words ascending.
 * - Output: encoded blocks, given to `emit` in the same order; and the sums over all rows, `summary`.
 * - Calls: `group` for each context, then `flush`.
 */
export class TableWriter {
  summary = emptySummary();
  /** The contexts and rows since the last block was emitted. */
  private readonly block: Block;
  /** Number of rows of `block`. */
  private rows = 0;

  constructor(
    readonly table: string,
    /** Words of a context. */
    private readonly width: number,
    private readonly emit: (block: EncodedBlock) => void,
  ) {
    this.block = blankBlock(width, BLOCK_ENTRIES, BLOCK_ENTRIES);
  }

  /**
   * Adds a context with its followers: `words[0, length)` ascending, and their counts.
   *
   * @param pruned the sum of the counts of pruned followers.
   * @param numbers only in a back-off model, where all counts are 1.
   */
  group(
    context: Uint32Array,
    words: Uint32Array,
    counts: Uint32Array,
    length: number,
    pruned = 0,
    numbers?: GroupNumbers,
  ): void {
    const { summary } = this;
    const before = summary.tokens;
    const [onesBefore, twosBefore] = summary.countsOfCounts;
    addCounts(summary, counts, 0, length);
    summary.rows += length;
    summary.contexts++;
    summary.tokens += pruned;
    if (this.rows + length > BLOCK_ENTRIES) this.flush();
    if (length <= BLOCK_ENTRIES) {
      this.append(context, words, counts, 0, length, pruned, numbers);
    } else {
      const [ones, twos] = summary.countsOfCounts;
      const total = summary.tokens - before;
      const wide = { total, ones: ones - onesBefore, twos: twos - twosBefore, followers: length };
      for (let from = 0; from < length; from += BLOCK_ENTRIES) {
        this.append(context, words, counts, from, Math.min(length, from + BLOCK_ENTRIES), pruned, numbers);
        this.flush(wide);
      }
    }
  }

  /** Emits the rows so far as a block, if there are any. @param wide the totals of the block's only context, if it is wide. */
  flush(wide?: ContextTotals): void {
    const { block } = this;
    if (this.rows === 0) return;
    block.wideTotals = wide;
    const { width } = this;
    const first = new Uint32Array(width + 1);
    for (let j = 0; j < width; j++) first[j] = block.contexts[j][0];
    first[width] = block.words[0];
    this.emit({ table: this.table, first, value: encodeBlock(block) });
    block.contextCount = 0;
    this.rows = 0;
  }

  /** Adds a context with its rows `from` ≤ i < `to` to the block. */
  private append(
    context: Uint32Array,
    words: Uint32Array,
    counts: Uint32Array,
    from: number,
    to: number,
    pruned: number,
    numbers: GroupNumbers | undefined,
  ): void {
    const { block } = this;
    if (numbers) {
      block.numbers ??= { log10Probs: new Float64Array(BLOCK_ENTRIES), backoffs: new Float64Array(BLOCK_ENTRIES) };
      block.numbers.log10Probs.set(numbers.log10Probs.subarray(from, to), this.rows);
      block.numbers.backoffs[block.contextCount] = numbers.backoff;
    }
    for (let j = 0; j < block.contexts.length; j++) block.contexts[j][block.contextCount] = context[j];
    block.pruned[block.contextCount] = pruned;
    let row = this.rows;
    for (let i = from; i < to; i++, row++) {
      block.words[row] = words[i];
      block.counts[row] = counts[i];
    }
    this.rows = row;
    block.starts[++block.contextCount] = row;
  }
}
