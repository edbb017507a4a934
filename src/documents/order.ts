/** The key of a number, 64 bits, has four digits of 16 bits; this is how many values a digit can have. */
const DIGITS = 1 << 16;
/** Up to this many numbers are sorted, because a search digit by digit would take longer. */
const FEW = 1 << 12;

const number = new Float64Array(1);
const halves = new Uint32Array(number.buffer);
/** The upper and the lower 32 bits of the key that {@link keyOf} computed last. */
let high = 0;
let low = 0;

/** Sets `high` and `low` to the key of a number: 64 bits that are greater for a greater number; −0 has the key of 0. */
function keyOf(value: number): void {
  number[0] = value + 0;
  high = halves[1];
  low = halves[0];
  if (high >>> 31 === 1) {
    high = ~high >>> 0;
    low = ~low >>> 0;
  } else {
    high = (high ^ 0x80000000) >>> 0;
  }
}

/** A rank whose number is searched digit by digit. */
interface Sought {
  /** The rank of the number among the numbers whose keys begin with `prefix`. */
  rest: number;
  /** The first digits of the number's key, as one integer. */
  prefix: number;
}

/**
 * Ranks numbers that are given by position, without a sorted copy. Rank 0 is the lowest number; equal numbers are ranked by position, and NaN
 * has no rank. The number of a rank is found digit by digit: all numbers are read four times, however many ranks are asked for.
 */
export class Order {
  /** How many numbers are not NaN. */
  readonly size: number;
  /** By rank, the number, if the rank was asked for. */
  private readonly known = new Map<number, number>();

  /**
   * @param length how many positions there are.
   * @param valueOf returns the number at a position.
   */
  constructor(
    private readonly length: number,
    private readonly valueOf: (position: number) => number,
  ) {
    let size = 0;
    for (let i = 0; i < length; i++) if (!Number.isNaN(valueOf(i))) size++;
    this.size = size;
  }

  /** The numbers that have the given ranks, each from 0 to `size` − 1. */
  at(ranks: readonly number[]): number[] {
    const { known } = this;
    const unknown = ranks.filter(rank => !known.has(rank));
    if (unknown.length > 0) this.find(unknown).forEach((value, i) => known.set(unknown[i], value));
    return ranks.map(rank => known.get(rank) ?? NaN);
  }

  private find(ranks: readonly number[]): number[] {
    const { length, valueOf, size } = this;
    if (size <= FEW) {
      const sorted = new Float64Array(size);
      let used = 0;
      for (let i = 0; i < length; i++) if (!Number.isNaN(valueOf(i))) sorted[used++] = valueOf(i) + 0;
      sorted.sort();
      return ranks.map(rank => sorted[rank]);
    }
    const all = ranks.map((rank): Sought => ({ rest: rank, prefix: 0 }));
    const found: number[] = [];
    for (let digit = 0; digit < 4; digit++) {
      const prefixes = Float64Array.from(new Set(all.map(({ prefix }) => prefix))).sort();
      const counts = Array.from(prefixes, () => new Uint32Array(DIGITS));
      for (let i = 0; i < length; i++) {
        const value = valueOf(i);
        if (Number.isNaN(value)) continue;
        keyOf(value);
        const prefix = digit === 0 ? 0 : digit === 1 ? high >>> 16 : digit === 2 ? high : high * DIGITS + (low >>> 16);
        let [first, last] = [0, prefixes.length - 1];
        while (first < last) {
          const middle = (first + last) >>> 1;
          if (prefixes[middle] < prefix) first = middle + 1;
          else last = middle;
        }
        if (prefixes[first] !== prefix) continue;
        const half = digit < 2 ? high : low;
        counts[first][digit % 2 === 0 ? half >>> 16 : half & 0xffff]++;
      }
      all.forEach((sought, at) => {
        const own = counts[prefixes.indexOf(sought.prefix)];
        let next = 0;
        while (sought.rest >= own[next]) sought.rest -= own[next++];
        if (digit < 3) sought.prefix = sought.prefix * DIGITS + next;
        else found[at] = numberOf(sought.prefix, next);
      });
    }
    return found;
  }

