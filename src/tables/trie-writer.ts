import { checksumOfUint32 } from '../base/checksum.js';
import { decimal, findDecimal, AS_DOUBLE } from './decimals.js';
import * as Header from './trie-header.js';
import { headsOf, mostPackedWords, NARROW_GROUPS, packNumbers, WIDE_GROUPS } from './packed-numbers.js';
import {
  ADDED_UP,
  COUNTED_UP,
  CHILD_BITS,
  COUNT_SAMPLE_SHIFT,
  FAMILY,
  SAMPLE_SHIFT,
  TOTALS,
  TRIE_ROWS,
} from './trie-block.js';

/** An encoded block of a trie, and its entry in the directory. */
export interface EncodedTrieBlock {
  /** The index of the first context's parent in the parents' table. */
  readonly parent: number;
  /** The id of the first context's farthest word. */
  readonly word: number;
  /** The rank of the first row if its context began in an earlier block, else 0. */
  readonly rank: number;
  /** The bytes of the block. */
  readonly value: Uint8Array;
}

/** Contexts without pruned followers, ascending, and their rows. */
export interface ContextColumns {
  /** By context, the index of its parent. */
  readonly parents: Uint32Array;
  /** By context, the id of its farthest word. */
  readonly words: Uint32Array;
  /** Rows `starts[c]` … `starts[c + 1]` − 1 are the followers of context c. */
  readonly starts: Uint32Array;
  /** By row, the rank of its word among the followers of the context's parent. */
  readonly ranks: Uint32Array;
  /** By row, its count. */
  readonly counts: Uint32Array;
}

/** The numbers of a context of a back-off model. */
export interface TrieNumbers {
  /** log10 p; the caller says which entries belong to the context's followers. */
  readonly log10Probs: Float64Array;
  /** log10 of the context's back-off. */
  readonly backoff: number;
  /** Whether the context has no followers. Its only row then stands for no n-gram. */
  readonly bare: boolean;
}

/**
 * Divides the contexts of a trie table into blocks, and encodes them.
 *
 * - Input: contexts, each as the index of its parent and its farthest word, with the ranks and the counts of its followers. Parents ascend,
 *   farthest words ascend within a parent, and ranks ascend within a context.
 * - Output: encoded blocks in the same order, given to `emit`.
 * - Calls: `group`, or `begin`, or `writeBlock` for all contexts, then `flush`.
 */
export class TrieWriter {
  /** Number of contexts so far. */
  contexts = 0;

  // The arrays below have the contexts and rows since the last block was emitted.
  /** By row, the rank: callers of {@link begin} write it. */
  readonly ranks = new Uint32Array(TRIE_ROWS);
  /** By row, the count: callers of {@link begin} write it. */
  readonly counts = new Uint32Array(TRIE_ROWS);
  /** By context, the id of its farthest word. */
  private readonly words = new Uint32Array(TRIE_ROWS);
  /** By context, the index of its parent. */
  private readonly parentOf = new Uint32Array(TRIE_ROWS);
  /** By context, the index of the row after its last row. */
  private readonly ends = new Uint32Array(TRIE_ROWS);
  /** By context, the sum of the counts of its pruned followers. */
  private readonly pruned = new Uint32Array(TRIE_ROWS);
  /** Whether an entry of `pruned` is above 0. */
  private isPruned = false;
  /** Working memory: the list of parents with many children. */
  private readonly families: number[] = [];
  /** Working memory: each count above 1, minus 2. */
  private readonly many = new Uint32Array(TRIE_ROWS);
  /** Working memory: the first rank of each group of packed ranks. */
  private readonly bases = new Uint32Array(headsOf(TRIE_ROWS, WIDE_GROUPS));
  /** By context of a back-off model, 1 if it has no followers, else 0. */
  private readonly bare = new Uint8Array(TRIE_ROWS);
  /** By row of a back-off model, log10 p. */
  private readonly log10Probs: Float64Array;
  /** By context of a back-off model, log10 of the back-off. */
  private readonly backoffs: Float64Array;
  /** Number of rows. */
  rows = 0;
  private contextCount = 0;
  /** The index of the first context in its table. */
  private firstContext = 0;
  /** As `firstRow` of {@link Header}. */
  private firstRow = 0;
  /** The number of followers of the wide context that the block is a part of, else 0. */
  private wideFollowers = 0;
  /** Σc, N1, N2 of this wide context. */
  private readonly partTotals = new Uint32Array(3);

