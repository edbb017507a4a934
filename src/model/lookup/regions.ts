import type { Pattern } from '../../tables/pattern.js';
import type { TablePart } from './table-part.js';

/** 32-bit numbers before the rows of a region: Σc; then N1, N2 and the number of followers, packed into one number. */
export const HEADER = 2;
/** 32-bit numbers before the rows of a region that {@link LONG} marks: Σc, LONG, followers, N1, N2, and the part of Σc that was pruned. */
export const LONG_HEADER = 6;
/** Stands in place of the packed N1, N2 and followers if one of these does not fit, or if a part of Σc was pruned. */
export const LONG = -1;
/** Bits of each of the three numbers in a short header. */
export const SHORT_BITS = 10;
/** The largest number in a short header. */
export const SHORT = (1 << SHORT_BITS) - 1;
/** Numbers before the rows of the empty context: Σc, N1, N2, followers, and the part of Σc that was pruned. */
export const EMPTY_HEADER = 5;
/** A region with at most this many followers is searched from the front; a larger region is a hash with 1.5 slots per follower. */
export const SCANNED = 8;

/**
 * A table in memory, which threads share: an array of 32-bit numbers. The followers of each context are together in a region.
 *
 *     region   | Σc | followers, N1, N2 |  row  |  row  | …                  HEADER numbers, or LONG_HEADER, then rows
 *     row      | word, count | link | link | …                               stride = 1 + number of links
 *     link     place of the region · 2                                       0: the n-gram is no context there
 *              place of the row · 2 + 1                                      one follower, none pruned: no header
 *
 * A link leads from an n-gram to its region in another table, where that n-gram is a context; a row has one link for each
 * table of which its own is the `contextTable`. A context with a single follower has no header: its total is that
 * follower's count. Up to SCANNED followers are stored in a row and searched from the front; more are an open-addressing
 * hash with room for half as many again. The region of the empty context has a row for every word, by word id, with a count
 * and no word.
 *
 * The lowest `wordBits` bits of a row's first number are its word, the others its count. Counts of {@link mostCount} and more are
 * in `large`. In a back-off model, which has no counts, a row has one more number, behind the word: the place of log10 p, plus 1.
 * In place of Σc it has the place of log10 of the back-off, plus 1.
 */
export interface TableMemory {
  readonly pattern: Pattern;
  /** The place of the table whose n-grams are the contexts of this one; −1 for the empty pattern. */
  readonly contextTable: number;
  /** The place of the table whose pattern lacks the farthest word; −1 for the empty pattern. */
  readonly parent: number;
  /** Which link (from 0) in a row of `contextTable` leads to this table. */
  readonly contextColumn: number;
  /** Length of a row, in 32-bit numbers. */
  readonly stride: number;
  /** Numbers of a row before its links. */
  readonly linksAt: number;
  readonly wordBits: number;
  readonly data: Uint32Array;
  /** As {@link LargeCounts.values}. */
  readonly large: Uint32Array;
}

/** The number that a row has in place of a count that is in `large`. */
export function mostCount(wordBits: number): number {
  return -1 >>> wordBits;
}

/** The bits of a row's first number that hold its word. */
export function wordMask(wordBits: number): number {
  return -1 >>> (32 - wordBits);
}

/** Whether a region with this many followers is a hash. */
export function isHashed(followers: number): boolean {
  return followers > SCANNED;
}

/** Number of rows (slots of the hash, if it is one) in a region with this many followers. */
export function capacityFor(followers: number): number {
  return isHashed(followers) ? followers + (followers >>> 1) : followers;
}

/** The row of a region where the search for a word begins: a multiplicative hash of the word, scaled to the capacity. */
export function slotOf(word: number, capacity: number): number {
  return Math.floor((Math.imul(word, 0x9e3779b1) >>> 0) * (capacity / 2 ** 32));
}

/** How many floating-point numbers a table of a back-off model has: log10 p of each row and the back-off of each context. */
export function numbersOf({ manifest: { bare, rows, contexts } }: TablePart): number {
  return bare === undefined ? 0 : rows + contexts;
}

