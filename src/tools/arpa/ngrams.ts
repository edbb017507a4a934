/** Bits of a word id in one pass of the radix sort: 2^12 counters fit into the processor's cache. */
const MOST_BITS = 12;

/**
 * The n-grams of one order of an ARPA file, in memory: 4 bytes for each word, 8 for each number. A row number stands for an
 * n-gram. Order: first that of the file; after `sort` that of the store, by context (nearest word first), then by the last word.
 * Methods marked "sorted" need the second.
 */
export class Ngrams {
  /** `columns[j]` has the j-th word of each n-gram, oldest first. */
  readonly columns: Uint32Array[];
  /** log10 p by row; NaN for an n-gram that was filled in and has no probability yet. */
  log10Probs = new Float64Array(0);
  /** log10 of the back-off by row; empty for the highest order, which has no back-offs. */
  backoffs = new Float64Array(0);
  length = 0;
  /** How many of the n-grams are in the file; the others were filled in. */
  private read = 0;
  /** After `sort`: for each row, its position in the file. */
  private origins: Uint32Array | undefined;
  private firstLine = 0;
  /** N-grams (by position in the file) before which there were blank lines, and the number of blank lines up to there. */
  private readonly gaps: { readonly origin: number; readonly lines: number }[] = [];

  /**
   * @param isHighest whether this is the highest order of the file.
   * @param count the number of n-grams that the file announces.
   */
  constructor(
    readonly order: number,
    readonly isHighest: boolean,
    private readonly count: number,
  ) {
    this.columns = Array.from({ length: order }, () => new Uint32Array(0));
  }

  /** Adds an n-gram of the file; the caller puts its words into `columns`. @returns its row. */
  add(log10Prob: number, backoff: number, line: number): number {
    const at = this.read++;
    if (at === 0) this.firstLine = line;
    const lines = line - this.firstLine - at;
    if (lines > (this.gaps.at(-1)?.lines ?? 0)) this.gaps.push({ origin: at, lines });
    return this.append(log10Prob, backoff);
  }

  /** Adds an n-gram that the file lacks. */
  fill(words: ArrayLike<number>): void {
    const at = this.append(NaN, 0);
    for (let j = 0; j < this.order; j++) this.columns[j][at] = words[j];
  }

  /** The number of the line of an n-gram in the file. */
  lineOf(row: number): number {
    const origin = this.origins ? this.origins[row] : row;
    const gap = this.gaps.findLast(({ origin: first }) => first <= origin);
    return this.firstLine + origin + (gap?.lines ?? 0);
  }

  wordsOf(row: number): number[] {
    return this.columns.map(column => column[row]);
  }

  /** Sorts the n-grams into the order of the store. @param types word ids are below this. */
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

  /** The row of an n-gram that occurs twice (the later one in the file), or −1; sorted. */
  duplicate(): number {
    for (let row = 1; row < this.length; row++) if (this.compare(row - 1, row) === 0) return row;
    return -1;
  }

  /** The rows in the order in which the next table has these n-grams as contexts: by their last word first; sorted. */
  asContexts(types: number): Uint32Array {
    return sortedBy(this.columns[this.order - 1], numbersBelow(this.length), types);
  }

  /** The row of an n-gram, or −1; sorted. */
  find(words: ArrayLike<number>): number {
    const at = this.lowerBound(words);
    return at < this.length && this.compareWords(at, words) === 0 ? at : -1;
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
    const at = this.length++;
    if (at === this.columns[0].length)
      this.grow(Math.max(1024, at < this.count ? Math.min(this.count, 2 * at) : 2 * at));
    this.log10Probs[at] = log10Prob;
    if (!this.isHighest) this.backoffs[at] = backoff;
    return at;
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

function gather<T extends Uint32Array | Float64Array>(from: T, rows: Uint32Array, to: T): T {
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i]];
  return to;
}

/** Sorts rows by their values, which are below `limit`; rows with equal values keep their order. */
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
