import type { Batch } from '../../smoothing/batch.js';
import type { Chain } from '../../smoothing/estimator.js';
import { finishWords, type TrieLevel } from '../lookup/trie-level.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

/**
 * Scores by Kneser-Ney over contiguous n-grams, as `ChainScorer` does, from tables in the store. Each table looks up the words of a batch in
 * the order of its rows, and interpolates their probabilities.
 */
export class TrieChainScorer implements BatchScorer {
  private scores = emptyScores(0);
  /** 0, 1, 2 …: all hits of a table, in their order. */
  private order = new Uint32Array(0);

  /** @param tables the tables of contiguous n-grams, shorter contexts first. */
  constructor(
    private readonly tables: readonly TrieLevel[],
    private readonly chain: Chain,
  ) {}

  *score(batch: Batch): Generator<Promise<void>, BatchScores, void> {
    const { oov, length } = batch;
    if (length > this.order.length) {
      this.scores = emptyScores(batch.targets.length);
      this.order = new Uint32Array(batch.targets.length);
      for (let hit = 0; hit < this.order.length; hit++) this.order[hit] = hit;
    }
    const { tables, scores, order } = this;
    const { discounts, vocabulary } = this.chain;
    const { log10Probs, matched } = scores;
    const pass = { uniform: 1 / vocabulary, log10Probs, matched };
    for (let level = 0; level < tables.length; level++) {
      const reading = tables[level].interpolate(batch, pass, discounts[level]);
      if (reading) yield reading;
    }
    const { hits } = tables[tables.length - 1];
    finishWords(hits, order, 0, hits.length, pass);
    for (let t = 0; t < length; t++) if (oov[t] === 1) scores.matched[t] = 1;
    return scores;
  }
}