/** The greatest number of bytes that the loaded tables can take. */
export function loadedBytes(parts: readonly TablePart[], words: number): number {
  return parts.reduce((sum, part, index) => {
    return sum + 4 * roomFor(part, words, linkedTables(parts, index).length) + 8 * numbersOf(part);
  }, 0);
}

/** Limit of an index: a link (2 · index + 1) and a reference to a number (index + 1) must fit into 32 bits. */
const MOST_PLACES = 2 ** 31;
const MOST_NUMBERS = 2 ** 32 - 1;
/** Limit of the vocabulary: a word id then takes at most 31 of the 32 bits, and the count has at least one. */
const MOST_WORDS = 2 ** 31;

/** Whether the indices of all tables are within the limits of their 32 bits; if not, tables cannot be loaded on any machine. */
export function canLoad(parts: readonly TablePart[], words: number): boolean {
  const numbers = parts.reduce((sum, part) => sum + numbersOf(part), 0);
  const places = parts.map((part, index) => roomFor(part, words, linkedTables(parts, index).length));
  return words <= MOST_WORDS && numbers <= MOST_NUMBERS && places.every(room => room <= MOST_PLACES);
}

/** The tables whose contexts are the n-grams of table `index`, in the order of the links in its rows. */
export function linkedTables(parts: readonly TablePart[], index: number): number[] {
  return parts.flatMap((part, table) => (part.contextTable === index ? [table] : []));
}

/** Numbers of a row before its links. */
export function linksAt({ pattern, manifest }: Pick<TablePart, 'pattern' | 'manifest'>): number {
  return pattern.length > 0 && manifest.bare !== undefined ? 2 : 1;
}

/** An upper bound of the 32-bit numbers that a table takes. */
export function roomFor(part: TablePart, words: number, links: number): number {
  const { rows, contexts, bare, dropped } = part.manifest;
  const stride = linksAt(part) + links;
  if (part.pattern.length === 0) return EMPTY_HEADER + words * stride;
  // A context of f followers in a hash has f − 1 rows beyond its first, which are at least 8/9 of f.
  const further = Math.max(0, rows - contexts);
  const slots = rows + Math.ceil((further * (SCANNED + 1)) / SCANNED / 2);
  // Where nothing was pruned, a context with a header has such further rows.
  const isWhole = dropped === undefined && bare === undefined;
  const headers = isWhole
    ? HEADER * Math.min(contexts, further) + LONG_HEADER * Math.ceil(rows / SHORT)
    : LONG_HEADER * contexts;
  return LONG_HEADER + headers + slots * stride + SPARE;
}

/** Numbers behind the last region, so that reading a header ahead stays within the table. */
const SPARE = LONG_HEADER;

/** Counts that do not fit in rows: an open-addressing hash of pairs of numbers, the place of the row and the count. */
export class LargeCounts {
  /** Pairs (index of the row, count); their number is a power of two. A free pair has 0 as the index. */
  values = new Uint32Array(2 * 16);
  private size = 0;

  add(row: number, count: number): void {
    if (4 * ++this.size > this.values.length) this.grow();
    const { values } = this;
    const at = largePlace(values, row);
    values[at] = row;
    values[at + 1] = count;
  }

  private grow(): void {
    const { values } = this;
    this.values = new Uint32Array(2 * values.length);
    for (let at = 0; at < values.length; at += 2) {
      if (values[at] === 0) continue;
      const place = largePlace(this.values, values[at]);
      this.values[place] = values[at];
      this.values[place + 1] = values[at + 1];
    }
  }
}

/** The count of a row with {@link mostCount}. @param large as {@link LargeCounts.values}. */
export function largeCount(large: Uint32Array, row: number): number {
  return large[largePlace(large, row) + 1];
}

/** The pair of a row, or the free pair where it belongs. */
function largePlace(values: Uint32Array, row: number): number {
  const last = values.length - 2;
  let at = (Math.imul(row, 0x9e3779b1) >>> 7) & last & ~1;
  while (values[at] !== 0 && values[at] !== row) at = (at + 2) & last;
  return at;
}
