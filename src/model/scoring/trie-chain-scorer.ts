import { log10 } from '../../base/elementary.js';
import type { Batch } from '../../smoothing/batch.js';
import type { Chain } from '../../smoothing/estimator.js';
import type { TrieLevel } from '../lookup/trie-level.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

/** Scores as `ChainScorer` does, from tables in the store: each table looks up the words of a batch, and interpolates, in the order of its rows. */
export class TrieChainScorer implements BatchScorer {
  private scores = emptyScores(0);
  /** By word of the batch, p(w|h) for its context h in the last table that was read. */
  private values = new Float64Array(0);

  /** @param tables the tables of contiguous n-grams, shorter contexts first. */
  constructor(
    private readonly tables: readonly TrieLevel[],
    private readonly chain: Chain,
  ) {}

  *score(batch: Batch): Generator<Promise<void>, BatchScores, void> {
    const { oov, length } = batch;
    if (length > this.scores.matched.length) {
      this.scores = emptyScores(batch.targets.length);
      this.values = new Float64Array(batch.targets.length);
    }
    const { values, tables } = this;
    const { log10Probs, matched } = this.scores;
    const { discounts, vocabulary } = this.chain;
    values.fill(1 / vocabulary, 0, length);
    matched.fill(1, 0, length);
    for (let level = 0; level < tables.length; level++) {
      const reading = tables[level].interpolate(batch, values, matched, discounts[level]);
      if (reading) yield reading;
    }
    for (let t = 0; t < length; t++) {
      log10Probs[t] = log10(values[t]);
      if (oov[t] === 1) matched[t] = 1;
    }
    return this.scores;
  }
}
