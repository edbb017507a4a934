/**
 * Steps through the contexts of a table in the order of the rows. At each step, its members describe one context and all its followers.
 */
export interface TableCursor {
  /** The words of the current context, nearest first. */
  readonly context: Uint32Array;
  /** The ids of the followers, ascending, are the entries `from` … `to` − 1. */
  readonly words: Uint32Array;
  /** The counts of the followers, in the same entries. */
  readonly counts: Uint32Array;
  /** In a back-off model, log10 p of the followers, in the same entries. */
  readonly log10Probs: Float64Array;
  /** In a back-off model, log10 of the context's back-off. */
  readonly backoff: number;
  readonly from: number;
  readonly to: number;
  /** The sum of the counts of the context's pruned followers. */
  readonly pruned: number;
  /** The index of the context in the table. */
  readonly contextIndex: number;
  /** The index of the context's first row in the table. */
  readonly row: number;
  /** Whether there are no more contexts. */
  readonly done: boolean;

  /** Moves to the next context. Returns a promise if a block has to be read first. */
  advance(): Promise<void> | undefined;

  /**
   * Of a cursor of `openCursors`: whether the current context is the current context of the cursor before with a word added to the left. Must be called,
   * and return true, before the words of the context are read.
   *
   * @throws KNESER_DAMAGED
   */
  extendsShorter(): boolean;

  /** Checks that there are no more contexts. @throws KNESER_DAMAGED */
  expectDone(): void;
}
