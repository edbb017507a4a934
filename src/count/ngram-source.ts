/**
 * How the chunks of a source say how often an n-gram was seen. `one`: each n-gram was seen once. `counts`: the number after an n-gram is
 * its count. `differences`: the number after an n-gram is signed (two's complement); the numbers of equal n-grams are added up, and an
 * n-gram counts only if its sum is above 0.
 */
export type Weights = 'one' | 'counts' | 'differences';

/** Some of the n-grams of a source, as ids in an array. */
export interface Chunk {
  /** An array in memory that threads share. All chunks of a source use the same array: the next chunk overwrites it. */
  readonly ids: Uint32Array;
  /** Where the first predicted word is in `ids`. The ids before a predicted word are its history, with `NONE` before `<s>`. */
  readonly begin: number;
  /** Where the n-grams end in `ids` (exclusive). */
  readonly end: number;
  /** The distance in `ids` from one predicted word to the next. */
  readonly step: number;
}

/**
 * The origin of the n-grams that are counted. A text (`textNgrams`), models and files of counts (`windows.ts`) are sources; the same code
 * sorts, adjusts and writes the n-grams of all sources.
 *
 * - Input: the tokens of a text with their histories, or distinct n-grams with counts. The n-grams are as long as the order, or they are
 *   shorter and begin with `<s>`. Every occurrence of a token is the last word of exactly one of these n-grams, so that all counts of a
 *   model can be computed from them.
 * - Output: chunks of ids, with the n-grams in any sequence, because they are sorted afterwards.
 */
export interface NgramSource {
  /** How many 32-bit numbers the chunks have together. */
  readonly length: number;
  /** The distance from one n-gram to the next in a chunk: 1 in a text, where n-grams overlap. */
  readonly step: number;
  readonly weights: Weights;
  /**
   * Lays all n-grams out in chunks.
   *
   * @param toId by word index of the source, the id of the word.
   * @param limit the most 32-bit numbers of a chunk.
   * @param consume whether the source's memory is freed while it is read, so that it cannot be read again.
   */
  chunks(toId: Uint32Array, limit: number, consume: boolean): AsyncIterable<Chunk> | Iterable<Chunk>;
  /** Called with the number of n-grams that were left out because their differences add up to less than 0. Only for `differences`. */
  onNegative?(ngrams: number): void;
  /** Closes temporary files. */
  close(): void;
}
