import { KneserError } from '../base/errors.js';
import { grown } from '../base/grown.js';
import { BOS_WORD, EOS_WORD, UNK_WORD } from './tokens.js';

const encoder = new TextEncoder();

const FIRST_WORDS = [UNK_WORD, BOS_WORD, EOS_WORD];

const INITIAL_SLOTS = 1 << 12;
const INITIAL_BYTES = 1 << 15;

/** Limits of a list: byte offsets have 32 bits, and the indices of two words are packed into one integer of 53 bits. */
export const MOST_BYTES = 2 ** 32 - 1;
export const MOST_WORDS = 90_000_000;

/**
 * Refuses more words than a list holds.
 *
 * @param bytes the total length of the words, in bytes.
 * @throws KNESER_LIMIT
 */
export function checkWords(words: number, bytes: number): void {
  if (words <= MOST_WORDS && bytes <= MOST_BYTES) return;
  throw new KneserError(
    'KNESER_LIMIT',
    `the text has more than ${words <= MOST_WORDS ? '4 GB of distinct words' : '90,000,000 distinct words'}, too many for a ` +
      'vocabulary; keep only the most frequent words (--vocab-limit N), or the words of a list (--vocab FILE)',
  );
}

/** FNV-1a (Fowler, Noll and Vo), 32 bit: the start and the multiplier. The tokenizer computes the hash while it scans. */
export const HASH_START = 0x811c9dc5;
export const HASH_PRIME = 0x01000193;

/** The hash of `bytes[from, to)` that the methods of {@link WordList} take. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = HASH_START;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], HASH_PRIME);
  return hash;
}

/**
 * Distinct words as byte strings. A word's **index** is 1, 2, 3 … in the order in which words were added; `<unk>`, `<s>` and `</s>`
 * have 1, 2 and 3. (Ids, in the order of frequency, come later.)
 *
 *     slots    index of a word, 0 where the slot is empty    Uint32Array, open addressing by hash
 *     hashes   hash of each word, by index                   Uint32Array
 *     ends     end of each word in `arena`, by index         Uint32Array
 *     arena    the words, one after another                  Uint8Array
 *
 * There is no string or object for each word, and a look-up reads one or two cache lines.
 */
export class WordList {
  /** How many words the list has: also the index of the last one. */
  size = 0;
  private slots: Uint32Array;
  private hashes: Uint32Array;
  private ends: Uint32Array;
  private arena: Uint8Array;

  /** @param words how many words are expected, with `bytes` bytes together. The list grows when there are more. */
  constructor(words = 0, bytes = 0) {
    let slots = INITIAL_SLOTS;
    while (slots < 2 * words) slots *= 2;
    this.slots = new Uint32Array(slots);
    this.hashes = new Uint32Array(Math.max(INITIAL_SLOTS, words + 2));
    this.ends = new Uint32Array(Math.max(INITIAL_SLOTS, words + 2));
    this.arena = new Uint8Array(Math.max(INITIAL_BYTES, bytes));
    for (const word of FIRST_WORDS) this.addWord(word);
  }

  /** Bytes of memory in use. */
  get memory(): number {
    return this.arena.byteLength + 4 * (this.slots.length + this.hashes.length + this.ends.length);
  }

  /** The index of the word `bytes[from, to)`, or 0. @param hash the word's {@link hashBytes}. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    return this.slots[this.slotOf(bytes, from, to, hash)];
  }

  /** The slot of the word `bytes[from, to)`, or the empty slot where it belongs. */
  private slotOf(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    const wanted = hash >>> 0;
    for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
      const word = slots[slot];
      if (word === 0 || (hashes[word] === wanted && this.equals(word, bytes, from, to))) return slot;
    }
  }

  /** The index of the word `bytes[from, to)`, which is added if it is new. @throws KNESER_LIMIT */
  add(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const slot = this.slotOf(bytes, from, to, hash);
    const found = this.slots[slot];
    if (found > 0) return found;
    const word = ++this.size;
    const start = this.ends[word - 1];
    const end = start + (to - from);
    if (end > this.arena.length) {
      checkWords(word, end);
      this.arena = grown(this.arena, Math.min(MOST_BYTES, Math.max(2 * this.arena.length, end)));
    }
    if (word + 1 >= this.ends.length) {
      checkWords(word, end);
      this.ends = grown(this.ends, 2 * word + 2);
      this.hashes = grown(this.hashes, 2 * word + 2);
    }
    const { arena } = this;
    for (let i = from, j = start; i < to; i++) arena[j++] = bytes[i];
    this.ends[word] = end;
    this.hashes[word] = hash >>> 0;
    if (2 * word > this.slots.length) this.rehash(2 * this.slots.length);
    else this.slots[slot] = word;
    return word;
  }

  /** Adds a word given as a string if it is new. @returns its index */
  addWord(text: string): number {
    const bytes = encoder.encode(text);
    return this.add(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
  }

  /** The index of a word given as a string, or 0. */
  findWord(text: string): number {
    const bytes = encoder.encode(text);
    return this.find(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
  }

  /** The bytes of the word with this index: a view, valid until the next `add`. */
  bytes(word: number): Uint8Array {
    return this.arena.subarray(this.ends[word - 1], this.ends[word]);
  }

  /** Writes the bytes of the word with this index into `into` from `at` on. @returns the offset behind them. */
  write(word: number, into: Uint8Array, at: number): number {
    const { arena } = this;
    const end = this.ends[word];
    for (let i = this.ends[word - 1]; i < end; i++) into[at++] = arena[i];
    return at;
  }

  /** The length of the word with this index, in bytes. */
  length(word: number): number {
    return this.ends[word] - this.ends[word - 1];
  }

  /** Removes all words but the first three, and keeps the memory for new ones. */
  clear(): void {
    this.slots.fill(0);
    this.size = 0;
    for (const word of FIRST_WORDS) this.addWord(word);
  }

  /** Compares the words with two indices by their bytes; negative if the first one comes first. */
  compare(a: number, b: number): number {
    const { arena, ends } = this;
    const [endOfA, endOfB] = [ends[a], ends[b]];
    let i = ends[a - 1];
    let j = ends[b - 1];
    while (i < endOfA && j < endOfB && arena[i] === arena[j]) {
      i++;
      j++;
    }
    return i < endOfA && j < endOfB ? arena[i] - arena[j] : endOfA - i - (endOfB - j);
  }

  private equals(word: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.ends[word - 1];
    if (this.ends[word] - start !== to - from) return false;
    for (let i = from, j = start; i < to; i++, j++) if (bytes[i] !== this.arena[j]) return false;
    return true;
  }

  private place(word: number): void {
    const mask = this.slots.length - 1;
    let slot = spread(this.hashes[word]) & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = word;
  }

  private rehash(length: number): void {
    this.slots = new Uint32Array(length);
    for (let word = 1; word <= this.size; word++) this.place(word);
  }
}

/** Mixes high bits of an FNV hash into its low bits, which select the slot: the low bits alone would cluster. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}
