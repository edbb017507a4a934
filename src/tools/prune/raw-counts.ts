import { BOS } from '../../text/tokens.js';
import type { TableCursor } from '../../tables/cursor.js';

/**
 * How often the n-grams met on a walk occur in the text. The tables have that of the highest order and of what begins with
 * `<s>`; all others have continuation counts, and occur as often as the n-grams that prolong them to the left.
 */
export class RawCounts {
  /** By level and word, the sum over the longer contexts that were closed. */
  private readonly sums: readonly Uint32Array[];
  private raw = new Uint32Array(0);

  /**
   * @param top the level of the highest order.
   * @param words the ids of words are below this.
   */
  constructor(
    private readonly top: number,
    words: number,
  ) {
    this.sums = Array.from({ length: top }, () => new Uint32Array(words));
  }

  /**
   * The raw counts of the followers of a context, which is being closed: entry i is for follower `from` + i. Reused at the
   * next context.
   */
  take(level: number, { context, words, counts, from, to }: TableCursor): Uint32Array {
    const length = to - from;
    if (this.raw.length < length) this.raw = new Uint32Array(2 * length);
    const { raw, sums } = this;
    if (level === this.top || context[level - 1] === BOS) {
      for (let i = 0; i < length; i++) raw[i] = counts[from + i];
    } else {
      const own = sums[level];
      for (let i = 0; i < length; i++) {
        const word = words[from + i];
        raw[i] = own[word];
        own[word] = 0;
      }
    }
    if (level > 0) {
      const below = sums[level - 1];
      for (let i = 0; i < length; i++) below[words[from + i]] += raw[i];
    }
    return raw;
  }
}
