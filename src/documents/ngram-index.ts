import type { WordList } from '../text/word-list.js';

/** An item that is shorter than the n-grams is one n-gram of its own length, if it has at least this many tokens. */
export const LEAST_TOKENS = 8;

/** The multiplier of the rolling hash: an odd number with well mixed bits (Steele & Vigna 2022). */
const BASE = 0x9e3779b1 | 0;

/** How many of the last training tokens are in memory: a power of two, and more than the longest n-gram has. */
const RECENT = 1024;

/** The tokens of test items, and the index of their n-grams. */
export interface TestTokens {
  /** The distinct words of all items. */
  readonly words: WordList;
  /** The tokens of all items, one after another, each as the index of its word. */
  readonly tokens: Uint32Array;
  /** By item, where it begins in `tokens`; one entry more than there are items. */
  readonly starts: readonly number[];
}

/**
 * The n-grams of test items, in which the n-grams of a training text are looked up. A run is a stretch of training tokens that all occur
 * in the items. For each position of a run, the hash of all its tokens before the position is stored, and the hash of the last L tokens
 * follows from two of these hashes (Karp & Rabin 1987). If a hash is in the table, the n-grams are compared token by token, so that there
 * are no false positives.
 */
export class NgramIndex {
  /** By place in the items' tokens, the number of the n-gram that begins there, from 1; 0 for none. */
  readonly at: Uint32Array;
  /** By n-gram, its first place in the items' tokens. */
  private readonly places: number[] = [0];
  /** By n-gram, its length [tokens]. */
  private readonly lengths: number[] = [0];
  /** By n-gram, how many training documents have it. */
  readonly documents: Uint32Array;
  /** By n-gram, the number of the last training document that has it; −1 for none. */
  private readonly last: Float64Array;
  /** By n-gram, the number of the first training document that has it; −1 for none. */
  readonly first: Float64Array;
  /** Hash table, open addressing: the number of an n-gram, or 0 in an empty slot. */
  private readonly slots: Uint32Array;
  /** By n-gram, its hash. */
  private readonly hashes: Int32Array;
  /** Bits, of which a hash selects one: if it is 0, no n-gram has this hash. Unlike the hash table, the bits fit the processor's cache. */
  private readonly filter: Uint32Array;
  /** The lengths of the n-grams, ascending. */
  private readonly used: Uint32Array;
  /** For each of these lengths L, BASE^L. */
  private readonly powers: Int32Array;
  /** The training tokens read last, at their position in the run modulo the length of the array. */
  private readonly recent = new Uint32Array(RECENT);
  /** By the same positions, the hash of the run's tokens before the position. */
  private readonly before = new Int32Array(RECENT);
  /** Tokens of the run so far. */
  private run = 0;
  /** The hash of the run's tokens so far. */
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

  /** Number of distinct n-grams. */
  get size(): number {
    return this.places.length - 1;
  }

  /** The length of an n-gram. */
  lengthOf(ngram: number): number {
    return this.lengths[ngram];
  }

  /** Ends a training document, so that no n-gram extends into the next one. */
  endRun(): void {
    this.run = 0;
  }

  /** Takes the next token of a training document. @param word the index of its word in the items' words; 0 if they lack it. @param document the number of the document. */
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

  /** The entry of a hash in the filter. Other bits of the hash choose the bit of the entry. */
  private filterAt(hash: number): number {
    return (spread(hash) >>> 5) & (this.filter.length - 1);
  }

  /** Counts the n-gram of the last `length` training tokens, if an item has it. @param at the position of the last token in the run. */
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

  /** The number of the n-gram at a place in the items' tokens, which is added if it is new. */
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

/** Mixes a hash, so that its low bits depend on all bits. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
