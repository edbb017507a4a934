import type { Weights } from './ngram-source.js';

/**
 * Radix sort of text positions by the words around them. Ranges of positions are split by one column after another, the most significant
 * column first, until a piece fits the cache. The columns of a piece are then gathered once, and sorted from the least significant digit
 * up. No memory is allocated for single positions. Sorting takes about 60 ns a position for five columns on one core (measured on a text
 * of 68 million tokens).
 */

/** A piece of at most this many positions, a leaf, is not split further: 8,192 × 6 columns × 4 bytes fit the second-level cache. */
const LEAF = 8192;
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
/**
 * Each bucket in the first half of a split takes one word id, because the smallest ids are the most frequent words; each other bucket takes
 * a range of ids, all ranges of equal size.
 */
const EXACT = DIGITS / 2;
/** Arrays for up to this many positions are kept for the next sort; longer arrays are freed. */
const KEPT = 1 << 20;

/**
 * Receives sorted tuples: the i-th tuple (i < `length`) is `columns[0][order[i]], columns[1][order[i]] …`, and each was seen `weight`
 * times. Tuples ascend over all calls, and equal tuples may follow each other. The arrays are reused after the call.
 */
export type TupleSink = (columns: readonly Uint32Array[], order: Uint32Array, length: number, weight: number) => void;

/** The working arrays of one thread, for all its sorts. */
export class SortSpace {
  /** The columns of a leaf: each has {@link LEAF} entries. */
  readonly columns: Uint32Array[] = [];
  /** The entries of the columns as they are sorted so far; each pass over a digit writes `otherOrder` and swaps the two arrays. */
  order = new Uint32Array(LEAF);
  otherOrder = new Uint32Array(LEAF);
  /** By digit, how many entries have it, then where they begin. */
  readonly histogram = new Uint32Array(DIGITS + 1);
  /** For weighted positions: by entry of the columns, its weight. */
  weights = new Float64Array(0);
  /** For weighted positions: consecutive entries of `order` that have the same weight. */
  stretch = new Uint32Array(0);
  /** The positions of a partition as they are split so far; each split writes `otherScratch`. */
  scratch = new Uint32Array(0);
  otherScratch = new Uint32Array(0);
  /** By entry of `scratch`, the word id in the column by which a range is split. */
  values = new Uint32Array(0);

  /** Makes the arrays long enough for `positions` positions, and adds columns until there are `columns`. */
  reserve(positions: number, columns: number): void {
    while (this.columns.length < columns) this.columns.push(new Uint32Array(LEAF));
    if (this.scratch.length >= positions) return;
    this.scratch = new Uint32Array(positions);
    this.otherScratch = new Uint32Array(positions);
    if (positions > LEAF) this.values = new Uint32Array(positions);
  }

  /** Frees the arrays of positions if they are longer than {@link KEPT}, which only a large partition needs. */
  shrink(): void {
    if (this.scratch.length <= KEPT) return;
    this.scratch = this.otherScratch = this.values = new Uint32Array(0);
  }
}

/**
 * Sorts positions by tuples of words. Column j of a position's tuple is the word at the distance `distances[j]` before the position (0: the
 * word at the position itself), or the id that `maps[j]` has for this word; `NONE` if the sentence has no word there.
 *
 * - Input: the positions of one partition in the ids of a chunk. With the weights `counts` and `differences`, the number after each
 *   position is its weight.
 * - Output: their tuples, ascending, given to the sink in batches.
 */
export class PositionSorter {
  private readonly columns: readonly Uint32Array[];
  /** The ids of the chunk whose positions are sorted. */
  private ids: Uint32Array = new Uint32Array(0);

  constructor(
    private readonly distances: readonly number[],
    private readonly sink: TupleSink,
    private readonly space = new SortSpace(),
    private readonly weights: Weights = 'one',
    /** By column, an array that has for each word id the id to take in place of it; `undefined` to take the word id. */
    private readonly maps: readonly (Uint32Array | undefined)[] = [],
  ) {
    space.reserve(0, distances.length);
    if (weights !== 'one' && space.weights.length === 0) {
      space.weights = new Float64Array(LEAF);
      space.stretch = new Uint32Array(LEAF);
    }
    this.columns = space.columns.slice(0, distances.length);
  }

  /** Sorts `positions` of `ids` and gives the tuples to the sink. */
  sort(ids: Uint32Array, positions: Uint32Array): void {
    const { space } = this;
    this.ids = ids;
    space.reserve(positions.length, 0);
    // Splitting moves pieces between the two scratch arrays; `positions` stays as it is, since other sorts need it.
    space.scratch.set(positions);
    this.range(space.scratch, space.otherScratch, 0, positions.length, 0);
    space.shrink();
  }