  constructor(
    private readonly emit: (block: EncodedTrieBlock) => void,
    private readonly isBackoff: boolean,
  ) {
    this.log10Probs = new Float64Array(isBackoff ? TRIE_ROWS : 0);
    this.backoffs = new Float64Array(isBackoff ? TRIE_ROWS : 0);
  }

  /**
   * Adds a context.
   *
   * @param parent the index of its parent.
   * @param word the id of its farthest word.
   * @param ranks `ranks[0, length)` are the ranks of its followers, ascending.
   * @param counts `counts[from, from + length)` are their counts.
   * @param pruned the sum of the counts of pruned followers.
   * @param numbers for a back-off model; log10 p is in the entries of `counts`.
   */
  group(
    parent: number,
    word: number,
    ranks: Uint32Array,
    counts: Uint32Array,
    from: number,
    length: number,
    pruned: number,
    numbers?: TrieNumbers,
  ): void {
    if (length <= TRIE_ROWS) {
      this.append(parent, word, ranks, counts, from, 0, length, pruned, numbers);
      return;
    }
    this.flush();
    addTotals(counts, from, from + length, pruned, this.partTotals, 0);
    const context = this.contexts;
    for (let row = 0; row < length; row += TRIE_ROWS) {
      this.firstRow = row;
      this.wideFollowers = length;
      this.contexts = context;
      this.append(parent, word, ranks, counts, from, row, Math.min(length, row + TRIE_ROWS), pruned, numbers);
      this.flush();
    }
    this.firstRow = this.wideFollowers = 0;
  }

  /**
   * Adds a context with at most {@link TRIE_ROWS} followers. Before the next call, the caller writes their ranks, ascending, and their
   * counts into {@link ranks} and {@link counts}.
   *
   * @returns the index of the first entry to write.
   */
  begin(parent: number, word: number, length: number, pruned: number): number {
    if (this.rows + length > TRIE_ROWS || this.childBits(parent) > CHILD_BITS) this.flush();
    const c = this.contextCount++;
    if (c === 0) this.firstContext = this.contexts;
    this.contexts++;
    this.parentOf[c] = parent;
    this.words[c] = word;
    this.pruned[c] = pruned;
    if (pruned > 0) this.isPruned = true;
    const row = this.rows;
    this.ends[c] = this.rows = row + length;
    return row;
  }

  /**
   * Emits one block with as many of the contexts `from` ≤ c < `end` as fit, or all blocks of the context `from` if it is wide. No rows may
   * wait for their block.
   *
   * @returns the first context that was not written.
   */
  writeBlock(columns: ContextColumns, from: number, end: number): number {
    const { parents, words, starts, ranks, counts } = columns;
    const first = starts[from];
    const bits = 2 - parents[from] - from;
    let to = from;
    while (to < end && starts[to + 1] - first <= TRIE_ROWS && bits + to + parents[to] <= CHILD_BITS) to++;
    if (to === from) {
      const last = starts[from + 1];
      this.group(parents[from], words[from], ranks.subarray(first, last), counts, first, last - first, 0);
      return from + 1;
    }
    this.firstContext = this.contexts;
    this.contexts += this.contextCount = to - from;
    this.rows = starts[to] - first;
    this.parentOf.set(parents.subarray(from, to));
    this.words.set(words.subarray(from, to));
    this.ranks.set(ranks.subarray(first, starts[to]));
    this.counts.set(counts.subarray(first, starts[to]));
    this.pruned.fill(0, 0, to - from);
    for (let c = from; c < to; c++) this.ends[c - from] = starts[c + 1] - first;
    this.flush();
    return to;
  }

  /** Adds the numbers of the context that was added last: `log10Probs[from, from + length)` belong to the rows from `row` on. */
  putNumbers({ log10Probs, backoff, bare }: TrieNumbers, from: number, row: number, length: number): void {
    for (let i = 0; i < length; i++) this.log10Probs[row + i] = log10Probs[from + i];
    this.backoffs[this.contextCount - 1] = backoff;
    this.bare[this.contextCount - 1] = bare ? 1 : 0;
  }

  /** Emits the rows so far as a block, if there are any. */
  flush(): void {
    if (this.rows === 0) return;
    const value = this.encode();
    this.emit({
      parent: this.parentOf[0],
      word: this.words[0],
      rank: this.firstRow > 0 ? this.ranks[0] : 0,
      value,
    });
    this.contextCount = this.rows = 0;
    this.isPruned = false;
  }

