import { NONE } from '../../text/tokens.js';
import { batchPositions, type Batch } from '../../smoothing/batch.js';
import {
  COUNT,
  FIELDS,
  FOLLOWERS,
  ONES,
  PRUNED,
  TOTAL,
  TWOS,
  type CountTable,
  type Evidence,
} from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';
import { discountsAt } from '../../smoothing/parameters.js';
import {
  FLAT,
  flatAt,
  largeCount,
  LINE_RATIOS,
  lineAt,
  lineCount,
  LONG,
  lineOf,
  mostCount,
  SHORT,
  SHORT_BITS,
  SINGLE,
  wordMask,
  type TableMemory,
} from './regions.js';
import {
  CLASS_MASK,
  EMPTY_HEADER,
  FIRST_LINE,
  FLAT_SHIFT,
  HEADER,
  LINES_SHIFT,
  LONG_HEADER,
  slotsOf,
} from './table-room.js';

/** Words of a batch for loaded tables: enough that cache misses of different words overlap, few enough for the cache. */
export const LOADED_BATCH = 256;

/** How many positions have their regions brought into the processor's cache before the first of them is searched. */
const AHEAD = 64;

/**
 * Looks words up in a table in memory. The context of a word is the n-gram that ends before it, and the batch has looked that
 * n-gram up already at an earlier position: so each word costs one look-up for each table, with one or two cache misses. The
 * cache misses of different words of a batch overlap.
 */
export class LoadedTable implements CountTable {
  /** For each position of the batch, the index of the row of the n-gram that ends there; 0 if the table lacks it. */
  private readonly rows: Uint32Array;
  /** For each position, the link to the region of its context, and (`starts`) the index of the line or the flat region that is searched. */
  private readonly links: Uint32Array;
  private readonly starts: Uint32Array;
  /** A sum of the values that `touch` read: storing it keeps V8 from removing the reads. */
  private touched = 0;
  /** How many of the 32-bit numbers of a line are for rows: behind a short header, and behind a long one. */
  private readonly shortRows: number;
  private readonly longRows: number;

  /**
   * @param index the table's index in the evidence.
   * @param contextTable the table whose n-grams are the contexts of this one; `undefined` for the empty pattern.
   * @param parent the table whose pattern lacks the farthest word: it has each n-gram of this table without that word.
   * @param positions the most positions that a batch can have.
   * @param numbers of a back-off model: log10 p and back-offs, to which its rows point instead of counts.
   */
  constructor(
    private readonly memory: TableMemory,
    private readonly index: number,
    private readonly contextTable: LoadedTable | undefined,
    private readonly parent: LoadedTable | undefined,
    positions: number,
    private readonly numbers: Float64Array | undefined,
  ) {
    this.rows = new Uint32Array(positions);
    this.links = new Uint32Array(positions);
    this.starts = new Uint32Array(positions);
    this.shortRows = slotsOf(memory, HEADER) * memory.stride;
    this.longRows = slotsOf(memory, LONG_HEADER) * memory.stride;
  }

  look(batch: Batch, evidence: Evidence): undefined {
    const positions = batch.length > 0 ? batch.targets[batch.length - 1] + 1 : 0;
    const { contextTable, parent } = this;
    if (!contextTable || !parent) {
      this.lookUpUnigrams(positions, batch, evidence);
      return;
    }
    let t = 0;
    for (let from = 0; from < positions; from += AHEAD) {
      const to = Math.min(positions, from + AHEAD);
      this.follow(contextTable, from, to, batch.ids);
      t = this.lookAt(from, to, t, batch, evidence, parent.rows);
    }
  }

