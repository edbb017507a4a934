import { NONE } from '../../text/tokens.js';

/** Words that the last words and an earlier place of the text must have in common before the earlier place predicts anything. */
export const LEAST_MATCH = 4;
/** The words of a text that are kept: a power of two. */
const KEPT = 1 << 17;
/** Slots of an empty table of places: a power of two. */
const FIRST_SLOTS = 1 << 10;

/**
 * Predicts the word that followed the last words of a running text at the earlier place where they stood. A match continues word by word as
 * long as the words at both places are equal; after a different word, the last {@link LEAST_MATCH} words are looked up again. Only the last 131,072 words are kept.
 */
export class LongestMatch {
  /** The word that followed; NONE if the last words are new. */
  predicted = NONE;
  /** Number of last words that match, at least LEAST_MATCH; 0 without a match. */
  length = 0;
  /** The words of the text; word i at i modulo KEPT. */
  private readonly words = new Uint32Array(KEPT);
  /**
   * A hash table with open addressing. An entry is the number of the word that followed some LEAST_MATCH words last; its key are these words, in
   * `words`. 0 is an empty slot. Entries whose words are no longer kept stay until the table is rebuilt.
   */
  private places = new Float64Array(FIRST_SLOTS);
  /** Number of entries. */
  private entries = 0;
  /** Number of words of the text. */
  private count = 0;
  /** The number of the word that is predicted; only with a match. */
  private at = 0;

  /** Adds a word to the text. NONE stands for a word outside the vocabulary. */
  add(word: number): void {
    const { words } = this;
    const goesOn = this.length > 0 && words[this.at & (KEPT - 1)] === word;
    words[this.count++ & (KEPT - 1)] = word;
    this.at++;
    this.length = goesOn ? this.length + 1 : 0;
    this.predicted = NONE;
    if (this.count < LEAST_MATCH) return;
    if (2 * (this.entries + 1) > this.places.length) this.rebuild();
    const slot = this.slotOf(this.count);
    const { places } = this;
    if (!goesOn && places[slot] > 0) {
      this.at = places[slot];
      this.length = LEAST_MATCH;
    }
    if (places[slot] === 0) this.entries++;
    places[slot] = this.count;
    if (this.length > 0) this.predicted = words[this.at & (KEPT - 1)];
  }

  clear(): void {
    this.count = this.length = this.entries = 0;
    this.predicted = NONE;
    this.places = new Float64Array(FIRST_SLOTS);
  }

  /** The slot of the words before the word number `at`, or the empty slot where they belong. */
  private slotOf(at: number): number {
    const { places } = this;
    const mask = places.length - 1;
    let slot = this.hashOf(at) & mask;
    while (places[slot] > 0 && !this.isSame(places[slot], at)) slot = (slot + 1) & mask;
    return slot;
  }

  /** Whether the words before the words number `place` and `at` are the same, and those before `place` are still kept. */
  private isSame(place: number, at: number): boolean {
    const { words, count } = this;
    if (count - place + LEAST_MATCH > KEPT) return false;
    for (let i = 1; i <= LEAST_MATCH; i++) {
      if (words[(place - i) & (KEPT - 1)] !== words[(at - i) & (KEPT - 1)]) return false;
    }
    return true;
  }

  /** Enters the places of all words that are kept, into a table that they fill a quarter at most. */
  private rebuild(): void {
    const first = Math.max(LEAST_MATCH, this.count - KEPT + LEAST_MATCH);
    let slots = FIRST_SLOTS;
    while (slots < 4 * (this.count - first)) slots *= 2;
    this.places = new Float64Array(slots);
    this.entries = 0;
    for (let at = first; at < this.count; at++) {
      const slot = this.slotOf(at);
      if (this.places[slot] === 0) this.entries++;
      this.places[slot] = at;
    }
  }

  private hashOf(at: number): number {
    let hash = 0;
    for (let i = LEAST_MATCH; i > 0; i--) {
      hash = Math.imul(hash ^ this.words[(at - i) & (KEPT - 1)], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }
}
