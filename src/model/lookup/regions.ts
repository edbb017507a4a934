import type { Pattern } from '../../tables/pattern.js';
import { NONE } from '../../text/tokens.js';
import {
  CLASS_MASK,
  filledSlots,
  FIRST_LINE,
  FLAT_SHIFT,
  HEADER,
  LINES,
  LINES_SHIFT,
  LONG_HEADER,
  slotsOf,
  type RegionShape,
} from './table-room.js';

/** Stands in place of the packed N1, N2 and followers if one of these does not fit, or if a part of Σc was pruned. */
export const LONG = -1;
/** Bits of each of the three numbers in a short header. */
export const SHORT_BITS = 10;
/** The largest number in a short header. */
export const SHORT = (1 << SHORT_BITS) - 1;
/** The bit of a link to a flat region. */
export const FLAT = 1;
/** The bits of a link to a single row. */
export const SINGLE = 3;
/**
 * A table in memory, which threads share: an array of 32-bit numbers. The followers of each context are together in a region.
 *
 *     single   |  row  |                                       a context with one follower, none pruned: its total is that follower's count
 *     flat     | header |  row  |  row  | …                    up to as many followers as fit in the length of a line
 *     lined    | header |  row  |  row  | … (a line)           more followers: lines of 16 numbers (or 32, or 64, by the length of a row), each
 *              | header |  row  |  row  | … (a line) | …       with the same header; free places are 0
 *     header   | Σc | followers, N1, N2 |                      HEADER numbers, or LONG_HEADER
 *     row      | word, count | link | link | …                 stride = 1 + number of links
 *     link     0                                               the n-gram is no context there
 *              address · 4 + 3 or 1                            a single row; a flat region
 *              address · 128 + class · 2                       lines, and the class of their number ({@link LINES})
 *
 * A link leads from an n-gram to its region in another table, where that n-gram is a context; a row has one link for each
 * table of which its own is the `contextTable`. A hash of a word selects the line where the word is; if that line is full, it
 * may be in the next one, or after the last in the first. So the header and the row of a word are in one cache line, whose address
 * follows from the link and the word. All lines come before all single and flat regions. Line 0 is empty: the link 0 leads to it.
 * The region of the empty context has a row for every word, by word id, with a count and no word.
 *
 * The lowest `wordBits` bits of a row's first number are its word, the others its count. Counts of {@link mostCount} and more are
 * in `large`. In a back-off model, which has no counts, a row has one more number, behind the word: the place of log10 p, plus 1.
 * In place of Σc it has the place of log10 of the back-off, plus 1.
 */
export interface TableMemory extends RegionShape {
  readonly pattern: Pattern;
  /** The place of the table whose n-grams are the contexts of this one; −1 for the empty pattern. */
  readonly contextTable: number;
  /** The place of the table whose pattern lacks the farthest word; −1 for the empty pattern. */
  readonly parent: number;
  /** The index (from 0) of the link, in a row of `contextTable`, that leads to this table. */
  readonly contextColumn: number;
  /** As in `TablePart`; 0 where it is missing there. */
  readonly shift: number;
  /** Numbers of a row before its links. */
  readonly linksAt: number;
  readonly wordBits: number;
  readonly data: Uint32Array;
  /** As {@link LargeCounts.values}. */
  readonly large: Uint32Array;
}

/** Numbers of the header of a region. */
export function headerFor(followers: number, pruned: number): number {
  return followers > SHORT || pruned > 0 ? LONG_HEADER : HEADER;
}