  /**
   * Looks words up and interpolates their probabilities in one pass, over contiguous n-grams:
   *
   *     p(w|h) = max(c − D(c), 0)/Σc + γ(h) · p(w|h'),   γ(h) = (D1·N1 + D2·N2 + D3·N3+ + pruned)/Σc
   *
   * - Input: `values`, p(w|h') for each position of the batch, where h' lacks the farthest word of h.
   * - Output: `values`, p(w|h) for each position; unchanged where h was not seen. `matched`, the length of the n-gram where it was found.
   * - When: after the tables of shorter contexts, with the same batch.
   *
   * @param positions number of positions of the batch.
   * @param discounts of {@link Chain}.
   */
  interpolate(
    ids: Uint32Array,
    positions: number,
    values: Float64Array,
    matched: Uint8Array,
    discounts: Float64Array,
  ): void {
    const { contextTable, parent } = this;
    if (!contextTable || !parent) {
      this.interpolateUnigrams(ids, positions, values, discounts);
      return;
    }
    for (let from = 0; from < positions; from += AHEAD) {
      const to = Math.min(positions, from + AHEAD);
      this.follow(contextTable, from, to, ids);
      this.interpolateAt(from, to, ids, parent.rows, values, matched, discounts);
    }
  }

  followers({ targets }: Batch): Followers {
    const { data, stride } = this.memory;
    if (!this.contextTable) {
      const length = data[3];
      const countOf = (word: number): number => data[EMPTY_HEADER + word * stride];
      return { key: 0, length, ...this.copies(0, length), countOf };
    }
    const link = this.links[targets[0]];
    const length = this.followersAt(link);
    const countOf = (word: number): number => {
      const row = this.findRow(link, word);
      return row === 0 ? 0 : this.countIn(row);
    };
    return { key: link, length, ...this.copies(link, length), countOf };
  }

  /** The number of followers of the context of a region. */
  private followersAt(link: number): number {
    if ((link & SINGLE) === SINGLE) return 1;
    const { data } = this.memory;
    const at = link & FLAT ? flatAt(link, this.memory) : lineAt(link, this.memory);
    return (data[at + 1] | 0) === LONG ? data[at + 2] : data[at + 1] & SHORT;
  }

  /** The functions that copy the rows of a region. The link 0 leads to the region of the empty context. */
  private copies(link: number, length: number): Pick<Followers, 'copy' | 'copyLog10Probs'> {
    const { numbers } = this;
    const copy = this.contextTable
      ? (words: Uint32Array, counts: Uint32Array): void => this.copyRows(link, length, words, counts)
      : (words: Uint32Array, counts: Uint32Array): void => this.copyUnigrams(words, counts);
    if (!numbers) return { copy };
    const copyLog10Probs = (words: Uint32Array, log10Probs: Float64Array): void => {
      const places = new Uint32Array(length);
      copy(words, places);
      places.forEach((place, i) => (log10Probs[i] = numbers[place - 1]));
    };
    return { copy, copyLog10Probs };
  }

  private copyUnigrams(words: Uint32Array, counts: Uint32Array): void {
    const { data, stride } = this.memory;
    const last = (data.length - EMPTY_HEADER) / stride;
    for (let word = 0, i = 0; word < last; word++) {
      const count = data[EMPTY_HEADER + word * stride];
      if (count === 0) continue;
      words[i] = word;
      counts[i++] = count;
    }
  }

  private copyRows(link: number, length: number, words: Uint32Array, counts: Uint32Array): void {
    const { memory } = this;
    const { data, stride, wordBits, lineShift } = memory;
    const mask = wordMask(wordBits);
    const isFlat = (link & FLAT) !== 0;
    const lines = isFlat ? 1 : lineCount(link);
    let first = isFlat ? flatAt(link, memory) : lineAt(link, memory);
    for (let line = 0, i = 0; line < lines; line++, first += 1 << lineShift) {
      const isLong = (data[first + 1] | 0) === LONG;
      const from = (link & SINGLE) === SINGLE ? first : first + (isLong ? LONG_HEADER : HEADER);
      const to = from + (isFlat ? length * stride : isLong ? this.longRows : this.shortRows);
      for (let row = from; row < to; row += stride) {
        const word = data[row] & mask;
        if (word === NONE) continue;
        words[i] = word;
        counts[i++] = this.countIn(row);
      }
    }
  }

