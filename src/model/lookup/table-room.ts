import type { TablePart } from './table-part.js';

/** 32-bit numbers before the rows of a region: Σc; then N1, N2 and the number of followers, packed into one number. */
export const HEADER = 2;
/** 32-bit numbers before the rows of a region that {@link LONG} marks: Σc, LONG, followers, N1, N2, and the part of Σc that was pruned. */
export const LONG_HEADER = 6;
/** Numbers before the rows of the empty context: Σc, N1, N2, followers, and the part of Σc that was pruned. */
export const EMPTY_HEADER = 5;

/** How far the address is shifted in a link to a flat region, and to lines; between the lowest bit and the address of lines is their class. */
export const FLAT_SHIFT = 2;
export const LINES_SHIFT = 7;
export const CLASS_MASK = 63;
/** The index of the first line: `malloc` puts large memory 16 bytes behind the beginning of a page, so each line begins with a cache line. */
export const FIRST_LINE = 12;

/** By class, a number of lines: 1, 2, 3; from 4 to 512 four for each power of two; above 512 two, up to 2^25. */
export const LINES = ((): Uint32Array => {
  const lines = [1, 2, 3];
  for (let power = 4; lines.length <= CLASS_MASK; power *= 2) {
    for (let n = power; n < 2 * power; n += power / (power < 512 ? 4 : 2)) lines.push(n);
  }
  return Uint32Array.from(lines.slice(0, CLASS_MASK + 1));
})();
/** How the regions of a table are laid out. */
export interface RegionShape {
  /** Length of a row, in 32-bit numbers. */
  readonly stride: number;
  /** A line has 2^lineShift numbers. */
  readonly lineShift: number;
  /** An address of lines counts 2^lineUnit lines, and an address of a flat region 2^flatUnit numbers: above 0 only in tables of more than 2 GB. */
  readonly lineUnit: number;
  readonly flatUnit: number;
}

/** The shape of the regions of a table. @param room an upper bound of the 32-bit numbers of the table. */
export function shapeOf(stride: number, room: number): RegionShape {
  const lineShift = stride <= 3 ? 4 : stride <= 8 ? 5 : 6;
  const bits = Math.ceil(Math.log2(room));
  const lineUnit = Math.max(0, bits - lineShift - (32 - LINES_SHIFT));
  return { stride, lineShift, lineUnit, flatUnit: Math.max(0, bits - (32 - FLAT_SHIFT)) };
}

/** The rows that fit in a line behind a header of `header` numbers. */
export function slotsOf({ lineShift, stride }: RegionShape, header: number): number {
  return Math.floor(((1 << lineShift) - header) / stride);
}

/** The most rows of a line, on average: at least a seventh of the slots stay free, and one in any case. */
export function filledSlots(shape: RegionShape, header: number): number {
  return Math.floor((slotsOf(shape, header) * 6) / 7);
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

/** Limit of an index: a link to a row must fit into 32 bits, and a reference to a number (index + 1) too. */
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
  const isWhole = dropped === undefined && bare === undefined;
  const header = isWhole ? HEADER : LONG_HEADER;
  const shape = shapeOf(stride, 1);
  // The most numbers that a row in lines takes, without the first row of each context: in a context with one row too many for fewer lines.
  let lined = 0;
  for (let i = 1; i < LINES.length; i++) {
    const before = Math.max(slotsOf(shape, header), i > 1 ? LINES[i - 1] * filledSlots(shape, LONG_HEADER) : 0);
    if (before < words) lined = Math.max(lined, (LINES[i] << shape.lineShift) / before);
  }
  const further = Math.max(0, rows - contexts);
  // If no count was pruned, only contexts with two or more rows have a header.
  const ofFurther = isWhole
    ? Math.min(further * Math.max(stride + header, lined), header * contexts + further * Math.max(stride, lined))
    : header * contexts + further * Math.max(stride, lined);
  const room = FIRST_LINE + (1 << shape.lineShift) + contexts * stride + Math.ceil(ofFurther) + SPARE;
  return room + contexts * ((1 << shapeOf(stride, room).flatUnit) - 1);
}

/** Numbers behind the last region, so that reading a header ahead stays within the table. */
export const SPARE = LONG_HEADER;
