import { log10 } from '../../base/elementary.js';
import type { Batch } from '../../smoothing/batch.js';
import type { ChainProbabilities, ChainTables } from './chain-tables.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

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
