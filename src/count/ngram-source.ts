/**
 * How often an n-gram of a chunk was seen. `one`: once. `counts`: the number after the n-gram is its count. `differences`: this number
 * is signed (two's complement); the numbers of equal n-grams are added up, and n-grams with the sum 0 do not occur.
 */
export type Weights = 'one' | 'counts' | 'differences';

/** A part of the n-grams that are counted, as ids in an array. */
export interface Chunk {
  /** Memory shared between threads. All chunks of a source use it: it is overwritten when the next chunk is asked for. */
  readonly ids: Uint32Array;
  /** Index of the first predicted word. The numbers before a predicted word are its history, `NONE` before `<s>`. */
  readonly begin: number;
  /** Index after the last word. */
  readonly end: number;
  /** Numbers from one predicted word to the next. */
  readonly step: number;
}

/**
 * The one way in: where counted n-grams come from. A text (`textNgrams`), models and files of counts (`windows.ts`) are sources;
 * sorting, adjusting and writing them is the same code for all.
 *
 * - Input: the tokens of a text with their histories, or different n-grams with counts. The n-grams are as long as the order, or
 *   shorter and begin with `<s>`: every occurrence of a token ends exactly one of them, so all counts of a model follow from these.
 * - Output: chunks of ids.
 * - Order: any; sorting follows.
 */
export interface NgramSource {
  /** How many numbers the chunks have all together. */
  readonly length: number;
  /** Numbers from one n-gram to the next: 1 in a text, where n-grams overlap. */
  readonly step: number;
  readonly weights: Weights;
  /**
   * Lays all n-grams out.
   *
   * @param toId the id of each word number of the source.
   * @param limit the most numbers of a chunk.
   * @param consume frees the source's memory on the way: it cannot be read again.
   */
  chunks(toId: Uint32Array, limit: number, consume: boolean): AsyncIterable<Chunk> | Iterable<Chunk>;
  /** Called with the number of n-grams that were left out because their differences add up to less than 0. */
  onNegative?(ngrams: number): void;
  /** Closes temporary files. */
  close(): void;
}
