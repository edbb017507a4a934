import { BOS } from '../../text/tokens.js';
import type { TableCursor } from '../../tables/cursor.js';

/**
 * Computes the raw counts of n-grams, that is, how often they occur in the training text. The tables have raw counts for the highest
 * order and for n-grams that begin with `<s>`. All other n-grams have continuation counts there; their raw count is the sum of the raw
 * counts of the n-grams one word longer that end with them. So `take` must get every context of all orders, as `walk` closes them.
 */
export class RawCounts {
  /**
   * By level and word id: the raw count of the word after the open context, summed over the contexts one word longer that were closed
   * so far. It may exceed 32 bits.
   */
  private readonly sums: readonly Float64Array[];
  /** The result of `take`. */
  private raw = new Float64Array(0);

  /**
   * @param top the level of the highest order.
   * @param words all word ids are below it.
   */
  constructor(
    private readonly top: number,
    words: number,
  ) {
    this.sums = Array.from({ length: top }, () => new Float64Array(words));
  }

  /**
   * The raw counts of the followers of a context that is being closed: entry i belongs to the cursor's entry `from` + i. The next
   * call overwrites the array.
   */
  take(level: number, { context, words, counts, from, to }: TableCursor): Float64Array {
    const length = to - from;
    if (this.raw.length < length) this.raw = new Float64Array(2 * length);
    const { raw, sums } = this;
    if (level === this.top || context[level - 1] === BOS) {
      for (let i = 0; i < length; i++) raw[i] = counts[from + i];
    } else {
      const sumOf = sums[level];
      for (let i = 0; i < length; i++) {
        const word = words[from + i];
        raw[i] = sumOf[word];
        sumOf[word] = 0;
      }
    }
    if (level > 0) {
      const shorterSumOf = sums[level - 1];
      for (let i = 0; i < length; i++) shorterSumOf[words[from + i]] += raw[i];
    }
    return raw;
  }
}
