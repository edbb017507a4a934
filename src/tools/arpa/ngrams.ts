/** Bits of a word id that one pass of the radix sort takes, at most: its 2^12 counters fit into the processor's cache. */
const MOST_BITS = 12;

/**
 * The n-grams of one order of a back-off model, in memory: 4 bytes for each word, 8 for each number. A row number stands for an
 * n-gram. Rows are first in the order of `add` and `fill` (that of the ARPA file); `sort` puts them into the order of the store: by
 * context (nearest word first), then by last word. Methods marked "sorted" need the rows in the order of the store.
 */
export class Ngrams {
  /** `columns[j][row]` is the id of word j of an n-gram, from the oldest word (0) to the last. */
  readonly columns: Uint32Array[];
  /** log10 p by row; NaN for an n-gram that was filled in and has no probability yet. */
  log10Probs = new Float64Array(0);
  /** log10 of the back-off as a context, by row; empty for the highest order, whose n-grams are no contexts. */
  backoffs = new Float64Array(0);
  /** The number of n-grams. The arrays may be longer. */
  length = 0;
  /** How many n-grams were added by `add`. */
  private read = 0;
  /** After `sort`, by row: the position of the n-gram in the file, from 0 up. `undefined` if every row is its position. */
  private origins: Uint32Array | undefined;
  /** The line of the first n-gram in the file, from 1 up. */
  private firstLine = 0;
  /** Positions of the n-grams that follow a blank line, each with the number of blank lines since the first n-gram. */
  private readonly gaps: { readonly origin: number; readonly lines: number }[] = [];

  /**
   * @param isHighest whether this is the highest order of the model.
   * @param count about how many n-grams will be added: the arrays grow to this length before they grow beyond it.
   */
  constructor(
    readonly order: number,
    readonly isHighest: boolean,
    private readonly count: number,
  ) {
    this.columns = Array.from({ length: order }, () => new Uint32Array(0));
  }

  /** Adds an n-gram that stands in line `line` of the file; the caller puts its words into `columns`. @returns its row. */
  add(log10Prob: number, backoff: number, line: number): number {
    const origin = this.read++;
    if (origin === 0) this.firstLine = line;
    const lines = line - this.firstLine - origin;
    if (lines > (this.gaps.at(-1)?.lines ?? 0)) this.gaps.push({ origin, lines });
    return this.append(log10Prob, backoff);
  }

  /** Adds an n-gram without numbers: log10 p is NaN until the caller sets it, the back-off 1 (log10: 0). */
  fill(words: ArrayLike<number>): void {
    const row = this.append(NaN, 0);
    for (let j = 0; j < this.order; j++) this.columns[j][row] = words[j];
  }

  /** The line of an n-gram in the file, from 1 up. */
  lineOf(row: number): number {
    const origin = this.origins ? this.origins[row] : row;
    const gap = this.gaps.findLast(({ origin: afterGap }) => afterGap <= origin);
    return this.firstLine + origin + (gap?.lines ?? 0);
  }

  /** The word ids of an n-gram, oldest word first. */
  wordsOf(row: number): number[] {
    return this.columns.map(column => column[row]);
  }

  /** Sorts the n-grams into the order of the store. @param types all word ids are below it. */
  sort(types: number): void {
    if (this.isSorted()) return;
    const { columns, length, order } = this;
    let rows = numbersBelow(length);
    const last = columns[order - 1];
    for (const column of [last, ...columns.slice(0, -1)]) rows = sortedBy(column, rows, types);
    for (const [j, column] of columns.entries()) columns[j] = gather(column, rows, new Uint32Array(length));
    const { log10Probs, backoffs, origins } = this;
    this.log10Probs = gather(log10Probs, rows, new Float64Array(length));
    if (!this.isHighest) this.backoffs = gather(backoffs, rows, new Float64Array(length));
    this.origins = origins ? rows.map(row => (row < origins.length ? origins[row] : row)) : rows;
  }

