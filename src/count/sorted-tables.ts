import type { Pruning } from '../tables/pruning.js';
import type { TableSummary } from '../tables/table-writer.js';

/** Some rows of a sorted table. The arrays are valid until the next rows are asked for; their first `length` entries are in use. */
export interface SortedRows {
  /** One array for each word of the context, nearest word first: by row, the word's id. */
  readonly contexts: readonly Uint32Array[];
  /**
   * By row, the id of the predicted word. If it is `NONE`, in a context's first row, the count of the row is the sum of the counts of the
   * context's dropped n-grams.
   */
  readonly words: Uint32Array;
  /** By row, the adjusted count. */
  readonly counts: Uint32Array;
  /** Number of rows. */
  readonly length: number;
}

/**
 * Tables whose n-grams another program has already counted, adjusted and sorted, so that they only have to be written as blocks. (A text
 * and other unsorted n-grams are an `NgramSource`.)
 *
 * - Input: a folder that another program wrote.
 * - Output: the rows of each table, with ids of the source's vocabulary. Rows ascend by context (nearest word first), then by predicted
 *   word; the reader of the rows checks this.
 */
export interface SortedTables {
  /** Number of rows of all tables together. */
  readonly rows: number;
  /** How n-grams were dropped; `undefined` if none were. */
  readonly pruning: Pruning | undefined;
  /** Reads the rows of a table. @param table the pattern of the table, as text. */
  read(table: string): AsyncIterable<SortedRows>;
  /** Adds the dropped n-grams to the summary of a table whose rows were all read. @throws an error if rows are missing. */
  summarize(table: string, written: TableSummary): TableSummary & { readonly dropped?: number };
  /** The error for a row that does not come after the row before it. @param row the row's index in the table, from 0. */
  unsorted(table: string, row: number): Error;
}
