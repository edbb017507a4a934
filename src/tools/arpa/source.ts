import type { TableCursor } from '../../tables/cursor.js';

/**
 * A model in back-off form: each n-gram with log10 p of its last word after the others, and with the back-off of what it is a
 * context of. Tables are told by level: that of the n-grams of order n has level n − 1.
 */
export interface BackoffSource {
  /** By id, log10 p of every word; NaN for those that the model does not have. `<s>` is among them. */
  unigrams(): Promise<Float64Array>;
  /** A table from its first context on. */
  open(level: number): Promise<TableCursor>;
  /** log10 of the back-off of the context that a cursor is at. */
  backoff(level: number, cursor: TableCursor): number;
  /**
   * Goes through the contexts of a table from level 1 on, each with all its followers.
   *
   * @param visit told log10 p of the followers: entry i is that of the cursor's entry i. Where it returns a promise, that is
   *   waited for.
   */
  visit(level: number, visit: VisitContext): Promise<void>;
}

export type VisitContext = (cursor: TableCursor, log10Probs: Float64Array) => Promise<void> | undefined;
