import type { Batch } from './batch.js';
import type { Followers } from './followers.js';

/**
 * Numbers that the evidence holds for a word and a table: the count of the word in its context, the context's totals, and
 * how much of Σc belongs to followers that were pruned.
 */
export const FIELDS = 6;
export const COUNT = 0;
export const TOTAL = 1;
export const ONES = 2;
export const TWOS = 3;
export const FOLLOWERS = 4;
export const PRUNED = 5;

/**
 * What the count tables say of a batch of words. The six numbers of word t and table s begin at
 * `(t * tables + s) * FIELDS`. A context that was not seen has total 0.
 *
 * Of a back-off model, `COUNT` and `TOTAL` are one more than the places in `numbers` of log10 p of the n-gram and of log10 of
 * the context's back-off, or 0.
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

  /** Where the numbers of a word and a table begin. */
  at(t: number, table: number): number {
    return (t * this.tables + table) * FIELDS;
  }

  /** Takes the numbers of a word and a table, where it has room for two for each. @param found whether there is such an n-gram. */
  putNumbers(at: number, found: boolean, log10Prob: number, backoff: number): void {
    const place = 2 * (at / FIELDS);
    this.numbers[place] = log10Prob;
    this.numbers[place + 1] = backoff;
    this.data[at + COUNT] = found ? place + 1 : 0;
    this.data[at + TOTAL] = place + 2;
  }

  clear(at: number): void {
    this.data.fill(0, at, at + FIELDS);
  }
}

const NO_NUMBERS = new Float64Array(0);

/** A count table as scoring sees it. */
export interface CountTable {
  /** Reads what looking a batch up may need, if this table has anything to read. */
  fetch?(batch: Batch): Promise<void>;

  /**
   * Fills in this table's part of the evidence; the tables of shorter contexts have been asked before. Returns a promise
   * where something has to be read first, and nothing where all is at hand.
   */
  look(batch: Batch, evidence: Evidence): Promise<void> | undefined;

  /**
   * The followers of the context of a batch's first word, which was looked up last and whose context was seen. A promise
   * where something has to be read first: then ask again.
   */
  followers(batch: Batch): Followers | Promise<void>;
}