  /** For each share from 0 to 1, the quantile, interpolated between neighbours (type 7); NaN if there are no numbers. */
  quantiles(shares: readonly number[]): number[] {
    const last = this.size - 1;
    if (last < 0) return shares.map(() => NaN);
    const places = shares.map(share => share * last);
    const ranks = [...new Set(places.flatMap(place => [Math.floor(place), Math.min(Math.floor(place) + 1, last)]))];
    this.at(ranks);
    return places.map(place => {
      const below = this.known.get(Math.floor(place)) ?? NaN;
      const above = this.known.get(Math.min(Math.floor(place) + 1, last)) ?? NaN;
      return below + (place - Math.floor(place)) * (above - below);
    });
  }

  /** How many numbers are below `value`, or, with `inclusive`, at most `value`. */
  rankOf(value: number, inclusive: boolean): number {
    let rank = 0;
    for (let i = 0; i < this.length; i++) {
      const own = this.valueOf(i);
      if (own < value || (inclusive && own === value)) rank++;
    }
    return rank;
  }

  /** Returns a function that says whether the number at a position has a rank below `rank`. Call it once for each position, ascending. */
  below(rank: number): (position: number) => boolean {
    const { valueOf, size } = this;
    if (rank <= 0) return () => false;
    if (rank >= size) return position => !Number.isNaN(valueOf(position));
    const [value] = this.at([rank]);
    let ties = rank - this.rankOf(value, false);
    return position => {
      const own = valueOf(position);
      return own < value || (own === value && ties-- > 0);
    };
  }

  /** The positions of the `count` numbers whose ranks are just below `rank`, and of the `count` numbers from `rank` on; in both lists the nearest first. */
  around(rank: number, count: number): { readonly below: number[]; readonly above: number[] } {
    const { length, valueOf } = this;
    const isBelow = this.below(rank);
    const below: number[] = [];
    const above: number[] = [];
    for (let i = 0; i < length; i++) {
      const value = valueOf(i);
      if (Number.isNaN(value)) continue;
      // Among equal numbers below the rank, the last position is nearest to it; among equal numbers above, the first position.
      if (isBelow(i)) insert(below, i, count, other => value >= valueOf(other));
      else insert(above, i, count, other => value < valueOf(other));
    }
    return { below, above };
  }
}

/** Inserts a position before the positions that are farther from the rank, and keeps only the nearest `count`. */
function insert(list: number[], position: number, count: number, isNearer: (other: number) => boolean): void {
  if (list.length === count && !isNearer(list[count - 1])) return;
  let at = list.length;
  while (at > 0 && isNearer(list[at - 1])) at--;
  list.splice(at, 0, position);
  if (list.length > count) list.pop();
}

/** The number with a key, given as its first 48 bits and its last 16. */
function numberOf(prefix: number, last: number): number {
  let upper = Math.floor(prefix / DIGITS);
  let lower = (prefix % DIGITS) * DIGITS + last;
  if (upper >>> 31 === 1) {
    upper = (upper ^ 0x80000000) >>> 0;
  } else {
    upper = ~upper >>> 0;
    lower = ~lower >>> 0;
  }
  halves[1] = upper;
  halves[0] = lower;
  return number[0];
}

/**
 * Sorts positions by their numbers, ascending; positions with equal numbers stay in their sequence. A radix sort by 16 bits at a time,
 * which needs 8 bytes for each position.
 */
export function ranked(positions: Uint32Array, numbers: Float64Array): Uint32Array {
  let from = positions.slice();
  let to = new Uint32Array(from.length);
  for (let digit = 3; digit >= 0; digit--) {
    const ends = new Uint32Array(DIGITS);
    const digitOf = (position: number): number => {
      keyOf(numbers[position]);
      const half = digit < 2 ? high : low;
      return digit % 2 === 0 ? half >>> 16 : half & 0xffff;
    };
    for (const position of from) ends[digitOf(position)]++;
    let sum = 0;
    for (let i = 0; i < DIGITS; i++) {
      const own = ends[i];
      ends[i] = sum;
      sum += own;
    }
    for (const position of from) to[ends[digitOf(position)]++] = position;
    [from, to] = [to, from];
  }
  return from;
}
