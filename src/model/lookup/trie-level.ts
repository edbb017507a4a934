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
import type { Places } from './places.js';
import type { TrieContext } from './trie-context.js';

/** A table in which the words of a batch were looked up, and from which the tables of longer contexts continue. */
export interface TrieLevel extends CountTable {
  /** The words whose context was found. Valid until the second table after this one is looked at. */
  readonly places: Places;
  /** As `LoadedTable.interpolate`, with the lengths of the longest n-grams found so far. */
  interpolate(
    batch: Batch,
    values: Float64Array,
    matched: Uint8Array,
    discounts: Float64Array,
  ): Promise<void> | undefined;
  /** The context of the batch's only word, with all blocks of its rows. Returns a promise if blocks have to be read first. */
  contextOfFirst(): TrieContext | Promise<void>;
}

/** Clears a table's part of the evidence of a batch. */
export function clearEvidence({ length }: Batch, evidence: Evidence, index: number): void {
  evidence.clear(index, length);
}

/**
 * Writes the evidence of word `t` in a table.
 *
 * @param context of the word, whose totals the block found last.
 * @param row of the word in the block, or −1.
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