  /** The count in a row; in a back-off model the index of log10 p in `numbers`, plus 1. */
  private countIn(row: number): number {
    const { data, wordBits, large } = this.memory;
    if (this.numbers) return data[row + 1];
    const count = data[row] >>> wordBits;
    return count === mostCount(wordBits) ? largeCount(large, row) : count;
  }

  /** The empty pattern: all words have the same context. */
  private lookUpUnigrams(positions: number, { ids, targets, length }: Batch, evidence: Evidence): void {
    const { rows, index } = this;
    const { data, stride } = this.memory;
    for (let position = 0; position < positions; position++) {
      const word = ids[position];
      rows[position] = word === NONE ? 0 : EMPTY_HEADER + word * stride;
    }
    for (let t = 0; t < length; t++) {
      const at = evidence.at(t, index);
      evidence.data[at + COUNT] = data[rows[targets[t]]];
      evidence.data[at + TOTAL] = data[0];
      evidence.data[at + ONES] = data[1];
      evidence.data[at + TWOS] = data[2];
      evidence.data[at + FOLLOWERS] = data[3];
      evidence.data[at + PRUNED] = data[4];
    }
  }

  /** Whether the n-gram that ends at a position of the batch was seen as a context of this table. */
  continues(position: number): boolean {
    const { contextTable, memory } = this;
    if (!contextTable) return true;
    const row = contextTable.rows[position];
    return row !== 0 && contextTable.memory.data[row + contextTable.memory.linksAt + memory.contextColumn] !== 0;
  }

  /** Of the empty pattern: finds the row of each position of a batch, to which tables of contexts of one id link. */
  enter(ids: Uint32Array, positions: number): void {
    const { rows } = this;
    const { stride } = this.memory;
    for (let position = 0; position < positions; position++) {
      const id = ids[position];
      rows[position] = id === NONE ? 0 : EMPTY_HEADER + id * stride;
    }
  }

  private interpolateUnigrams(
    ids: Uint32Array,
    positions: number,
    values: Float64Array,
    discounts: Float64Array,
  ): void {
    const { rows } = this;
    const { data, stride } = this.memory;
    const [total, ones, twos, followers, pruned] = data;
    const [, d1, d2, d3] = discounts.subarray(discountsAt(total, discounts));
    const taken = d1 * ones + d2 * twos + d3 * (followers - ones - twos) + pruned;
    for (let position = 0; position < positions; position++) {
      const word = ids[position];
      const row = word === NONE ? 0 : EMPTY_HEADER + word * stride;
      rows[position] = row;
      const count = row === 0 ? 0 : data[row];
      const kept = count - (count === 0 ? 0 : count === 1 ? d1 : count === 2 ? d2 : d3);
      values[position] = ((kept > 0 ? kept : 0) + taken * values[position]) / total;
    }
  }

