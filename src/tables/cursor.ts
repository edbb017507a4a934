import type { KneserError } from '../base/errors.js';
import { NO_NUMBERS } from './block.js';
import { damagedTable } from './damage.js';

/**
 * Steps through the contexts of a table in the order of the rows. At each step, its members describe one context and all its followers.
 */
export abstract class TableCursor {
  /** The words of the current context, nearest first. */
  readonly context: Uint32Array;
  /** The ids of the followers, ascending, are the entries `from` … `to` − 1. */
  words: Uint32Array;
  /** The counts of the followers, in the same entries. */
  counts: Uint32Array;
  /** In a back-off model, log10 p of the followers, in the same entries. */
  log10Probs: Float64Array = NO_NUMBERS;
  /** In a back-off model, log10 of the context's back-off. */
  backoff = 0;
  from = 0;
  to = 0;
  /** The sum of the counts of the context's pruned followers. */
  pruned = 0;
  /** The index of the context in the table. */
  contextIndex = -1;
  /** The index of the context's first row in the table. */
  row = 0;
  /** Whether there are no more contexts. */
  done = false;

  /** @param store and `table` are named in messages. @param width words of a context. */
  constructor(
    private readonly store: { readonly name: string },
    private readonly table: { readonly name: string },
    width: number,
    words: Uint32Array,
    counts: Uint32Array,
  ) {
    this.context = new Uint32Array(width);
    this.words = words;
    this.counts = counts;
  }

  /** Moves to the next context. Returns a promise if a block has to be read first. */
  abstract advance(): Promise<void> | undefined;

  /**
   * Of a cursor of `openCursors`: whether the current context is the current context of the cursor before with a word added to the left. Must be called,
   * and return true, before the words of the context are read.
   *
   * @throws KNESER_DAMAGED
   */
  abstract extendsShorter(): boolean;

  /** Checks that there are no more contexts. @throws KNESER_DAMAGED */
  expectDone(): void {
    if (!this.done) throw this.damaged('it has contexts that extend no context of the order below');
  }

  /** The error for the table with values that do not fit together. */
  protected damaged(reason: string): KneserError {
    return damagedTable(this.store.name, this.table.name, reason);
  }
}
