import { log10 } from '../../base/elementary.js';
import { FIRST_WORD } from '../../text/tokens.js';
import type { WordList } from '../../text/word-list.js';

/** The longest context of a byte [bytes]. */
const CONTEXT = 3;
/** About the most words that are learned from. */
const MOST_WORDS = 20_000;
/** Ends a word. Bytes are 0 to 255. */
const END = 256;
/** Number of symbols that can follow: the bytes, and the end of the word. */
const SYMBOLS = 257;
// In keys, in place of a symbol: for a context, the sum of the counts of its followers, and the number of its followers.
const TOTAL = 510;
const DISTINCT = 511;
/** Stands for the bytes before the beginning of a word: a line feed is part of no token. */
const BEFORE = 0x0a0a0a;

/**
 * How words are spelled that the vocabulary lacks: P(bytes | the word is unknown). It is learned from words of the vocabulary
 * ({@link rarestWords}, {@link someWords}): interpolated counts of bytes after up to three bytes, with the weights of Witten & Bell (1991;
 * method C of Bell, Cleary & Witten 1990):
 *
 *     P_k(b | h) = (c(h b) + N(h) · P_k−1(b | h')) / (c(h) + N(h))
 *
 * c is a count, N(h) the number of distinct bytes after h, h' lacks the first byte of h, and P_−1 = 1/257: every sequence of bytes has a
 * probability above 0, and those of all sequences sum to 1. Sequences that are words of the vocabulary have their part of it, so the
 * probability of an unknown word is rather too low than too high.
 */
export class Spelling {
  /** By slot, the key of the count in it, as {@link keyOf} makes it; 0 in an empty slot. */
  private keys = new Float64Array(1 << 16);
  private counts = new Uint32Array(1 << 16);
  /** Slots in use. */
  private size = 0;

  /** @param ids the words to learn from. */
  constructor(words: WordList, ids: Iterable<number>) {
    for (const id of ids) this.learn(words.bytes(id));
  }

  /** log10 of the probability that an unknown word is spelled so. @param word UTF-8. */
  log10Prob(word: Uint8Array): number {
    let before = BEFORE;
    let sum = 0;
    for (let i = 0; i <= word.length; i++) {
      const symbol = i < word.length ? word[i] : END;
      let p = 1 / SYMBOLS;
      for (let length = 0; length <= CONTEXT; length++) {
        const distinct = this.count(keyOf(before, length, DISTINCT));
        // If a context was not seen, no longer context was seen.
        if (distinct === 0) break;
        const total = this.count(keyOf(before, length, TOTAL));
        p = (this.count(keyOf(before, length, symbol)) + distinct * p) / (total + distinct);
      }
      sum += log10(p);
      before = ((before << 8) | symbol) & 0xffffff;
    }
    return sum;
  }

  private learn(word: Uint8Array): void {
    let before = BEFORE;
    for (let i = 0; i <= word.length; i++) {
      const symbol = i < word.length ? word[i] : END;
      for (let length = 0; length <= CONTEXT; length++) {
        this.add(keyOf(before, length, TOTAL));
        if (this.add(keyOf(before, length, symbol)) === 1) this.add(keyOf(before, length, DISTINCT));
      }
      before = ((before << 8) | symbol) & 0xffffff;
    }
  }

  /** Counts a key once more. @returns its count. */
  private add(key: number): number {
    const slot = this.slotOf(key);
    const count = ++this.counts[slot];
    if (count > 1) return count;
    this.keys[slot] = key;
    if (2 * ++this.size > this.keys.length) this.grow();
    return count;
  }

  private grow(): void {
    const { keys, counts } = this;
    this.keys = new Float64Array(2 * keys.length);
    this.counts = new Uint32Array(2 * keys.length);
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === 0) continue;
      const slot = this.slotOf(keys[i]);
      this.keys[slot] = keys[i];
      this.counts[slot] = counts[i];
    }
  }

  private count(key: number): number {
    return this.counts[this.slotOf(key)];
  }

  /** The slot of a key, or the empty slot where it belongs. */
  private slotOf(key: number): number {
    const { keys } = this;
    const mask = keys.length - 1;
    let hash = Math.imul(key >>> 0, 0x9e3779b1) ^ Math.imul(key / 2 ** 32, 0x85ebca77);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & mask;
    while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }
}

/** The rarest half of a vocabulary by falling frequency, at most 20,000 words: unknown words are most like rare ones. */
export function* rarestWords({ size }: WordList): Generator<number> {
  const learned = Math.min(MOST_WORDS, Math.ceil((size + 1 - FIRST_WORD) / 2));
  for (let id = size + 1 - learned; id <= size; id++) yield id;
}

/**
 * Words of a vocabulary whose frequencies are unknown: all, or every second, third, … of them, so that they are about 20,000.
 *
 * @param sorted all words, in the order of their UTF-8: the result must not depend on the sequence of the ids.
 */
export function* someWords(sorted: Uint32Array): Generator<number> {
  const step = Math.ceil(sorted.length / MOST_WORDS);
  for (let i = 0; i < sorted.length; i += step) yield sorted[i];
}

/** A number above 0 for a symbol after the last `length` of the three bytes `before`. */
function keyOf(before: number, length: number, symbol: number): number {
  const context = length === 0 ? 0 : before & (0xffffff >>> (8 * (CONTEXT - length)));
  return ((length + 1) * 2 ** 24 + context) * 512 + symbol;
}
