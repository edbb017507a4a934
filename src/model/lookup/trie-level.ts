import type { Batch } from '../../smoothing/batch.js';
import {
  COUNT,
  FOLLOWERS,
  ONES,
  PRUNED,
  TOTAL,
  TWOS,
  type CountTable,
  type Evidence,
} from '../../smoothing/evidence.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import type { Hits } from './hits.js';
import type { TrieContext } from './trie-context.js';

/** The data that the tables of a chain share while they interpolate the words of a batch. */
export interface ChainPass {
  /** The probability of each word before the first table: 1 / size of the vocabulary. */
  readonly uniform: number;
  /** By word of the batch, p(w|h); written as soon as a table lacks the context of the word, or after the last table. */
  readonly probabilities: Float64Array;
  /** By word of the batch, the length of the longest n-gram that was found [words]. */
  readonly matched: Uint8Array;
}

/** A table in which the words of a batch are looked up. The tables of longer contexts look up its hits. */
export interface TrieLevel extends CountTable {
  /** The words whose context was found. In a chain of tables, the second table after this one overwrites them. */
  readonly hits: Hits;
  /**
   * Looks words up, and interpolates their probabilities as `LoadedTable.interpolate` does, into `hits`. Hits of the parent's table
   * that are no hits here get their final probabilities, because longer tables lack their contexts too.
   *
   * @param discounts of {@link Chain}.
   */
  interpolate(batch: Batch, pass: ChainPass, discounts: Float64Array): Promise<void> | undefined;
  /**
   * The context of the batch's only word, with all blocks of its rows. Returns a promise if blocks have to be read first: call again when
   * it has resolved.
   */
  contextOfFirst(): TrieContext | Promise<void>;
}

/** Writes the final probabilities of the words of the hits `order[from, to)`. */
export function finishWords(hits: Hits, order: Uint32Array, from: number, to: number, pass: ChainPass): void {
  const { words, values, matched } = hits;
  for (let i = from; i < to; i++) {
    const hit = order[i];
    const t = words[hit];
    pass.probabilities[t] = values[hit];
    pass.matched[t] = matched[hit];
  }
}

/** Sets a table's evidence of all words of a batch to 0. */
export function clearEvidence({ length }: Batch, evidence: Evidence, index: number): void {
  evidence.clear(index, length);
}

/**
 * Writes the evidence of word `t` of a batch.
 *
 * @param index the table's index in the evidence.
 * @param context the index of the word's context within the block; `block.addTotals` was called for it.
 * @param row the row of the word in the block, or −1.
 */
export function putEvidence(
  evidence: Evidence,
  t: number,
  index: number,
  block: TrieBlock,
  context: number,
  row: number,
): void {
  const { data } = evidence;
  const at = evidence.at(t, index);
  if (block.isBackoff) {
    evidence.putNumbers(at, row >= 0, row < 0 ? 0 : block.log10Prob(row), block.backoff(context));
    return;
  }
  data[at + COUNT] = row < 0 ? 0 : block.count(row);
  data[at + TOTAL] = block.total;
  data[at + ONES] = block.ones;
  data[at + TWOS] = block.twos;
  data[at + FOLLOWERS] = block.followers;
  data[at + PRUNED] = block.prunedTotal;
}
