import { log10 } from '../../base/elementary.js';
import { grown } from '../../base/grown.js';
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
/** Stands for each byte before the beginning of a word: a line feed is part of no token. */
const BEFORE = 0x0a;
/** The node of the empty string. */
const ROOT = 0;

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
 *
 * The strings h b are nodes of a trie, whose children a hash table finds: the child of h is the context of the byte after b.
 */
export class Spelling {
  /** By slot, the node in it; 0 in an empty slot. */
  private slots = new Uint32Array(0);
  /** Number of nodes; each array below has an entry for each node. */
  private size = 1;
  /** The node of the string without its last symbol. */
  private parents = new Uint32Array(1);
  /** The last symbol of the string. */
  private symbols = new Uint16Array(1);
  /** c(h b): how often the string occurred. */
  private counts = new Uint32Array(1);
  /** c(h): how often a symbol followed the string. */
  private totals = new Uint32Array(1);
  /** N(h): how many distinct symbols followed the string. */
  private distincts = new Uint32Array(1);
  /** Working memory: by length, the node of the context of the next symbol; −1 if no such context was learned. */
  private readonly contexts = new Int32Array(CONTEXT + 1);
  /** By length, the node of the context of a word's first symbol. */
  private readonly beginning = new Int32Array(CONTEXT + 1);

  /** @param ids the words to learn from. */
  constructor(words: WordList, ids: Iterable<number>) {
    this.makeRoom(1 << 16);
    for (let length = 1, node = ROOT; length <= CONTEXT; length++)
      this.beginning[length] = node = this.child(node, BEFORE);
    for (const id of ids) this.learn(words.bytes(id));
  }

  /** log10 of the probability that an unknown word is spelled so. @param word UTF-8. */
  log10Prob(word: Uint8Array): number {
    const { contexts, counts, totals, distincts } = this;
    contexts.set(this.beginning);
    let sum = 0;
    for (let i = 0; i <= word.length; i++) {
      const symbol = i < word.length ? word[i] : END;
      let p = 1 / SYMBOLS;
      // The node of the string that ends with this symbol: the context that is one byte longer, for the next symbol.
      let next = ROOT;
      for (let length = 0; length <= CONTEXT; length++) {
        const context = contexts[length];
        contexts[length] = next;
        next = context < 0 ? -1 : this.find(context, symbol);
        if (context < 0 || distincts[context] === 0) continue;
        p = ((next < 0 ? 0 : counts[next]) + distincts[context] * p) / (totals[context] + distincts[context]);
      }
      sum += log10(p);
    }
    return sum;
  }

  private learn(word: Uint8Array): void {
    const { contexts } = this;
    contexts.set(this.beginning);
    for (let i = 0; i <= word.length; i++) {
      const symbol = i < word.length ? word[i] : END;
      let next = ROOT;
      for (let length = 0; length <= CONTEXT; length++) {
        const context = contexts[length];
        contexts[length] = next;
        next = this.child(context, symbol);
        this.totals[context]++;
        if (++this.counts[next] === 1) this.distincts[context]++;
      }
    }
  }

  /** The node of the string of a node and one more symbol, which is added if it is new. */
  private child(parent: number, symbol: number): number {
    const found = this.find(parent, symbol);
    if (found >= 0) return found;
    if (this.size === this.parents.length) this.makeRoom(2 * this.size);
    const node = this.size++;
    this.parents[node] = parent;
    this.symbols[node] = symbol;
    this.place(node);
    return node;
  }

  /** The node of the string of a node and one more symbol; −1 if there is none. */
  private find(parent: number, symbol: number): number {
    const { slots, parents, symbols } = this;
    const mask = slots.length - 1;
    for (let slot = hashOf(parent, symbol) & mask; slots[slot] > 0; slot = (slot + 1) & mask) {
      const node = slots[slot];
      if (parents[node] === parent && symbols[node] === symbol) return node;
    }
    return -1;
  }

  /** Enters a node in the hash table. */
  private place(node: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = hashOf(this.parents[node], this.symbols[node]) & mask;
    while (slots[slot] > 0) slot = (slot + 1) & mask;
    slots[slot] = node;
  }

  /** Makes room for `room` nodes; the slots stay at most half full. */
  private makeRoom(room: number): void {
    this.parents = grown(this.parents, room);
    this.symbols = grown(this.symbols, room);
    this.counts = grown(this.counts, room);
    this.totals = grown(this.totals, room);
    this.distincts = grown(this.distincts, room);
    this.slots = new Uint32Array(2 * room);
    for (let node = 1; node < this.size; node++) this.place(node);
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

function hashOf(node: number, symbol: number): number {
  const hash = Math.imul(Math.imul(node, 0x9e3779b1) ^ Math.imul(symbol, 0x85ebca77), 0x2c1b3c6d);
  return hash ^ (hash >>> 15);
}
