import { NONE } from '../../text/tokens.js';
import { batchPositions, type Batch } from '../../smoothing/batch.js';
import {
  COUNT,
  FOLLOWERS,
  ONES,
  PRUNED,
  TOTAL,
  TWOS,
  type CountTable,
  type Evidence,
} from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';
import { findRegions, MOST_POSITIONS, type RegionCounts } from './found-regions.js';
import { interpolateOthers, interpolateSingles, raiseMatched, unigramProbabilities } from './interpolate-regions.js';
import { noteWords, putOthers, putSingles } from './region-evidence.js';
import {
  findRow,
  FLAT,
  flatAt,
  followersIn,
  largeCount,
  lineAt,
  lineCount,
  LONG,
  mostCount,
  SINGLE,
  wordMask,
  type TableMemory,
} from './regions.js';
import { EMPTY_HEADER, HEADER, LONG_HEADER, slotsOf } from './table-room.js';

/** Words of a batch for loaded tables: enough that cache misses of different words overlap, few enough for the cache. */
export const LOADED_BATCH = 256;

/**
 * Looks words up in a table in memory. The context of a word is the n-gram that ends before it, and the batch has looked that
 * n-gram up already at an earlier position: so each word costs one look-up for each table, with one or two cache misses. The
 * cache misses of different words of a batch overlap.
 */
export class LoadedTable implements CountTable {
  /** For each position of the batch, the index of the row of the n-gram that ends there; 0 if the table lacks it. */
  private readonly rows: Uint32Array;

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
    readonly parent: LoadedTable | undefined,
    positions: number,
    private readonly numbers: Float64Array | undefined,
  ) {
    this.rows = new Uint32Array(positions);
  }

  look(batch: Batch, evidence: Evidence): undefined {
    const { ids, targets, length } = batch;
    const positions = length > 0 ? targets[length - 1] + 1 : 0;
    if (!this.contextTable) {
      this.lookUpUnigrams(positions, batch, evidence);
      return;
    }
    const { memory, index, numbers } = this;
    evidence.clear(index, length);
    const place = evidence.at(0, index);
    const into = evidence.data;
    let t = 0;
    for (let from = 0; from < positions; from += MOST_POSITIONS) {
      const to = Math.min(positions, from + MOST_POSITIONS);
      t = noteWords(batch, t, from, to);
      const { singles, others } = this.find(ids, from, to);
      putSingles(memory, into, place, from, singles);
      putOthers(memory, numbers !== undefined, into, place, from, others);
    }
  }

  /**
   * Looks words up and interpolates their probabilities in one pass, over contiguous n-grams:
   *
   *     p(w|h) = (c − D(c))/Σc + γ(h) · p(w|h'),   γ(h) = (D1·N1 + D2·N2 + D3·N3+ + pruned)/Σc
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
    const { memory } = this;
    for (let from = 0; from < positions; from += MOST_POSITIONS) {
      const { singles, others } = this.find(ids, from, Math.min(positions, from + MOST_POSITIONS));
      interpolateSingles(memory, values, discounts, singles);
      interpolateOthers(memory, values, discounts, others);
      raiseMatched(matched, memory.pattern.length + 1, singles + others);
    }
  }

  followers({ targets }: Batch): Followers {
    const { data, stride } = this.memory;
    if (!this.contextTable) {
      const length = data[3];
      const countOf = (word: number): number => data[EMPTY_HEADER + word * stride];
      return { key: 0, length, ...this.copies(0, length), countOf };
    }
    const link = this.linkAt(targets[0]);
    const length = this.followersAt(link);
    const countOf = (word: number): number => {
      const row = findRow(this.memory, link, word);
      return row === 0 ? 0 : this.countIn(row);
    };
    return { key: link, length, ...this.copies(link, length), countOf };
  }

  /** The number of followers of the context of a region. */
  private followersAt(link: number): number {
    if ((link & SINGLE) === SINGLE) return 1;
    return followersIn(this.memory.data, link & FLAT ? flatAt(link, this.memory) : lineAt(link, this.memory));
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
    const shortRows = slotsOf(memory, HEADER) * stride;
    const longRows = slotsOf(memory, LONG_HEADER) * stride;
    const isFlat = (link & FLAT) !== 0;
    const lines = isFlat ? 1 : lineCount(link);
    let first = isFlat ? flatAt(link, memory) : lineAt(link, memory);
    for (let line = 0, i = 0; line < lines; line++, first += 1 << lineShift) {
      const isLong = (data[first + 1] | 0) === LONG;
      const from = (link & SINGLE) === SINGLE ? first : first + (isLong ? LONG_HEADER : HEADER);
      const to = from + (isFlat ? length * stride : isLong ? longRows : shortRows);
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
    const { data } = this.memory;
    this.enter(ids, positions);
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
    const { pattern, shift } = this.memory;
    return pattern.length === 0 || this.linkAt(position + pattern[0] - shift) !== 0;
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

  /** Of the empty pattern: as {@link unigramProbabilities}. */
  unigrams(uniform: number, discounts: Float64Array): Float64Array {
    return unigramProbabilities(this.memory, uniform, discounts);
  }

  /** Finds the regions of the contexts at the positions `from` to `to` − 1, and the rows of the words there. */
  private find(ids: Uint32Array, from: number, to: number): RegionCounts {
    const { memory, contextTable, parent, rows } = this;
    if (!contextTable || !parent) throw new Error('the table of the empty pattern has no contexts to find');
    return findRegions(memory, contextTable.memory, contextTable.rows, parent.rows, ids, from, to, rows);
  }

  /** The link to the region of the context of a position; 0 if the table lacks the context. */
  private linkAt(position: number): number {
    const { contextTable, memory } = this;
    const distance = memory.pattern[0] - memory.shift;
    if (!contextTable || position < distance) return 0;
    const row = contextTable.rows[position - distance];
    return row === 0 ? 0 : contextTable.memory.data[row + contextTable.memory.linksAt + memory.contextColumn];
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
