import type { Batch } from '../../smoothing/batch.js';
import type { Chain } from '../../smoothing/chain.js';
import { finishWords, type TrieLevel } from '../lookup/trie-level.js';
import { emptyProbabilities, type ChainProbabilities, type ChainTables } from './chain-tables.js';

/** A chain of tables in the store. Each table looks up the words of a batch in the order of its rows. */
export class TrieChain implements ChainTables {
  private found = emptyProbabilities(0);
  /** 0, 1, 2 …: all hits of a table, in their order. */
  private order = new Uint32Array(0);

  /** @param tables shorter contexts first. */
  constructor(
    private readonly tables: readonly TrieLevel[],
    private readonly chain: Chain,
  ) {}

  *interpolate(batch: Batch): Generator<Promise<void>, ChainProbabilities, void> {
    const { targets, length } = batch;
    if (length > this.order.length) {
      this.found = emptyProbabilities(targets.length);
      this.order = new Uint32Array(targets.length);
      for (let hit = 0; hit < this.order.length; hit++) this.order[hit] = hit;
    }
    const { tables, found, order } = this;
    const { discounts, vocabulary } = this.chain;
    const pass = { uniform: 1 / vocabulary, ...found };
    for (let level = 0; level < tables.length; level++) {
      const reading = tables[level].interpolate(batch, pass, discounts[level]);
      if (reading) yield reading;
    }
    const { hits } = tables[tables.length - 1];
    finishWords(hits, order, 0, hits.length, pass);
    return found;
  }
}
