import type { Batch } from './batch.js';
import type { Followers } from './followers.js';

/** Number of 32-bit numbers that the evidence holds for a word and a table; the constants below are their places. */
export const FIELDS = 6;
/** c: the count of the word after its context. */
export const COUNT = 0;
/** Σc: the counts of all followers of the context, pruned ones included. */
export const TOTAL = 1;
/** N1: followers with the count 1. */
export const ONES = 2;
/** N2: followers with the count 2. */
export const TWOS = 3;
/** N+: all followers but the pruned ones. */
export const FOLLOWERS = 4;
/** The part of Σc that belongs to pruned followers. */
export const PRUNED = 5;

/**
 * The counts of a batch of words in all tables, as one array of 32-bit numbers:
 *
 * ```
 *  table 0                                   table 1
 * ┌────────┬────────┬───┬───────────────────┬────────┬────────┬───
 * │ word 0 │ word 1 │ … │ word capacity − 1 │ word 0 │ word 1 │ …
 * └────────┴────────┴───┴───────────────────┴────────┴────────┴───
 *  each table and word: c, Σc, N1, N2, N+, pruned (FIELDS numbers)
 *  table s, word t: begins at index (s · capacity + t) · FIELDS
 * ```
 *
 * A context that was not seen has total 0. Counts of orders below the highest are Kneser-Ney's continuation counts, called
 * adjusted counts by Heafield et al. (2013); skip patterns have the continuation counts of Pickhardt et al. (2014, equation 4): the
 * number of distinct words that can stand before the n-gram.
 *
 * In a back-off model, which has no counts, `COUNT` and `TOTAL` point into `numbers`: `COUNT` − 1 is the place of log10 p of the
 * n-gram, `TOTAL` − 1 the place of log10 of the context's back-off; 0 stands for an n-gram or a context that the model lacks.
 */
export class Evidence {
  readonly data: Uint32Array;

  constructor(
    readonly tables: number,
    readonly capacity: number,
    readonly numbers: Float64Array = NO_NUMBERS,
  ) {
    this.data = new Uint32Array(tables * capacity * FIELDS);
  }

  /** The index in `data` of the first number of a word and a table. */
  at(t: number, table: number): number {
    return (table * this.capacity + t) * FIELDS;
  }

  /** Stores log10 p and back-off of a word and a table, in an evidence with room for two `numbers` for each. @param found whether the model has the n-gram. */
  putNumbers(at: number, found: boolean, log10Prob: number, backoff: number): void {
    const place = 2 * (at / FIELDS);
    this.numbers[place] = log10Prob;
    this.numbers[place + 1] = backoff;
    this.data[at + COUNT] = found ? place + 1 : 0;
    this.data[at + TOTAL] = place + 2;
  }

  /** Clears a table's part of the first `words` words. */
  clear(table: number, words: number): void {
    this.data.fill(0, this.at(0, table), this.at(words, table));
  }
}

const NO_NUMBERS = new Float64Array(0);

/** A count table as scoring sees it. */
export interface CountTable {
  /**
   * Fills in this table's part of the evidence; the tables of shorter contexts were looked up before. Returns a promise
   * if blocks have to be read first, and `undefined` if the evidence is filled in.
   */
  look(batch: Batch, evidence: Evidence): Promise<void> | undefined;

  /**
   * The followers of the context of a batch's first word. `look` was called for this batch last, and found the context. Returns a
   * promise if blocks have to be read first: call again when it has resolved.
   */
  followers(batch: Batch): Followers | Promise<void>;
}
