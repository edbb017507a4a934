import type { Batch } from '../../smoothing/batch.js';

/** The probabilities of a batch: entry t belongs to word t of the batch. The arrays are reused for the next batch. */
export interface ChainProbabilities {
  /** p of the word after its history. */
  readonly probabilities: Float64Array;
  /** The length of the longest n-gram found ending at the word. */
  readonly matched: Uint8Array;
}

/** Arrays for the probabilities of `words` words. */
export function emptyProbabilities(words: number): ChainProbabilities {
  return { probabilities: new Float64Array(words), matched: new Uint8Array(words) };
}

/**
 * The tables of contiguous n-grams, of words or of classes, as a chain: each context backs off to the context without its farthest word. One
 * pass over each table looks words up and interpolates their probabilities, so that no evidence is written and read again. The results
 * equal those from evidence, to the last bit.
 */
export interface ChainTables {
  /** @returns a generator that yields promises: the caller awaits each before it continues the generator. */
  interpolate(batch: Batch): Generator<Promise<void>, ChainProbabilities, void>;
}
