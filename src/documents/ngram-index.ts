import type { WordList } from '../text/word-list.js';

/** Items of fewer tokens than n are one n-gram of their own length, if they have at least so many. */
export const LEAST_TOKENS = 8;

/** The multiplier of the rolling hash: an odd number with well mixed bits (Steele & Vigna 2022). */
const BASE = 0x9e3779b1 | 0;

/** How many of the last training tokens are kept: above the longest n-gram, and a power of two. */
const RECENT = 1024;

/** The tokens of test items, and the index of their n-grams. */
export interface TestTokens {
  /** The words of all items; a token is the number of its word. */
  readonly words: WordList;
  /** The tokens of all items, one after another. */
  readonly tokens: Uint32Array;
  /** Where each item begins; one more entry. */
  readonly starts: readonly number[];
}

/**
 * The n-grams of test items, among which those of a training text are looked up. A training token that no item has ends a run; within a
 * run the hash of all its tokens so far is kept for each position, and the hash of the last L tokens is the difference of two of them
 * (Karp & Rabin 1987). A hash that is in the table is compared token by token: there are no false positives.
 */
export class NgramIndex {
  /** By token position of the items, the number of the n-gram that begins there, from 1; 0 for none. */
  readonly at: Uint32Array;
  /** By n-gram, where it is first in the items. */
  private readonly places: number[] = [0];
  private readonly lengths: number[] = [0];
  /** By n-gram, the training documents that have it. */
  readonly documents: Uint32Array;
  /** By n-gram, the number of the last, and of the first training document that has it. */
  private readonly last: Float64Array;
  readonly first: Float64Array;
  private readonly slots: Uint32Array;
  private readonly hashes: Int32Array;
  /** One bit for each value of some bits of a hash: 0 where no n-gram has them. It stays in the processor's cache, unlike the table. */
  private readonly filter: Uint32Array;
  /** The lengths in use, ascending, and BASE^length. */
  private readonly used: Uint32Array;
  private readonly powers: Int32Array;
  /** The training tokens read last, at their position in the run modulo the length of the array. */
  private readonly recent = new Uint32Array(RECENT);
  /** By the same positions, the hash of the run's tokens before it. */
  private readonly before = new Int32Array(RECENT);
  private run = 0;
  private hash = 0;

  /** @param n at most 1,000. */
  constructor(
    private readonly test: TestTokens,
    n: number,
  ) {
    const { tokens, starts } = test;
    this.at = new Uint32Array(tokens.length);
    let size = 16;
    while (size < 4 * tokens.length) size *= 2;
    this.slots = new Uint32Array(size);
    const hashes = [0];
    const used = new Set<number>();
    for (let item = 0; item + 1 < starts.length; item++) {
      const [from, to] = [starts[item], starts[item + 1]];
      const length = to - from >= n ? n : to - from;
      if (length < Math.min(n, LEAST_TOKENS)) continue;
      used.add(length);
      for (let place = from; place + length <= to; place++) this.at[place] = this.add(place, length, hashes);
    }
    this.hashes = Int32Array.from(hashes);
    this.documents = new Uint32Array(hashes.length);
    this.last = new Float64Array(hashes.length).fill(-1);
    this.first = new Float64Array(hashes.length).fill(-1);
    this.filter = new Uint32Array(Math.max(1, size >>> 3));
    for (const hash of this.hashes.subarray(1)) this.filter[this.filterAt(hash)] |= 1 << hash;
    this.used = Uint32Array.from(used).sort();
    this.powers = Int32Array.from(this.used, length => {
      let power = 1;
      for (let k = 0; k < length; k++) power = Math.imul(power, BASE);
      return power;
    });
  }

  /** Number of different n-grams. */
  get size(): number {
    return this.places.length - 1;
  }

  /** The length of an n-gram. */
  lengthOf(ngram: number): number {
    return this.lengths[ngram];
  }

  /** Ends a training document: no n-gram reaches over it. */
  endRun(): void {
    this.run = 0;
  }

  /** Takes the next token of a training document. @param word its number among the words of the items; 0 for any other. */
  take(word: number, document: number): void {
    if (word === 0) {
      this.run = 0;
      return;
    }
    const { recent, before, used, powers } = this;
    const at = this.run++;
    if (at === 0) this.hash = 0;
    recent[at & (RECENT - 1)] = word;
    before[at & (RECENT - 1)] = this.hash;
    const hash = (this.hash = (Math.imul(this.hash, BASE) + word) | 0);
    for (let k = 0; k < used.length && used[k] <= at + 1; k++) {
      const own = (hash - Math.imul(before[(at + 1 - used[k]) & (RECENT - 1)], powers[k])) | 0;
      if ((this.filter[this.filterAt(own)] & (1 << own)) !== 0) this.look(own, used[k], at, document);
    }
  }

  /** The place of a hash in the filter, from other bits than those that choose a bit of the entry. */
  private filterAt(hash: number): number {
    return (spread(hash) >>> 5) & (this.filter.length - 1);
  }

  private look(hash: number, length: number, at: number, document: number): void {
    const { slots, hashes, lengths, places, recent, test } = this;
    const mask = slots.length - 1;
    for (let slot = spread(hash) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const ngram = slots[slot];
      if (hashes[ngram] !== hash || lengths[ngram] !== length) continue;
      let k = 0;
      while (k < length && test.tokens[places[ngram] + k] === recent[(at + 1 - length + k) & (recent.length - 1)]) k++;
      if (k < length) continue;
      if (this.last[ngram] === document) return;
      this.last[ngram] = document;
      if (this.documents[ngram]++ === 0) this.first[ngram] = document;
      return;
    }
  }

  /** The number of the n-gram at a place of the items. */
  private add(place: number, length: number, hashes: number[]): number {
    const { slots, lengths, places, test } = this;
    let hash = 0;
    for (let k = 0; k < length; k++) hash = (Math.imul(hash, BASE) + test.tokens[place + k]) | 0;
    const mask = slots.length - 1;
    let slot = spread(hash) & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const ngram = slots[slot];
      if (hashes[ngram] !== hash || lengths[ngram] !== length) continue;
      let k = 0;
      while (k < length && test.tokens[places[ngram] + k] === test.tokens[place + k]) k++;
      if (k === length) return ngram;
    }
    slots[slot] = hashes.push(hash) - 1;
    lengths.push(length);
    places.push(place);
    return slots[slot];
  }
}

/** Low bits that depend on all bits. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
