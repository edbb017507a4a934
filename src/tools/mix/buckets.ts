import type { Ngrams } from '../arpa/ngrams.js';

/** The most models of a mixture: a bit each. */
export const MOST_MODELS = 16;

/**
 * Buckets of histories, by how much of them the models know: the length of the longest context that any model has, and which models have
 * one of that length.
 */
export class ContextBuckets {
  /** How many buckets there are. */
  count = 1;
  /** By order less 1 and n-gram: its bucket as a context. */
  private readonly buckets: Uint16Array[] = [];
  private readonly numbers = new Map<number, number>();

  /**
   * @param orders the n-grams of all models, sorted.
   * @param bits by order less 1 and n-gram, bit i: whether model i has the n-gram as a context.
   * @param models how many models there are.
   */
  constructor(
    private readonly orders: readonly Ngrams[],
    bits: readonly Uint32Array[],
    models: number,
  ) {
    // After nothing, and after what no model knows, all models know as much: bucket 0.
    this.numbers.set((1 << models) - 1, 0);
    /** By order less 1, the length that each model knows of each n-gram as a context. */
    let shorter: Uint8Array = new Uint8Array(models);
    for (let level = 0; level < orders.length - 1; level++) {
      const ngrams = orders[level];
      const lengths = new Uint8Array(models * ngrams.length);
      const buckets = new Uint16Array(ngrams.length);
      for (let row = 0; row < ngrams.length; row++) {
        const suffix = level > 0 ? orders[level - 1].find(ngrams.wordsOf(row).slice(1)) : 0;
        for (let i = 0; i < models; i++) {
          const isContext = ((bits[level][row] >>> i) & 1) === 1;
          const below = level > 0 && suffix >= 0 ? shorter[models * suffix + i] : 0;
          lengths[models * row + i] = isContext ? level + 1 : below;
        }
        buckets[row] = this.numberOf(lengths.subarray(models * row, models * (row + 1)));
      }
      this.buckets.push(buckets);
      shorter = lengths;
    }
  }

  /** The bucket of a context: row `row` of `orders[level − 1]`; −1 is the empty one. */
  of(level: number, row: number): number {
    return row < 0 ? 0 : this.buckets[level - 1][row];
  }

  /** The bucket of a history of joined ids, the oldest first. */
  ofHistory(history: readonly number[]): number {
    for (let from = Math.max(0, history.length - this.buckets.length); from < history.length; from++) {
      const context = history.slice(from);
      const row = this.orders[context.length - 1].find(context);
      if (row >= 0) return this.buckets[context.length - 1][row];
    }
    return 0;
  }

  /** What the buckets are: for each the length of the longest context, and the numbers of the models that have it. */
  describe(): { readonly length: number; readonly models: readonly number[] }[] {
    const described: { length: number; models: number[] }[] = [];
    for (const [key, bucket] of this.numbers) {
      const models = Array.from({ length: MOST_MODELS }, (_, i) => i).filter(i => ((key >>> i) & 1) === 1);
      described[bucket] = { length: key >>> MOST_MODELS, models };
    }
    return described;
  }

  private numberOf(lengths: Uint8Array): number {
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    let key = longest << MOST_MODELS;
    lengths.forEach((length, i) => (key |= length === longest ? 1 << i : 0));
    let bucket = this.numbers.get(key);
    if (bucket === undefined) this.numbers.set(key, (bucket = this.count++));
    return bucket;
  }
}