  private interpolateAt(
    from: number,
    to: number,
    ids: Uint32Array,
    parentRows: Uint32Array,
    values: Float64Array,
    matched: Uint8Array,
    discounts: Float64Array,
  ): void {
    const { rows, links, starts, shortRows, longRows } = this;
    const { data, stride, wordBits, large, pattern } = this.memory;
    const mask = wordMask(wordBits);
    const most = mostCount(wordBits);
    const length = pattern.length + 1;
    for (let position = from; position < to; position++) {
      const link = links[position];
      if (link === 0) {
        rows[position] = 0;
        continue;
      }
      const word = ids[position];
      const start = starts[position];
      let row = 0;
      let total = 0;
      let taken = 0;
      let d = 0;
      if ((link & SINGLE) === SINGLE) {
        const first = data[start] | 0;
        total = first >>> wordBits;
        if (total === most) total = largeCount(large, start);
        d = discountsAt(total, discounts);
        taken = discounts[d + (total < 3 ? total : 3)];
        if ((first & mask) === word) row = start;
      } else {
        total = data[start];
        const shape = data[start + 1] | 0;
        let followers = shape & SHORT;
        let ones = (shape >>> SHORT_BITS) & SHORT;
        let twos = shape >>> (2 * SHORT_BITS);
        let pruned = 0;
        let first = start + HEADER;
        let end = first + shortRows;
        if (shape === LONG) {
          followers = data[start + 2];
          ones = data[start + 3];
          twos = data[start + 4];
          pruned = data[start + 5];
          first = start + LONG_HEADER;
          end = first + longRows;
        }
        if (link & FLAT) end = first + followers * stride;
        d = discountsAt(total, discounts);
        taken =
          discounts[d + 1] * ones + discounts[d + 2] * twos + discounts[d + 3] * (followers - ones - twos) + pruned;
        if (parentRows[position] !== 0) {
          row = first;
          let found = 0;
          while (row < end && (found = data[row] & mask) !== word && found !== NONE) row += stride;
          if (row === end) row = link & FLAT ? 0 : this.findBehind(link, start, word);
          else if (found !== word) row = 0;
        }
      }
      rows[position] = row;
      // From here on without branches that the processor would guess wrong. Row 0 stands for a word that the table lacks: its count is 0.
      let count = data[row] >>> wordBits;
      const below = count - 3;
      let discount = discounts[d + 3 + (below & (below >> 31))];
      if (count === most) {
        count = largeCount(large, row);
        discount = discounts[d + (count < 3 ? count : 3)];
      }
      const kept = count - discount;
      const isFound = (0 - row) >> 31;
      matched[position] = (length & isFound) | (matched[position] & ~isFound);
      values[position] = ((kept > 0 ? kept : 0) + taken * values[position]) / total;
    }
  }

  /**
   * Finds the context of each position: follows the link of the n-gram that ends before it to the region in this table, and brings the line
   * where the word would be into the processor's cache. These reads do not depend on each other, so the processor runs many at a time.
   */
  private follow(contextTable: LoadedTable, from: number, to: number, ids: Uint32Array): void {
    const { links, starts } = this;
    const { data, pattern, contextColumn, lineUnit, lineShift, flatUnit, shift } = this.memory;
    const distance = pattern[0] - shift;
    const { rows } = contextTable;
    const { data: contexts, linksAt } = contextTable.memory;
    const column = linksAt + contextColumn;
    const unit = lineUnit + lineShift;
    for (let position = from; position < to; position++) {
      const row = position < distance ? 0 : rows[position - distance];
      const link = row === 0 ? 0 : contexts[row + column] | 0;
      const hash = Math.imul(ids[position], 0x9e3779b1) >>> 0;
      const line = Math.floor(hash * LINE_RATIOS[(link >>> 1) & CLASS_MASK]);
      const inLines = FIRST_LINE + ((link >>> LINES_SHIFT) << unit) + (line << lineShift);
      // One of the two, without a branch that the processor would guess wrong.
      const isFlat = -(link & FLAT);
      const start = (((link >>> FLAT_SHIFT) << flatUnit) & isFlat) | (inLines & ~isFlat);
      links[position] = link;
      starts[position] = start;
    }
    this.touched ^= touch(data, starts, from, to);
  }

  /** Looks up the words at positions from `from` to `to`. `t` is the first word of the batch to be scored there. @returns the next `t`. */
  private lookAt(
    from: number,
    to: number,
    t: number,
    { ids, targets, length }: Batch,
    evidence: Evidence,
    parentRows: Uint32Array,
  ): number {
    const { rows, links, starts, index, numbers } = this;
    const { data, wordBits, large } = this.memory;
    const most = mostCount(wordBits);
    const place = evidence.at(0, index);
    const mask = wordMask(wordBits);
    const into = evidence.data;
    for (let position = from; position < to; position++) {
      const link = links[position];
      const word = ids[position];
      const start = starts[position];
      let row = 0;
      let total = 0;
      let ones = 0;
      let twos = 0;
      let followers = 0;
      let pruned = 0;
      if ((link & SINGLE) === SINGLE) {
        row = start;
        total = data[row] >>> wordBits;
        if (total === most) total = largeCount(large, row);
        ones = total === 1 ? 1 : 0;
        twos = total === 2 ? 1 : 0;
        followers = 1;
        if ((data[row] & mask) !== word) row = 0;
      } else if (link !== 0) {
        total = data[start];
        const shape = data[start + 1] | 0;
        if (shape === LONG) {
          followers = data[start + 2];
          ones = data[start + 3];
          twos = data[start + 4];
          pruned = data[start + 5];
        } else {
          followers = shape & SHORT;
          ones = (shape >>> SHORT_BITS) & SHORT;
          twos = shape >>> (2 * SHORT_BITS);
        }
        // A word that does not follow the shorter context does not follow the longer one.
        if (parentRows[position] !== 0) row = this.findIn(link, start, word);
      }
      rows[position] = row;
      if (t === length || targets[t] !== position) continue;
      const at = place + t++ * FIELDS;
      let count = 0;
      if (row !== 0) {
        count = numbers ? data[row + 1] : data[row] >>> wordBits;
        if (count === most && !numbers) count = largeCount(large, row);
      }
      into[at + COUNT] = count;
      into[at + TOTAL] = total;
      into[at + ONES] = ones;
      into[at + TWOS] = twos;
      into[at + FOLLOWERS] = followers;
      into[at + PRUNED] = pruned;
    }
    return t;
  }

