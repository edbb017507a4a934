import type { Ngrams } from '../arpa/ngrams.js';

/** The most models of a mixture: {@link ContextBuckets} has one bit for each. */
export const MOST_MODELS = 16;

/**
 * Puts histories into buckets. A bucket is defined by the length of the longest context that any model has of a history, and by the
 * set of models that have a context of this length.
 */
export class ContextBuckets {
  /** The number of buckets so far. */
  count = 1;
  /** `buckets[n − 1][row]` is the bucket of the histories whose longest context is the n-gram in this row of order n. */
  private readonly buckets: Uint16Array[] = [];
  /** Buckets by key: the length of the longest context · 2^MOST_MODELS, plus 2^i for each model i that has a context of this length. */
  private readonly bucketsByKey = new Map<number, number>();

  /**
   * @param orders the n-grams that at least one model has, by order from 1 on, sorted.
   * @param bits by order less 1 and row: bit i is 1 if the n-gram is a context of model i.
   * @param models the number of models.
   */
  constructor(
    private readonly orders: readonly Ngrams[],
    bits: readonly Uint32Array[],
    models: number,
  ) {
    // Bucket 0: the longest context is empty, in all models.
    this.bucketsByKey.set((1 << models) - 1, 0);
    // For each n-gram of the order below and each model: the length of the longest end of the n-gram that is a context of the model.
    let suffixLengths: Uint8Array = new Uint8Array(models);
    for (let level = 0; level < orders.length - 1; level++) {
      const ngrams = orders[level];
      const lengths = new Uint8Array(models * ngrams.length);
      const buckets = new Uint16Array(ngrams.length);
      for (let row = 0; row < ngrams.length; row++) {
        const suffix = level > 0 ? orders[level - 1].find(ngrams.wordsOf(row).slice(1)) : 0;
        for (let i = 0; i < models; i++) {
          const isContext = ((bits[level][row] >>> i) & 1) === 1;
          const suffixLength = level > 0 && suffix >= 0 ? suffixLengths[models * suffix + i] : 0;
          lengths[models * row + i] = isContext ? level + 1 : suffixLength;
        }
        buckets[row] = this.bucketOf(lengths.subarray(models * row, models * (row + 1)));
      }
      this.buckets.push(buckets);
      suffixLengths = lengths;
    }
  }

  /** The bucket of the context that is row `row` of `orders[level − 1]`; row −1 is the empty context. */
  of(level: number, row: number): number {
    return row < 0 ? 0 : this.buckets[level - 1][row];
  }

  /** The bucket of a history: joined ids, oldest word first. */
  ofHistory(history: readonly number[]): number {
    for (let from = Math.max(0, history.length - this.buckets.length); from < history.length; from++) {
      const context = history.slice(from);
      const row = this.orders[context.length - 1].find(context);
      if (row >= 0) return this.buckets[context.length - 1][row];
    }
    return 0;
  }

  /** By bucket: the length of the longest context, and the indices of the models that have one of this length. */
  describe(): { readonly length: number; readonly models: readonly number[] }[] {
    const described: { length: number; models: number[] }[] = [];
    for (const [key, bucket] of this.bucketsByKey) {
      const models = Array.from({ length: MOST_MODELS }, (_, i) => i).filter(i => ((key >>> i) & 1) === 1);
      described[bucket] = { length: key >>> MOST_MODELS, models };
    }
    return described;
  }

  /** @param lengths by model: the length of the longest context. */
  private bucketOf(lengths: Uint8Array): number {
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    let key = longest << MOST_MODELS;
    lengths.forEach((length, i) => (key |= length === longest ? 1 << i : 0));
    let bucket = this.bucketsByKey.get(key);
    if (bucket === undefined) this.bucketsByKey.set(key, (bucket = this.count++));
    return bucket;
  }
}
