import type { Batch } from '../../smoothing/batch.js';
import type { Chain } from '../../smoothing/chain.js';
import type { LoadedTable } from '../lookup/loaded-table.js';
import { emptyProbabilities, type ChainProbabilities, type ChainTables } from './chain-tables.js';

/** A chain of tables in memory. */
export class LoadedChain implements ChainTables {
  private found = emptyProbabilities(0);
  /** By position in the batch's ids, p(w|h) for the context h in the table of the last pass. */
  private values = new Float64Array(0);
  /** By position, the length of the longest n-gram found so far. */
  private lengths = new Uint8Array(0);
  /** By id, the probability by the table of the empty pattern; `undefined` until a batch is scored. */
  private unigrams: Float64Array | undefined;

  /** @param tables shorter contexts first. */
  constructor(
    private readonly tables: readonly LoadedTable[],
    private readonly chain: Chain,
  ) {}

  // ChainTables requires a generator; this one yields nothing, because tables in memory need no waiting. The loops are in a function, because
  // V8 does not optimize the loops of a short-lived generator (measured).
  *interpolate(batch: Batch): Generator<Promise<void>, ChainProbabilities, void> {
    return this.atOnce(batch);
  }

  private atOnce({ ids, targets, length }: Batch): ChainProbabilities {
    if (length > this.found.matched.length) this.found = emptyProbabilities(targets.length);
    const { probabilities, matched } = this.found;
    if (length === 0) return this.found;
    const positions = targets[length - 1] + 1;
    if (positions > this.values.length) {
      this.values = new Float64Array(ids.length);
      this.lengths = new Uint8Array(ids.length);
    }
    const { tables, values, lengths } = this;
    const { discounts, vocabulary } = this.chain;
    this.unigrams ??= tables[0].unigrams(1 / vocabulary, discounts[0]);
    tables[0].enter(ids, positions);
    gather(this.unigrams, ids, positions, values);
    lengths.fill(1, 0, positions);
    for (let level = 1; level < tables.length; level++) {
      tables[level].interpolate(ids, positions, values, lengths, discounts[level]);
    }
    for (let t = 0; t < length; t++) {
      const position = targets[t];
      probabilities[t] = values[position];
      matched[t] = lengths[position];
    }
    return this.found;
  }
}

function gather(values: Float64Array, indices: Uint32Array, length: number, into: Float64Array): void {
  for (let i = 0; i < length; i++) into[i] = values[indices[i]];
}