  /** Sorts the positions `from[low, high)`, whose tuples have equal columns before `column`, by way of `to`. */
  private range(from: Uint32Array, to: Uint32Array, low: number, high: number, column: number): void {
    if (high - low <= LEAF) {
      if (high > low) this.leaf(from, low, high, column);
      return;
    }
    const { ids } = this;
    const { values } = this.space;
    let min = 0;
    let max = 0;
    for (; ; column++) {
      if (column === this.distances.length) {
        this.repeated(from, low, high);
        return;
      }
      const distance = this.distances[column];
      const map = this.maps[column];
      min = 0xffffffff;
      max = 0;
      for (let i = low; i < high; i++) {
        const id = ids[from[i] - distance];
        const value = map ? map[id] : id;
        values[i] = value;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      if (min < max) break;
    }
    const shift = bucketShift(max - min);
    const ends = new Uint32Array(DIGITS + 1);
    for (let i = low; i < high; i++) ends[bucketOf(values[i] - min, shift)]++;
    let sum = low;
    for (let b = 0; b <= DIGITS; b++) {
      const size = ends[b];
      ends[b] = sum;
      sum += size;
    }
    for (let i = low; i < high; i++) to[ends[bucketOf(values[i] - min, shift)]++] = from[i];
    // Now ends[b] is the end of bucket b. Small adjacent buckets are sorted together, large ones split further.
    let start = low;
    let bucketStart = low;
    for (let b = 0; b < DIGITS; b++) {
      const end = ends[b];
      if (end - start > LEAF) {
        if (bucketStart > start) this.leaf(to, start, bucketStart, column);
        start = bucketStart;
        if (end - start > LEAF) {
          this.range(to, from, start, end, b < EXACT || shift === 0 ? column + 1 : column);
          start = end;
        }
      }
      bucketStart = end;
    }
    if (high > start) this.leaf(to, start, high, column);
  }

  /** Gives the sink the tuple of the positions `from[low, high)`, which all have the same tuple. */
  private repeated(from: Uint32Array, low: number, high: number): void {
    const { columns, distances, ids, space, sink, weights } = this;
    for (let j = 0; j < columns.length; j++) {
      columns[j][0] = ids[from[low] - distances[j]];
      mapAll(columns[j], 1, this.maps[j]);
    }
    let sum = high - low;
    if (weights !== 'one') for (let i = (sum = 0) + low; i < high; i++) sum += this.weightAt(from[i]);
    space.order[0] = 0;
    sink(columns, space.order, 1, sum);
  }

  private weightAt(position: number): number {
    const weight = this.ids[position + 1];
    return this.weights === 'differences' ? weight | 0 : weight;
  }

  /** Sorts `from[low, high)`, at most {@link LEAF} positions whose tuples have equal columns before `firstColumn`, and gives their tuples to the sink. */
  private leaf(from: Uint32Array, low: number, high: number, firstColumn: number): void {
    const { ids, columns, distances, space } = this;
    const { histogram } = space;
    const length = high - low;
    for (let j = 0; j < columns.length; j++) {
      const column = columns[j];
      const distance = distances[j];
      for (let i = 0; i < length; i++) column[i] = ids[from[low + i] - distance];
      mapAll(column, length, this.maps[j]);
    }
    let { order, otherOrder: other } = space;
    for (let i = 0; i < length; i++) order[i] = i;
    for (let j = columns.length - 1; j >= firstColumn; j--) {
      const column = columns[j];
      const first = column[0];
      let different = 0;
      for (let i = 1; i < length; i++) different |= column[i] ^ first;
      for (let shift = 0; different >>> shift > 0 && shift < 32; shift += DIGIT_BITS) {
        if (((different >>> shift) & (DIGITS - 1)) === 0) continue;
        histogram.fill(0);
        for (let i = 0; i < length; i++) histogram[((column[i] >>> shift) & (DIGITS - 1)) + 1]++;
        for (let d = 1; d < DIGITS; d++) histogram[d] += histogram[d - 1];
        for (let i = 0; i < length; i++) {
          const at = order[i];
          other[histogram[(column[at] >>> shift) & (DIGITS - 1)]++] = at;
        }
        const swap = order;
        order = other;
        other = swap;
      }
    }
    space.order = order;
    space.otherOrder = other;
    if (this.weights === 'one') this.sink(columns, order, length, 1);
    else this.sinkWeighted(from, low, order, length);
  }

  /** Gives the sorted tuples of a leaf to the sink: consecutive tuples of equal weight in one call, because most weights are 1. */
  private sinkWeighted(from: Uint32Array, low: number, order: Uint32Array, length: number): void {
    const { columns, sink } = this;
    const { weights, stretch } = this.space;
    for (let i = 0; i < length; i++) weights[i] = this.weightAt(from[low + i]);
    for (let i = 0; i < length;) {
      const weight = weights[order[i]];
      let size = 0;
      do stretch[size++] = order[i++];
      while (i < length && weights[order[i]] === weight);
      sink(columns, stretch, size, weight);
    }
  }
}

/** Replaces the first `length` ids by those that a map has for them. */
function mapAll(values: Uint32Array, length: number, map: Uint32Array | undefined): void {
  if (map) for (let i = 0; i < length; i++) values[i] = map[values[i]];
}

/** The least right shift [bits] of values ≥ {@link EXACT} for which {@link bucketOf} maps all values from 0 to `span` to existing buckets. */
function bucketShift(span: number): number {
  let shift = 0;
  while (Math.floor((span - EXACT) / 2 ** shift) >= EXACT) shift++;
  return shift;
}

/** The bucket of a value; a greater value never has a smaller bucket. Each value below {@link EXACT} has a bucket of its own. */
function bucketOf(value: number, shift: number): number {
  return value < EXACT ? value : EXACT + ((value - EXACT) >>> shift);
}
