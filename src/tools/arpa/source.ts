import type { TableCursor } from '../../tables/cursor.js';

/**
 * A model in back-off form: for each n-gram, log10 p of its last word after the others, and its back-off as a context. The level
 * of a table is its order less 1.
 */
export interface BackoffSource {
  /** log10 p of every word by id, `<s>` included; NaN for ids without a word in the model. */
  unigrams(): Promise<Float64Array>;
  /** Opens a table. @returns a cursor at its first context. */
  open(level: number): Promise<TableCursor>;
  /** log10 of the back-off of the cursor's context. */
  backoff(level: number, cursor: TableCursor): number;
  /**
   * Visits all contexts of a table in their order. The level is at least 1.
   *
   * @param visit called with the cursor at a context, and log10 p of its followers (entry i belongs to the cursor's entry i). If
   *   it returns a promise, the next call waits for it.
   */
  visit(level: number, visit: VisitContext): Promise<void>;
}

export type VisitContext = (cursor: TableCursor, log10Probs: Float64Array) => Promise<void> | undefined;
