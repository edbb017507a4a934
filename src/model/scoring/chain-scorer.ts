import { log10 } from '../../base/elementary.js';
import type { Batch } from '../../smoothing/batch.js';
import type { Chain } from '../../smoothing/estimator.js';
import type { LoadedTable } from '../lookup/loaded-table.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

/**
 * Scores with tables in memory where each context backs off to one other, which lacks its farthest word: by Kneser-Ney over
 * contiguous n-grams. Words are looked up and their probabilities interpolated in one pass a table, so that no evidence is written
 * and read again. The results are those of `Scorer`, to the last bit.
 */
export class ChainScorer implements BatchScorer {
  private scores = emptyScores(0);
  /** By position of the batch, p(w|h) for the context h of the table that was asked last. */
  private values = new Float64Array(0);

  /** @param tables of contiguous n-grams, shorter contexts first. */
  constructor(
    private readonly tables: readonly LoadedTable[],
    private readonly chain: Chain,
  ) {}

  // A generator, as BatchScorer has it; there is nothing to wait for.
  *score(batch: Batch): Generator<Promise<void>, BatchScores, void> {
    const { ids, targets, available, oov, length } = batch;
    if (length > this.scores.matched.length) this.scores = emptyScores(targets.length);
    const { log10Probs, matched } = this.scores;
    if (length === 0) return this.scores;
    const positions = targets[length - 1] + 1;
    if (positions > this.values.length) this.values = new Float64Array(ids.length);
    const { tables, values } = this;
    const { discounts, vocabulary } = this.chain;
    values.fill(1 / vocabulary, 0, positions);
    for (let level = 0; level < tables.length; level++) {
      tables[level].interpolate(ids, positions, values, discounts[level]);
    }
    for (let t = 0; t < length; t++) {
      const position = targets[t];
      log10Probs[t] = log10(values[position]);
      let longest = oov[t] === 1 ? 0 : available[t];
      while (longest > 0 && !tables[longest].has(position)) longest--;
      matched[t] = longest + 1;
    }
    return this.scores;
  }
}
