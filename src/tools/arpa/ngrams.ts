/** Bits of a word that are sorted by at a time: so many counters fit the cache. */
const MOST_BITS = 12;

/**
 * The n-grams of one order of an ARPA file, in memory: 4 bytes a word and 8 a number. First in the order of the file, then
 * in that of the store: by context, nearest word first, then by the last word.
 */
export class Ngrams {
  /** Column j has the j-th word of each n-gram, oldest first. */
  readonly columns: Uint32Array[];
  /** NaN for one that was filled in and has no probability yet. */
  log10Probs = new Float64Array(0);
  /** log10; empty for the highest order, which has none. */
  backoffs = new Float64Array(0);
  length = 0;
  /** How many of them the file has; the others were filled in. */
  private read = 0;
  /** Which one of the file each is, where they have moved. */
  private origins: Uint32Array | undefined;
  private firstLine = 0;
  /** Before which n-grams there were blank lines, and how many up to there. */
  private readonly gaps: { readonly origin: number; readonly lines: number }[] = [];

  /**
   * @param isHighest whether this is the highest order of the file.
   * @param count how many n-grams the file says there are.
   */
  constructor(
    readonly order: number,
    readonly isHighest: boolean,
    private readonly count: number,
  ) {
    this.columns = Array.from({ length: order }, () => new Uint32Array(0));
  }

  /** Adds one of the file, whose words are to be put in the columns. @returns its number. */
  add(log10Prob: number, backoff: number, line: number): number {
    const at = this.read++;
    if (at === 0) this.firstLine = line;
    const lines = line - this.firstLine - at;
    if (lines > (this.gaps.at(-1)?.lines ?? 0)) this.gaps.push({ origin: at, lines });
    return this.append(log10Prob, backoff);
  }

  /** Adds one that the file does not have. */
  fill(words: ArrayLike<number>): void {
    const at = this.append(NaN, 0);
    for (let j = 0; j < this.order; j++) this.columns[j][at] = words[j];
  }

  /** The line that an n-gram of the file is on. */
  lineOf(row: number): number {
    const origin = this.origins ? this.origins[row] : row;
    const gap = this.gaps.findLast(({ origin: first }) => first <= origin);
    return this.firstLine + origin + (gap?.lines ?? 0);
  }

  wordsOf(row: number): number[] {
    return this.columns.map(column => column[row]);
  }

  /** Puts them in the order of the store. @param types the words are below it. */
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

  /** The number of an n-gram that comes twice, or −1; sorted. Of the two it is the one that comes later in the file. */
  duplicate(): number {
    for (let row = 1; row < this.length; row++) if (this.compare(row - 1, row) === 0) return row;
    return -1;
  }

  /** Their numbers in the order in which a longer table has them as contexts: by the last word first. Sorted. */
  asContexts(types: number): Uint32Array {
    return sortedBy(this.columns[this.order - 1], numbersBelow(this.length), types);
  }

  /** The number of an n-gram, or −1; sorted. */
  find(words: ArrayLike<number>): number {
    const at = this.lowerBound(words);
    return at < this.length && this.compareWords(at, words) === 0 ? at : -1;
  }

  /** The numbers [from, to) of the n-grams that begin with a context of `order − 1` words; sorted. */
  followers(context: readonly number[]): [from: number, to: number] {
    return [this.lowerBound([...context, 0]), this.lowerBound([...context, Infinity])];
  }

  /** The number of the first n-gram that does not come before `words`; sorted. */
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

/** Rows in the order of their values, which are below `limit`; equal ones stay in their order. */
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