  /** How many child bits the block would have with one more context of this parent. */
  private childBits(parent: number): number {
    return this.rows === 0 ? 0 : this.contextCount + 2 + parent - this.parentOf[0];
  }

  /** Adds the followers `from` ≤ i < `to` of a context; the count of follower i is `counts[start + i]`. */
  private append(
    parent: number,
    word: number,
    ranks: Uint32Array,
    counts: Uint32Array,
    start: number,
    from: number,
    to: number,
    pruned: number,
    numbers: TrieNumbers | undefined,
  ): void {
    const row = this.begin(parent, word, to - from, pruned);
    for (let i = from, at = row; i < to; i++, at++) {
      this.ranks[at] = ranks[i];
      this.counts[at] = counts[start + i];
    }
    if (numbers) this.putNumbers(numbers, start + from, row, to - from);
  }

  /** The bytes of the block. README.md of this folder describes the sections. */
  private encode(): Uint8Array {
    const { contextCount, rows, words, parentOf, ends, pruned, ranks, counts, many, firstRow, wideFollowers } = this;
    const firstParent = parentOf[0];
    const parents = parentOf[contextCount - 1] - firstParent + 1;
    const out = writable(
      Header.WORDS +
        mostPackedWords(contextCount, WIDE_GROUPS) * 2 +
        mostPackedWords(rows, WIDE_GROUPS) * 2 +
        ((contextCount + parents) >>> 5) +
        headsOf(parents, SAMPLE_SHIFT) +
        (2 * rows) / 8 +
        headsOf(contextCount, SAMPLE_SHIFT) +
        mostPackedWords(rows, NARROW_GROUPS) +
        TOTALS * contextCount +
        (this.isBackoff ? 5 * (rows + contextCount) + 64 : 0) +
        256,
    );
    out.fill(0, 0, Header.WORDS);
    let at = Header.WORDS;
    out[Header.contexts] = contextCount;
    out[Header.rows] = rows;
    out[Header.firstContext] = this.firstContext;
    out[Header.firstParent] = firstParent;
    out[Header.parents] = parents;
    out[Header.firstRow] = firstRow;
    out[Header.followers] = wideFollowers;

    out[Header.words] = at;
    at = packNumbers(words, 0, contextCount, WIDE_GROUPS, out, at);

    const childBits = (out[Header.childBits] = at);
    at += ((contextCount + parents + 31) >>> 5) + 1;
    out.fill(0, childBits, at);
    const childSamples = (out[Header.childSamples] = at);
    at += headsOf(parents, SAMPLE_SHIFT);
    const { families } = this;
    families.length = 0;
    for (let p = 0, c = 0; p < parents; p++) {
      if ((p & ((1 << SAMPLE_SHIFT) - 1)) === 0) out[childSamples + (p >>> SAMPLE_SHIFT)] = c + p;
      const first = c;
      while (c < contextCount && parentOf[c] === firstParent + p) c++;
      const bit = c + p;
      out[childBits + (bit >>> 5)] |= 1 << (bit & 31);
      if (c - first > COUNTED_UP) families.push(p, c - first);
    }

    const rowBits = (out[Header.rowBits] = at);
    at += ((rows + 31) >>> 5) + 1;
    out.fill(0, rowBits, at);
    out[Header.rowSamples] = at;
    for (let c = 0; c < contextCount; c++) {
      if ((c & ((1 << SAMPLE_SHIFT) - 1)) === 0) out[at++] = c === 0 ? 0 : ends[c - 1];
      const last = ends[c] - 1;
      out[rowBits + (last >>> 5)] |= 1 << (last & 31);
    }

    if (contextCount === 1 && rows > 1 << WIDE_GROUPS) {
      const { bases } = this;
      for (let row = 0; row < rows; row += 1 << WIDE_GROUPS) bases[row >>> WIDE_GROUPS] = ranks[row];
      out[Header.rankBases] = at;
      for (let g = 0; g < headsOf(rows, WIDE_GROUPS); g++) out[at++] = bases[g];
      for (let row = rows - 1; row >= 0; row--) ranks[row] -= bases[row >>> WIDE_GROUPS];
    }
    out[Header.ranks] = at;
    at = packNumbers(ranks, 0, rows, WIDE_GROUPS, out, at);
    if (out[Header.rankBases] > 0) ranks[0] += this.bases[0];

    const manyBits = (out[Header.manyBits] = at);
    at += ((rows + 31) >>> 5) + 1;
    out.fill(0, manyBits, at);
    out[Header.manySamples] = at;
    let m = 0;
    for (let row = 0; row < rows; row++) {
      if ((row & ((1 << COUNT_SAMPLE_SHIFT) - 1)) === 0) out[at++] = m;
      if (counts[row] === 1) continue;
      out[manyBits + (row >>> 5)] |= 1 << (row & 31);
      many[m++] = counts[row] - 2;
    }
    out[Header.counts] = at;
    out[Header.many] = m;
    at = packNumbers(many, 0, m, NARROW_GROUPS, out, at);

    out[Header.totals] = at;
    for (let c = 0; c < contextCount; c++) {
      const from = c === 0 ? 0 : ends[c - 1];
      if (wideFollowers > 0) {
        out.set(this.partTotals, at + 1);
      } else if (ends[c] - from > ADDED_UP) {
        addTotals(counts, from, ends[c], pruned[c], out, at + 1);
      } else {
        continue;
      }
      out[at] = c;
      out[at + 4] = ends[c] - from;
      at += TOTALS;
      out[Header.totalled]++;
    }

    out[Header.families] = at;
    out.set(families, at);
    out[Header.familyCount] = families.length / FAMILY;
    at += families.length;

    if (this.isPruned) {
      out[Header.pruned] = at;
      at = packNumbers(pruned, 0, contextCount, WIDE_GROUPS, out, at);
    }
    if (this.isBackoff) at = this.encodeNumbers(out, at);
    out[Header.end] = at;
    out[Header.checksum] = checksumOfUint32(out.subarray(0, at), 1);
    return new Uint8Array(out.buffer, 0, 4 * at).slice();
  }

