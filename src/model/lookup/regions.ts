import type { Pattern } from '../../tables/pattern.js';
import type { TablePart } from './table-part.js';

/** Numbers before the rows of a region: Σc, N1, N2, the number of followers, and the part of Σc that was pruned. */
export const HEADER = 5;
/** The index of the number of followers in the header of a region. */
export const FOLLOWERS_AT = 3;
/** The index of the first link in a row, after its word and count. */
export const LINKS = 2;
/** A region with at most this many followers is searched from the front; a larger region is a hash with 1.5 slots per follower. */
const SCANNED = 8;

/**
 * A table in memory, which threads share: an array of 32-bit numbers. The followers of each context are together in a region.
 *
 *     region   | Σc | N1 | N2 | followers | pruned |  row  |  row  | …        header of HEADER numbers, then rows
 *     row      | word | count | link | link | …                              stride = LINKS + number of links
 *     link     place of the region · 2                                       0: the n-gram is no context there
 *              place of the row · 2 + 1                                      one follower, none pruned: no header
 *
 * A link leads from an n-gram to its region in another table, where that n-gram is a context; a row has one link for each
 * table of which its own is the `contextTable`. A context with a single follower has no header: its total is that
 * follower's count. Up to SCANNED followers are stored in a row and searched from the front; more are an open-addressing
 * hash with room for half as many again. The region of the empty context has a row for every word, by word id.
 */
export interface TableMemory {
  readonly pattern: Pattern;
  /** The place of the table whose n-grams are the contexts of this one; −1 for the empty pattern. */
  readonly contextTable: number;
  /** The number of the link, in the rows of that table, that leads here. */
  readonly contextColumn: number;
  /** Length of a row, in 32-bit numbers. */
  readonly stride: number;
  readonly data: Uint32Array;
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

/** Whether the indices of all tables are within the limits of their 32 bits; if not, tables cannot be loaded on any machine. */
export function canLoad(parts: readonly TablePart[], words: number): boolean {
  const numbers = parts.reduce((sum, part) => sum + numbersOf(part), 0);
  const places = parts.map((part, index) => roomFor(part, words, linkedTables(parts, index).length));
  return numbers <= MOST_NUMBERS && places.every(room => room <= MOST_PLACES);
}

/** The tables whose contexts are the n-grams of table `index`, in the order of the links in its rows. */
export function linkedTables(parts: readonly TablePart[], index: number): number[] {
  return parts.flatMap((part, table) => (part.contextTable === index ? [table] : []));
}

/** An upper bound of the 32-bit numbers that a table takes. */
export function roomFor({ manifest, pattern }: TablePart, words: number, links: number): number {
  const stride = LINKS + links;
  if (pattern.length === 0) return HEADER + words * stride;
  return HEADER + manifest.contexts * HEADER + Math.ceil((manifest.rows + (manifest.bare ?? 0)) * 1.5) * stride;
}
