import type { Batch } from './batch.js';
import type { Followers } from './followers.js';

/** Numbers that the evidence holds for a word and a table; the constants below are their places. */
export const FIELDS = 6;
/** c: the count of the word after its context. */
export const COUNT = 0;
/** Σc: the counts of all followers of the context, pruned ones included. */
export const TOTAL = 1;
/** N1: followers with the count 1. */
export const ONES = 2;
/** N2: followers with the count 2. */
export const TWOS = 3;
/** All followers that are left. */
export const FOLLOWERS = 4;
/** The part of Σc that belongs to pruned followers. */
export const PRUNED = 5;

/**
 * The counts of a batch of words in all tables, as one array of 32-bit numbers:
 *
 *     word 0                                  word 1
 *     | table 0   | table 1   | … table n−1  | table 0   | …
 *     | c Σc N1 N2 followers pruned |                            FIELDS numbers, from (t · tables + s) · FIELDS on
 *
 * A context that was not seen has total 0. Counts of orders below the highest are Kneser-Ney's continuation counts, called
 * adjusted counts by Heafield et al. (2013); of skip patterns they are those of Pickhardt et al. (2014, equation 4): the
 * number of distinct words that can stand before the n-gram.
 *
 * Of a back-off model, `COUNT` is one more than the place in `numbers` of log10 p of the n-gram, and `TOTAL` one more than
 * that of log10 of the context's back-off; 0 where the model has none.
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