  /** The index in `data` of a word's row in a region; 0 if the region lacks the word. */
  private findRow(link: number, word: number): number {
    const { memory } = this;
    const { data, wordBits, lineShift } = memory;
    if (!(link & FLAT)) return this.findIn(link, lineAt(link, memory) + (lineOf(word, link) << lineShift), word);
    const at = flatAt(link, memory);
    if ((link & SINGLE) === SINGLE) return (data[at] & wordMask(wordBits)) === word ? at : 0;
    return this.findIn(link, at, word);
  }

  /** The row of a word: in the flat region that begins at `start`, or in the lines of a region, from the line at `start` on. */
  private findIn(link: number, start: number, word: number): number {
    const { data, stride, wordBits } = this.memory;
    const mask = wordMask(wordBits);
    const shape = data[start + 1] | 0;
    const isLong = shape === LONG;
    const first = start + (isLong ? LONG_HEADER : HEADER);
    let end = first + (isLong ? this.longRows : this.shortRows);
    if (link & FLAT) end = first + (isLong ? data[start + 2] : shape & SHORT) * stride;
    for (let row = first; row < end; row += stride) {
      const found = data[row] & mask;
      if (found === word) return row;
      if (found === NONE) return 0;
    }
    return link & FLAT ? 0 : this.findBehind(link, start, word);
  }

  /** The row of a word in the lines behind a full one, which begins at `start`: after the last line comes the first. */
  private findBehind(link: number, start: number, word: number): number {
    const { memory } = this;
    const first = lineAt(link, memory);
    const next = start + (1 << memory.lineShift);
    return this.findIn(link, next === first + (lineCount(link) << memory.lineShift) ? first : next, word);
  }
}

/**
 * The tables of a stream, for the use of one thread.
 *
 * @param numbers the log10 p and back-offs of a back-off model.
 * @param firsts the indices of the tables with which the evidence of a stream begins: 0, and, with Model M, the first table of each of its steps.
 */
export function loadedTables(
  memories: readonly TableMemory[],
  order: number,
  numbers?: Float64Array,
  firsts: readonly number[] = [0],
): LoadedTable[] {
  const positions = batchPositions(order, LOADED_BATCH);
  const tables: LoadedTable[] = [];
  for (const [index, memory] of memories.entries()) {
    const contextTable = memory.contextTable < 0 ? undefined : tables[memory.contextTable];
    const parent = memory.parent < 0 ? undefined : tables[memory.parent];
    const inEvidence = index - Math.max(...firsts.filter(first => first <= index));
    tables.push(new LoadedTable(memory, inEvidence, contextTable, parent, positions, numbers));
  }
  return tables;
}

/** Reads a row or line for each position, in a loop so short that the processor has many of these reads at a time. */
function touch(data: Uint32Array, starts: Uint32Array, from: number, to: number): number {
  let touched = 0;
  for (let position = from; position < to; position++) touched ^= data[starts[position]];
  return touched;
}
