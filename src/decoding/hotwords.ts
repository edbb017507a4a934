/**
 * Words that a decoder prefers. The boost of a hotword is `weight`. The boost of the beginning of a word is weight · (length of the
 * beginning) / (length of the shortest hotword that begins with it).
 */
export class Hotwords {
  /** The hotwords. */
  readonly #words: ReadonlySet<string>;
  /** By beginning of a hotword, the length of the shortest hotword that begins with it [code points]. */
  readonly #shortest = new Map<string, number>();
  readonly #weight: number;

  /**
   * @param hotwords words, or phrases, each word of which is a hotword.
   * @param weight the boost of a hotword (natural logarithm).
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

  /** The boost of a complete word: 0 if it is not a hotword. */
  ofWord(word: string): number {
    return this.#words.has(word) ? this.#weight : 0;
  }

  /** The boost of the beginning of a word; `undefined` if no hotword begins with it. @param length the length of the beginning [code points]. */
  ofBeginning(beginning: string, length: number): number | undefined {
    const shortest = this.#shortest.get(beginning);
    return shortest === undefined ? undefined : (this.#weight * length) / shortest;
  }
}
