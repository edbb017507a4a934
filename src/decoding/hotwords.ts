/**
 * Words that a decoder prefers. The boost of a whole word is `weight`; the beginning of a word has the part of it that its length is of
 * the length of the shortest hotword that begins so.
 */
export class Hotwords {
  readonly #words: ReadonlySet<string>;
  /** For each beginning of a hotword, the length of the shortest hotword that begins so, in characters (code points). */
  readonly #shortest = new Map<string, number>();
  readonly #weight: number;

  /**
   * @param hotwords words, or phrases, of which each word counts by itself.
   * @param weight boost of a word, natural logarithm.
   */
  constructor(hotwords: readonly string[], weight: number) {
    this.#words = new Set(hotwords.flatMap(phrase => phrase.split(/\s+/u)).filter(word => word !== ''));
    this.#weight = weight;
    for (const word of this.#words) {
      const characters = Array.from(word);
      for (let i = 1; i <= characters.length; i++) {
        const beginning = characters.slice(0, i).join('');
        const shortest = this.#shortest.get(beginning) ?? Infinity;
        this.#shortest.set(beginning, Math.min(shortest, characters.length));
      }
    }
  }

  /** The boost of a complete word: 0 if it is no hotword. */
  ofWord(word: string): number {
    return this.#words.has(word) ? this.#weight : 0;
  }

  /** The boost of the beginning of a word, of `length` characters; `undefined` if no hotword begins so. */
  ofBeginning(beginning: string, length: number): number | undefined {
    const shortest = this.#shortest.get(beginning);
    return shortest === undefined ? undefined : (this.#weight * length) / shortest;
  }
}
