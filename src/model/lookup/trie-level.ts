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

/** A table in which the words of a batch are looked up. The tables of longer contexts look up its hits. */
export interface TrieLevel extends CountTable {
  /** The words whose context was found. In a chain of tables, the second table after this one overwrites them. */
  readonly hits: Hits;
  /**
   * The context of the batch's only word, with all blocks of its rows. Returns a promise if blocks have to be read first: call again when
   * it has resolved.
   */
  contextOfFirst(): TrieContext | Promise<void>;
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
