import { NONE } from '../../text/tokens.js';

/** Words that the last words and an earlier place of the text must have in common before the earlier place predicts anything. */
export const LEAST_MATCH = 4;
/** The words of a text that are kept: a power of two. */
const KEPT = 1 << 17;
/** Places that are remembered by the words before them: a power of two. */
const PLACES = 1 << 17;

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
  /** By hash of LEAST_MATCH words: 1 + the number of the word that followed them last. */
  private readonly places = new Float64Array(PLACES);
  /** Number of words of the text. */
  private count = 0;
  /** The number of the word that is predicted; only with a match. */
  private at = 0;

  /** Adds a word to the text. NONE stands for a word outside the vocabulary. */
  add(word: number): void {
    const { words, places } = this;
    const goesOn = this.length > 0 && words[this.at & (KEPT - 1)] === word;
    words[this.count++ & (KEPT - 1)] = word;
    this.at++;
    this.length = goesOn ? this.length + 1 : 0;
    this.predicted = NONE;
    if (this.count < LEAST_MATCH) return;
    const place = this.place();
    if (!goesOn) this.find(places[place] - 1);
    places[place] = this.count + 1;
    if (this.length > 0) this.predicted = words[this.at & (KEPT - 1)];
  }

  clear(): void {
    this.count = this.length = 0;
    this.predicted = NONE;
    this.places.fill(0);
  }

  /** Begins a match at the word number `at`, if the words before it are the last words. */
  private find(at: number): void {
    const { words, count } = this;
    if (at < 0 || count - at + LEAST_MATCH > KEPT) return;
    for (let i = 1; i <= LEAST_MATCH; i++) {
      if (words[(at - i) & (KEPT - 1)] !== words[(count - i) & (KEPT - 1)]) return;
    }
    this.at = at;
    this.length = LEAST_MATCH;
  }

  /** The entry of `places` for the last LEAST_MATCH words. */
  private place(): number {
    let hash = 0;
    for (let i = LEAST_MATCH; i > 0; i--) {
      hash = Math.imul(hash ^ this.words[(this.count - i) & (KEPT - 1)], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & (PLACES - 1);
  }
}