/** The class of the number of lines of a region. */
function classFor(shape: RegionShape, followers: number, header: number): number {
  const least = followers / filledSlots(shape, header);
  let low = 1;
  let high = LINES.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (LINES[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Gives the contexts of a table their regions, one after another: layouts of the same contexts give the same links. */
export class RegionCursor {
  /** Lines, and numbers of flat regions, in use. */
  lines = 0;
  flat = 0;

  /** Numbers from one single row to the next. */
  private readonly single: number;

  constructor(private readonly shape: RegionShape) {
    const { stride, flatUnit } = shape;
    this.single = (((stride - 1) >>> flatUnit) + 1) << flatUnit;
  }

  /** The index of the row of the next context, which has a single follower. */
  takeSingle(): number {
    const at = this.flat;
    this.flat += this.single;
    return at;
  }

  /** The index of the flat region of the next context. @param length numbers of the region: at most those of a line. */
  takeFlat(length: number): number {
    const { flatUnit } = this.shape;
    const at = this.flat;
    this.flat += (((length - 1) >>> flatUnit) + 1) << flatUnit;
    return at;
  }

  /** The link to the region of the next context. @param followers may be 0 in a back-off model. @param hasHeader whether a single row has a header too. */
  next(followers: number, pruned: number, hasHeader: boolean): number {
    const { shape } = this;
    const { stride, lineShift, lineUnit, flatUnit } = shape;
    if (followers === 1 && pruned === 0 && !hasHeader) return singleLink(this.takeSingle(), flatUnit);
    const header = headerFor(followers, pruned);
    const length = header + followers * stride;
    if (length <= 1 << lineShift) return (((this.takeFlat(length) >>> flatUnit) << FLAT_SHIFT) | FLAT) >>> 0;
    const lineClass = classFor(shape, followers, header);
    const at = this.lines;
    this.lines += (((LINES[lineClass] - 1) >>> lineUnit) + 1) << lineUnit;
    return (((at >>> lineUnit) << LINES_SHIFT) | (lineClass << 1)) >>> 0;
  }
}

/** The link to a single row. */
export function singleLink(at: number, flatUnit: number): number {
  return (((at >>> flatUnit) << FLAT_SHIFT) | SINGLE) >>> 0;
}

/** How much greater the link to a flat region is that begins `flat` numbers later. */
export function flatStep({ flatUnit }: RegionShape, flat: number): number {
  return (flat >>> flatUnit) << FLAT_SHIFT;
}

/** How much greater the link to lines is that begin `lines` lines later. */
export function lineStep({ lineUnit }: RegionShape, lines: number): number {
  return (lines >>> lineUnit) << LINES_SHIFT;
}

/** The index of the single row, or of the flat region, to which a link leads. */
export function flatAt(link: number, { flatUnit }: RegionShape): number {
  return (link >>> FLAT_SHIFT) << flatUnit;
}

/** The index of the first line to which a link leads. */
export function lineAt(link: number, { lineUnit, lineShift }: RegionShape): number {
  return FIRST_LINE + ((link >>> LINES_SHIFT) << (lineUnit + lineShift));
}

/** By class, the number of lines / 2^32. */
export const LINE_RATIOS = Float64Array.from(LINES, lines => lines / 2 ** 32);

/** The number of lines to which a link leads. */
export function lineCount(link: number): number {
  return LINES[(link >>> 1) & CLASS_MASK];
}

/** The line, from 0, where the search for a word begins: a multiplicative hash of the word, scaled to the number of lines. */
export function lineOf(word: number, link: number): number {
  return Math.floor((Math.imul(word, 0x9e3779b1) >>> 0) * LINE_RATIOS[(link >>> 1) & CLASS_MASK]);
}

/** The number of followers in the header at `at`. */
export function followersIn(data: Uint32Array, at: number): number {
  const shape = data[at + 1] | 0;
  return shape === LONG ? data[at + 2] : shape & SHORT;
}

/** The index in `data` of a word's row in a region; 0 if the region lacks the word. */
export function findRow(memory: TableMemory, link: number, word: number): number {
  const { data, wordBits, lineShift } = memory;
  if (!(link & FLAT)) return findIn(memory, link, lineAt(link, memory) + (lineOf(word, link) << lineShift), word);
  const at = flatAt(link, memory);
  if ((link & SINGLE) === SINGLE) return (data[at] & wordMask(wordBits)) === word ? at : 0;
  return findIn(memory, link, at, word);
}

/** The row of a word: in the flat region that begins at `start`, or in the lines of a region, from the line at `start` on. */
function findIn(memory: TableMemory, link: number, start: number, word: number): number {
  const { data, stride, wordBits } = memory;
  const mask = wordMask(wordBits);
  const header = (data[start + 1] | 0) === LONG ? LONG_HEADER : HEADER;
  const first = start + header;
  const rows = link & FLAT ? followersIn(data, start) : slotsOf(memory, header);
  const end = first + rows * stride;
  for (let row = first; row < end; row += stride) {
    const found = data[row] & mask;
    if (found === word) return row;
    if (found === NONE) return 0;
  }
  return findBehind(memory, link, start, word);
}

/** The row of a word in the lines behind a full one, which begins at `start`: after the last line comes the first. Nothing is behind a flat region. */
export function findBehind(memory: TableMemory, link: number, start: number, word: number): number {
  if (link & FLAT) return 0;
  const first = lineAt(link, memory);
  const next = start + (1 << memory.lineShift);
  return findIn(memory, link, next === first + (lineCount(link) << memory.lineShift) ? first : next, word);
}

/** The number that a row has in place of a count that is in `large`. */
export function mostCount(wordBits: number): number {
  return -1 >>> wordBits;
}

/** The bits of a row's first number that hold its word. */
export function wordMask(wordBits: number): number {
  return -1 >>> (32 - wordBits);
}

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
