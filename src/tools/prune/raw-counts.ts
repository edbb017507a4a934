import { BOS } from '../../text/tokens.js';
import type { TableCursor } from '../../tables/cursor.js';

/**
 * Input: the contexts of all orders. Order: as `walk` closes them. Output: the raw counts of their n-grams,
 * which is how often the text holds them. The tables have raw counts for the highest order and for n-grams that begin with
 * `<s>`; all others have continuation counts, and their raw count is the sum over the n-grams one word longer to the left.
 */
export class RawCounts {
  /** By level and word, the sum of the raw counts over the longer contexts that were closed. It may exceed 32 bits. */
  private readonly sums: readonly Float64Array[];
  private raw = new Float64Array(0);

  /**
   * @param top the level of the highest order.
   * @param words the ids of words are below this.
   */
  constructor(
    private readonly top: number,
    words: number,
  ) {
    this.sums = Array.from({ length: top }, () => new Float64Array(words));
  }

  /**
   * The raw counts of the followers of a context that is being closed: entry i is the count of follower `from` + i. The array is
   * overwritten at the next call.
   */
  take(level: number, { context, words, counts, from, to }: TableCursor): Float64Array {
    const length = to - from;
    if (this.raw.length < length) this.raw = new Float64Array(2 * length);
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