  /** Writes the sections of a back-off model from word `at` on. @returns the index of the word after them. */
  private encodeNumbers(out: Uint32Array, at: number): number {
    const { contextCount, rows, bare } = this;
    if (bare.subarray(0, contextCount).some(is => is === 1)) {
      out[Header.bare] = at;
      out.fill(0, at, at + ((contextCount + 31) >>> 5));
      for (let c = 0; c < contextCount; c++) if (bare[c] === 1) out[at + (c >>> 5)] |= 1 << (c & 31);
      at += (contextCount + 31) >>> 5;
    }
    out[Header.probabilities] = at;
    at = packDecimals(this.log10Probs, rows, out, at);
    out[Header.backoffs] = at;
    return packDecimals(this.backoffs, contextCount, out, at);
  }
}

/** Writes Σc, N1 and N2 of the followers with the counts `counts[from, to)` into `out[at]`, `out[at + 1]` and `out[at + 2]`. */
function addTotals(counts: Uint32Array, from: number, to: number, pruned: number, out: Uint32Array, at: number): void {
  let total = pruned;
  let ones = 0;
  let twos = 0;
  for (let i = from; i < to; i++) {
    total += counts[i];
    if (counts[i] === 1) ones++;
    else if (counts[i] === 2) twos++;
  }
  out[at] = total;
  out[at + 1] = ones;
  out[at + 2] = twos;
}

/** Working memory of {@link packDecimals}. */
const digits = new Uint32Array(TRIE_ROWS);
const codes = new Uint32Array(TRIE_ROWS);
const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);

/**
 * Writes numbers into `out` from word `start` on: the index of the codes, the index of the doubles, the packed numbers of digits, the
 * packed codes, the doubles. Numbers that no decimal equals exactly are doubles.
 *
 * @returns the index of the word after them.
 */
function packDecimals(values: Float64Array, length: number, out: Uint32Array, start: number): number {
  const doubles: number[] = [];
  decimal.digits = 0;
  for (let i = 0; i < length; i++) {
    if (findDecimal(values[i])) {
      digits[i] = decimal.digits;
      codes[i] = decimal.code;
      continue;
    }
    digits[i] = AS_DOUBLE;
    codes[i] = doubles.length >>> 1;
    double[0] = values[i];
    doubles.push(doubleWords[0], doubleWords[1]);
  }
  let at = packNumbers(digits, 0, length, NARROW_GROUPS, out, start + 2);
  out[start] = at;
  at = packNumbers(codes, 0, length, NARROW_GROUPS, out, at);
  out[start + 1] = at;
  out.set(doubles, at);
  return at + doubles.length;
}

/** Blocks are encoded here, one at a time, before their bytes are copied out. */
let buffer = new Uint32Array(1 << 16);

/** The buffer for encoding, with at least `words` words. */
function writable(words: number): Uint32Array {
  if (buffer.length < words) buffer = new Uint32Array(2 * Math.ceil(words));
  return buffer;
}
