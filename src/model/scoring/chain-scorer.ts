import { log10 } from '../../base/elementary.js';
import type { Batch } from '../../smoothing/batch.js';
import type { Chain } from '../../smoothing/estimator.js';
import type { LoadedTable } from '../lookup/loaded-table.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

/**
 * Scores by Kneser-Ney over contiguous n-grams, with tables in memory: each context backs off to the context without its farthest word.
 * One pass over each table looks words up and interpolates their probabilities, so that no evidence is written and read again. The
 * results equal the results of `Scorer`, to the last bit.
 */
export class ChainScorer implements BatchScorer {
  private scores = emptyScores(0);
  /** By position in the batch's ids, p(w|h) for the context h in the table of the last pass. */
  private values = new Float64Array(0);
  /** By position, the length of the longest n-gram found so far. */
  private lengths = new Uint8Array(0);

  /** @param tables the tables of contiguous n-grams, shorter contexts first. */
  constructor(
    private readonly tables: readonly LoadedTable[],
    private readonly chain: Chain,
  ) {}

  // BatchScorer requires a generator; this one yields nothing, because tables in memory need no waiting. The loops are in a function, because
  // V8 runs those of a short-lived generator without optimizing them, and then allocates each log10 p (measured).
  *score(batch: Batch): Generator<Promise<void>, BatchScores, void> {
    return this.scoreAtOnce(batch);
  }

  private scoreAtOnce(batch: Batch): BatchScores {
    const { ids, targets, oov, length } = batch;
    if (length > this.scores.matched.length) this.scores = emptyScores(targets.length);
    const { log10Probs, matched } = this.scores;
    if (length === 0) return this.scores;
    const positions = targets[length - 1] + 1;
    if (positions > this.values.length) {
      this.values = new Float64Array(ids.length);
      this.lengths = new Uint8Array(ids.length);
    }
    const { tables, values, lengths } = this;
    const { discounts, vocabulary } = this.chain;
    values.fill(1 / vocabulary, 0, positions);
    lengths.fill(1, 0, positions);
    for (let level = 0; level < tables.length; level++) {
      tables[level].interpolate(ids, positions, values, lengths, discounts[level]);
    }
    for (let t = 0; t < length; t++) {
      const position = targets[t];
      log10Probs[t] = log10(values[position]);
      matched[t] = oov[t] === 1 ? 1 : lengths[position];
    }
    return this.scores;
  }
}
