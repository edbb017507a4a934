import { log10 } from '../../base/elementary.js';
import type { Batch } from '../../smoothing/batch.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

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

/** Scores by Kneser-Ney over contiguous n-grams. */
export class ChainScorer implements BatchScorer {
  private scores = emptyScores(0);

  constructor(private readonly tables: ChainTables) {}

  *score(batch: Batch): Generator<Promise<void>, BatchScores, void> {
    return this.scoresOf(batch, yield* this.tables.interpolate(batch));
  }

  /** A function of its own, because V8 runs the loops of a short-lived generator without optimizing them (measured). */
  private scoresOf({ oov, targets, length }: Batch, found: ChainProbabilities): BatchScores {
    if (length > this.scores.matched.length) this.scores = emptyScores(targets.length);
    const { log10Probs, matched } = this.scores;
    for (let t = 0; t < length; t++) {
      log10Probs[t] = log10(found.probabilities[t]);
      matched[t] = oov[t] === 1 ? 1 : found.matched[t];
    }
    return this.scores;
  }
}
