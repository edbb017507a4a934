import { NONE } from '../../text/tokens.js';
import { findBehind, LINE_RATIOS, LONG, SHORT, SINGLE, wordMask, type TableMemory } from './regions.js';
import { CLASS_MASK, FIRST_LINE, FLAT_SHIFT, HEADER, LINES_SHIFT, LONG_HEADER, slotsOf } from './table-room.js';

/** How many positions of a batch are looked up at a time: a batch of {@link LOADED_BATCH} words seldom has more. */
export const MOST_POSITIONS = 512;

// Working memory, which all tables of a thread use: the regions of the contexts that a table has of some positions of a batch, and where the words
// are in them. Constants of the module, because V8 then knows where they lie (as fields of an object they took 1.25 times as long, all in all).
//
// Each step is a loop of its own over all regions. What the processor would guess wrong (whether the table has a context, whether it has a
// single follower, whether a word has to be searched) decides to which list an index is added, not what is done next.

/** By region, the position of its word in the batch. */
export const regionPositions = new Uint32Array(MOST_POSITIONS);
/** By region, the index of its row, its header or the line where the word would be. */
export const regionStarts = new Uint32Array(MOST_POSITIONS);
/** By region, the index of the word's row; 0 if the context lacks the word. */
export const regionRows = new Uint32Array(MOST_POSITIONS);
/** The regions of a single row, and all others. */
export const singleRegions = new Uint32Array(MOST_POSITIONS);
export const otherRegions = new Uint32Array(MOST_POSITIONS);
/** By region, the link to it. */
const links = new Uint32Array(MOST_POSITIONS);
/** Those of the other regions that are searched. */
const searched = new Uint32Array(MOST_POSITIONS);

/** Numbers of regions: of a single row, and all others. */
export interface RegionCounts {
  readonly singles: number;
  readonly others: number;
}

/** A sum of the values that `touch` read: storing it keeps V8 from removing the reads. */
let touched = 0;

/**
 * Finds the regions of the contexts of the words at the positions `from` to `to` − 1, at most {@link MOST_POSITIONS}, and the rows of the words.
 *
 * @param rows gets the row of the word at each of these positions; 0 if the table lacks the n-gram that ends there.
 * @param contexts the table whose n-grams are the contexts of this one, and (`contextRows`) by position the row of the n-gram that ends there.
 * @param parentRows by position, the row of the n-gram without its farthest word. A word that does not follow the shorter context does not
 * follow the longer one.
 */
export function findRegions(
  memory: TableMemory,
  contexts: TableMemory,
  contextRows: Uint32Array,
  parentRows: Uint32Array,
  ids: Uint32Array,
  from: number,
  to: number,
  rows: Uint32Array,
): RegionCounts {
  const length = follow(memory, contexts, contextRows, ids, from, to);
  touched ^= touch(memory.data, length);
  const singles = divide(length);
  matchSingles(memory, ids, singles);
  const others = length - singles;
  search(memory, ids, choose(parentRows, others));
  for (let position = from; position < to; position++) rows[position] = 0;
  keepRows(rows, length);
  return { singles, others };
}

/** Follows the links of the contexts to their regions. @returns the number of regions. */
function follow(
  { pattern, shift, contextColumn, lineUnit, lineShift, flatUnit }: TableMemory,
  { data, linksAt }: TableMemory,
  contextRows: Uint32Array,
  ids: Uint32Array,
  from: number,
  to: number,
): number {
  const ratios = LINE_RATIOS;
  const distance = pattern[0] - shift;
  const column = linksAt + contextColumn;
  const unit = lineUnit + lineShift;
  let length = 0;
  for (let position = Math.max(from, distance); position < to; position++) {
    const row = contextRows[position - distance];
    const link = data[row + column] & ((0 - row) >> 31);
    const hash = Math.imul(ids[position], 0x9e3779b1) >>> 0;
    const line = Math.floor(hash * ratios[(link >>> 1) & CLASS_MASK]);
    const inLines = FIRST_LINE + ((link >>> LINES_SHIFT) << unit) + (line << lineShift);
    const isFlat = -(link & 1);
    regionPositions[length] = position;
    links[length] = link;
    regionStarts[length] = (((link >>> FLAT_SHIFT) << flatUnit) & isFlat) | (inLines & ~isFlat);
    length += (link | (0 - link)) >>> 31;
  }
  return length;
}

/** Reads a row or line of each region, in a loop so short that the processor has many of these reads at a time. */
function touch(data: Uint32Array, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum ^= data[regionStarts[i]];
  return sum;
}

/** Divides the regions into those of a single row and the others. @returns the number of the first. */
function divide(length: number): number {
  let singles = 0;
  for (let i = 0; i < length; i++) {
    singleRegions[singles] = i;
    otherRegions[i - singles] = i;
    singles += ((links[i] & SINGLE) + 1) >>> 2;
  }
  return singles;
}

function matchSingles({ data, wordBits }: TableMemory, ids: Uint32Array, singles: number): void {
  const mask = wordMask(wordBits);
  for (let k = 0; k < singles; k++) {
    const i = singleRegions[k];
    const start = regionStarts[i];
    const differs = (data[start] ^ ids[regionPositions[i]]) & mask;
    regionRows[i] = start & ((differs - 1) >> 31);
  }
}

/** Chooses the other regions that are searched. @returns their number. */
function choose(parentRows: Uint32Array, others: number): number {
  let length = 0;
  for (let k = 0; k < others; k++) {
    const i = otherRegions[k];
    const parentRow = parentRows[regionPositions[i]];
    regionRows[i] = 0;
    searched[length] = i;
    length += (parentRow | (0 - parentRow)) >>> 31;
  }
  return length;
}

/** Finds the rows of the words of the first `length` of the regions to search. */
function search(memory: TableMemory, ids: Uint32Array, length: number): void {
  const { data, stride } = memory;
  const mask = wordMask(memory.wordBits);
  const shortRows = slotsOf(memory, HEADER) * stride;
  const longRows = slotsOf(memory, LONG_HEADER) * stride;
  for (let k = 0; k < length; k++) {
    const i = searched[k];
    const word = ids[regionPositions[i]];
    const start = regionStarts[i];
    const shape = data[start + 1] | 0;
    let row = start + HEADER;
    let followers = shape & SHORT;
    let inLine = shortRows;
    if (shape === LONG) {
      row = start + LONG_HEADER;
      followers = data[start + 2];
      inLine = longRows;
    }
    const isFlat = -(links[i] & 1);
    const end = row + (((followers * stride) & isFlat) | (inLine & ~isFlat));
    let found = NONE;
    while (row < end && (found = data[row] & mask) !== word && found !== NONE) row += stride;
    if (row === end) row = findBehind(memory, links[i], start, word);
    else if (found !== word) row = 0;
    regionRows[i] = row;
  }
}

/** Writes the row of each region to the position of its word. */
function keepRows(rows: Uint32Array, length: number): void {
  for (let i = 0; i < length; i++) rows[regionPositions[i]] = regionRows[i];
}
