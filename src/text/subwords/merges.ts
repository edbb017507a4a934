/** Stands for the rank of a pair without a merge. */
const NO_RANK = 0x7fffffff;

/** In a piece of at most this many symbols a scan of all pairs finds the lowest rank; in longer pieces a heap finds it. */
const SHORT = 48;

/**
 * The heap holds rank * 2^26 + index of the pair's left symbol, so that a lower rank comes first and, of equal ranks, the leftmost
 * pair. This is exact in a double: ranks are below 2^27, indices below 2^26.
 */
const MOST_SYMBOLS = 2 ** 26;

/**
 * Merges of byte-pair encoding (Sennrich et al. 2016, "Neural machine translation of rare words with subword units"): while some
 * neighbouring symbols have a merge, the pair with the lowest rank is merged; of equal ranks the leftmost pair. An open-addressing
 * table holds the merges:
 *
 *     slots    [left, right, rank, result] for each slot    Int32Array [slots * 4]; rank is NO_RANK where the slot is empty
 *
 * Cost of one merge in a piece of n symbols: O(n) for n up to `SHORT`, else O(log n) (a heap over a linked list).
 */
export class Merges {
  private readonly slots: Int32Array;
  private readonly mask: number;
  /** `applyShort`: the rank of the pair that begins at each symbol. */
  private ranks = new Int32Array(SHORT + 1);
  /** `applyLong`: the index of the symbol after and before each symbol; symbols that were merged away are skipped. */
  private next = new Int32Array(0);
  private previous = new Int32Array(0);
  private heap = new Float64Array(0);
  private heapLength = 0;

  /**
   * @param pairs the left and right symbol of each merge: Int32Array [merges * 2]. Of a pair that occurs twice, the last merge counts.
   * @param ranks the rank of each merge, from 0: Int32Array [merges]. Merges may share a rank.
   * @param results the symbol that each merge makes: Int32Array [merges].
   */
  constructor(pairs: Int32Array, ranks: Int32Array, results: Int32Array) {
    let slots = 16;
    while (slots < pairs.length * 2) slots *= 2;
    this.slots = new Int32Array(slots * 4).fill(NO_RANK);
    this.mask = slots - 1;
    for (let i = 0; i < results.length; i++) {
      const slot = this.slotOf(pairs[i * 2], pairs[i * 2 + 1]);
      this.slots[slot] = pairs[i * 2];
      this.slots[slot + 1] = pairs[i * 2 + 1];
      this.slots[slot + 2] = ranks[i];
      this.slots[slot + 3] = results[i];
    }
  }

  /** Merges `symbols[0, length)` in place. @returns the number of symbols that remain. */
  apply(symbols: Int32Array, length: number): number {
    return length <= SHORT ? this.applyShort(symbols, length) : this.applyLong(symbols, length);
  }

  /** The offset in `slots` of a pair's slot, or of the empty slot where it would be. */
  private slotOf(left: number, right: number): number {
    const { slots, mask } = this;
    const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (slots[slot * 4 + 2] !== NO_RANK && (slots[slot * 4] !== left || slots[slot * 4 + 1] !== right)) {
      slot = (slot + 1) & mask;
    }
    return slot * 4;
  }

  /** The rank of a pair, or NO_RANK. */
  private rankOf(left: number, right: number): number {
    return this.slots[this.slotOf(left, right) + 2];
  }

  /** Finds each merge by a scan of all ranks. */
  private applyShort(symbols: Int32Array, length: number): number {
    const { ranks } = this;
    for (let i = 0; i + 1 < length; i++) ranks[i] = this.rankOf(symbols[i], symbols[i + 1]);
    while (length > 1) {
      let at = 0;
      let rank = ranks[0];
      for (let i = 1; i + 1 < length; i++) {
        if (ranks[i] < rank) {
          rank = ranks[i];
          at = i;
        }
      }
      if (rank === NO_RANK) break;
      symbols[at] = this.slots[this.slotOf(symbols[at], symbols[at + 1]) + 3];
      length--;
      for (let i = at + 1; i < length; i++) {
        symbols[i] = symbols[i + 1];
        ranks[i - 1] = ranks[i];
      }
      if (at > 0) ranks[at - 1] = this.rankOf(symbols[at - 1], symbols[at]);
      if (at + 1 < length) ranks[at] = this.rankOf(symbols[at], symbols[at + 1]);
    }
    return length;
  }

  /** Finds each merge by a heap; the symbols form a linked list, and -1 marks those that were merged away. */
  private applyLong(symbols: Int32Array, length: number): number {
    if (this.next.length < length) {
      this.next = new Int32Array(length * 2);
      this.previous = new Int32Array(length * 2);
      // The heap gets at most one entry for each symbol and two for each merge.
      this.heap = new Float64Array(length * 6);
    }
    const { next, previous, heap, slots } = this;
    this.heapLength = 0;
    for (let i = 0; i < length; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
      if (i + 1 < length) this.push(this.rankOf(symbols[i], symbols[i + 1]), i);
    }
    while (this.heapLength > 0) {
      const top = heap[0];
      this.pop();
      const rank = Math.floor(top / MOST_SYMBOLS);
      const at = top - rank * MOST_SYMBOLS;
      const right = next[at];
      // An entry may be stale: its symbol was merged away (-1), or its pair has changed, and has another rank or a newer entry.
      if (symbols[at] < 0 || right >= length) continue;
      const slot = this.slotOf(symbols[at], symbols[right]);
      if (slots[slot + 2] !== rank) continue;
      symbols[at] = slots[slot + 3];
      symbols[right] = -1;
      const after = next[right];
      next[at] = after;
      if (after < length) {
        previous[after] = at;
        this.push(this.rankOf(symbols[at], symbols[after]), at);
      }
      const before = previous[at];
      if (before >= 0) this.push(this.rankOf(symbols[before], symbols[at]), before);
    }
    let kept = 0;
    for (let i = 0; i < length; i++) if (symbols[i] >= 0) symbols[kept++] = symbols[i];
    return kept;
  }

  /** Puts a pair on the heap. @param index of the pair's left symbol. */
  private push(rank: number, index: number): void {
    if (rank === NO_RANK) return;
    const { heap } = this;
    const entry = rank * MOST_SYMBOLS + index;
    let at = this.heapLength++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent] <= entry) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  /** Removes the top of the heap. */
  private pop(): void {
    const { heap } = this;
    const length = --this.heapLength;
    const entry = heap[length];
    let at = 0;
    for (let child = 1; child < length; child = at * 2 + 1) {
      if (child + 1 < length && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= entry) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
  }
}
