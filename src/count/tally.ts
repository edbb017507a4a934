import type { TableSummary } from '../tables/table-writer.js';
import type { TupleSink } from './sort.js';

/**
 * Turns sorted tuples into count tables with adjusted counts (Heafield et al. 2013, section 3.2).
 *
 * - Input: the tuples of one partition of one sort, ascending.
 * - Output: blocks of the tables of the sort. One sort serves several tables: its tuples are grouped by the words of the longest pattern,
 *   and each group of a shorter pattern is a union of such groups.
 * - Calls: `add` for all tuples, then `end`; afterwards the tally is ready for another partition.
 */
export interface Tally {
  /** For each column of the tuples, the distance of its word to the left of the predicted word; 0 for the predicted word itself. */
  readonly distances: readonly number[];
  /** The tables of the sort, with the sums over their rows so far. */
  readonly tables: readonly { readonly table: string; summary: TableSummary }[];
  readonly add: TupleSink;
  /** Writes the last groups, and emits the last, unfilled block of each table. */
  end(): void;
}