  /** A row whose n-gram is also the row before (of the two, the later one in the file), or −1; sorted. */
  duplicate(): number {
    for (let row = 1; row < this.length; row++) if (this.compare(row - 1, row) === 0) return row;
    return -1;
  }

  /** The rows in the order that contexts have in the table one order up: by last word first; sorted. */
  rowsAsContexts(types: number): Uint32Array {
    return sortedBy(this.columns[this.order - 1], numbersBelow(this.length), types);
  }

  /** The row of an n-gram, or −1; sorted. */
  find(words: ArrayLike<number>): number {
    const row = this.lowerBound(words);
    return row < this.length && this.compareWords(row, words) === 0 ? row : -1;
  }

  /** The rows [from, to) of the n-grams with a given context of `order − 1` words; sorted. */
  followers(context: readonly number[]): [from: number, to: number] {
    return [this.lowerBound([...context, 0]), this.lowerBound([...context, Infinity])];
  }

  /** The row of the first n-gram that does not sort before `words`; sorted. */
  private lowerBound(words: ArrayLike<number>): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compareWords(middle, words) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private isSorted(): boolean {
    for (let row = 1; row < this.length; row++) if (this.compare(row - 1, row) > 0) return false;
    return true;
  }

  private compare(row: number, other: number): number {
    const { columns, order } = this;
    for (let j = order - 2; j >= 0; j--) {
      const difference = columns[j][row] - columns[j][other];
      if (difference !== 0) return difference;
    }
    return columns[order - 1][row] - columns[order - 1][other];
  }

  private compareWords(row: number, words: ArrayLike<number>): number {
    const { columns, order } = this;
    for (let j = order - 2; j >= 0; j--) {
      const difference = columns[j][row] - words[j];
      if (difference !== 0) return difference;
    }
    return columns[order - 1][row] - words[order - 1];
  }

  private append(log10Prob: number, backoff: number): number {
    const row = this.length++;
    if (row === this.columns[0].length)
      this.grow(Math.max(1024, row < this.count ? Math.min(this.count, 2 * row) : 2 * row));
    this.log10Probs[row] = log10Prob;
    if (!this.isHighest) this.backoffs[row] = backoff;
    return row;
  }

  private grow(capacity: number): void {
    for (const [j, column] of this.columns.entries()) {
      this.columns[j] = new Uint32Array(capacity);
      this.columns[j].set(column);
    }
    const { log10Probs, backoffs } = this;
    this.log10Probs = new Float64Array(capacity);
    this.log10Probs.set(log10Probs);
    if (this.isHighest) return;
    this.backoffs = new Float64Array(capacity);
    this.backoffs.set(backoffs);
  }
}

function numbersBelow(length: number): Uint32Array<ArrayBuffer> {
  const numbers = new Uint32Array(length);
  for (let i = 0; i < length; i++) numbers[i] = i;
  return numbers;
}

/** Sets `to[i]` to `from[rows[i]]`. @returns `to`. */
function gather<T extends Uint32Array | Float64Array>(from: T, rows: Uint32Array, to: T): T {
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i]];
  return to;
}

/** Radix sort of `rows` by `values[row]`; all values are below `limit`. Rows with equal values keep their order. */
function sortedBy(values: Uint32Array, rows: Uint32Array<ArrayBuffer>, limit: number): Uint32Array<ArrayBuffer> {
  const bits = 32 - Math.clz32(limit - 1);
  const passes = Math.ceil(bits / MOST_BITS);
  const width = Math.ceil(bits / passes);
  const mask = (1 << width) - 1;
  let from = rows;
  let to = new Uint32Array(rows.length);
  for (let shift = 0; shift < passes * width; shift += width) {
    const starts = new Uint32Array(mask + 2);
    for (let i = 0; i < rows.length; i++) starts[((values[i] >>> shift) & mask) + 1]++;
    for (let digit = 0; digit < mask; digit++) starts[digit + 1] += starts[digit];
    for (let i = 0; i < from.length; i++) {
      const row = from[i];
      to[starts[(values[row] >>> shift) & mask]++] = row;
    }
    [from, to] = [to, from];
  }
  return from;
}
