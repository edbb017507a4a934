import type { Pruning } from '../tables/pruning.js';
import type { TableSummary } from '../tables/table-writer.js';

/** Some rows of a sorted table, valid until the next ones. */
export interface SortedRows {
  /** Of each row by distance, nearest word first: the ids of its context. */
  readonly contexts: readonly Uint32Array[];
  /** Of each row, the predicted word; `NONE` in the first row of a context whose count is that of n-grams that were dropped. */
  readonly words: Uint32Array;
  readonly counts: Uint32Array;
  readonly length: number;
}

/**
 * The other way in: tables that are counted, adjusted and sorted already, so that only blocks are to be made of them. A text and
 * other n-grams come in as an `NgramSource`.
 *
 * - Input: a folder that another program wrote.
 * - Output: the rows of each table, with ids of the source's vocabulary.
 * - Order: rows ascend, nearest word first, then the predicted word. Whoever reads them checks it.
 */
export interface SortedTables {
  /** Rows of all tables. */
  readonly rows: number;
  /** How n-grams were dropped; `undefined` if none were. */
  readonly pruning: Pruning | undefined;
  /** Reads a table. @param table its pattern. */
  read(table: string): AsyncIterable<SortedRows>;
  /** Completes the summary of a table whose rows were all read: with the rows that were dropped. @throws an error if rows are missing. */
  summarize(table: string, written: TableSummary): TableSummary & { readonly dropped?: number };
  /** The error for rows in a wrong order. */
  unsorted(table: string, row: number): Error;
}
