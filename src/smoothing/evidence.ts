import type { Batch } from './batch.js';
import type { Followers } from './followers.js';

/** Number of 32-bit numbers that the evidence has for one word and one table. The constants below are the offsets of these numbers. */
export const FIELDS = 6;
/** c: the count of the word after its context. */
export const COUNT = 0;
/** Σc: the sum of the counts of all followers of the context, pruned ones included. */
export const TOTAL = 1;
/** N1: the number of followers with the count 1. */
export const ONES = 2;
/** N2: the number of followers with the count 2. */
export const TWOS = 3;
/** N+: the number of followers, without pruned ones. */
export const FOLLOWERS = 4;
/** The sum of the counts of the pruned followers, a part of Σc. */
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
 * A back-off model has no counts. Its evidence has indices into `numbers` instead: the number at `COUNT` is 1 + the index of log10 p of
 * the n-gram, the number at `TOTAL` 1 + the index of log10 of the back-off of the context; 0 stands for an n-gram or a context that the
 * model lacks.
 */
export class Evidence {
  readonly data: Uint32Array;

  /**
   * @param tables number of tables.
   * @param capacity the most words of a batch.
   * @param numbers log10 probabilities and back-offs of a back-off model.
   */
  constructor(
    readonly tables: number,
    readonly capacity: number,
    readonly numbers: Float64Array = NO_NUMBERS,
  ) {
    this.data = new Uint32Array(tables * capacity * FIELDS);
  }

  /** The index in `data` of the six numbers of word `t` and a table. */
  at(t: number, table: number): number {
    return (table * this.capacity + t) * FIELDS;
  }

  /**
   * Stores log10 p of an n-gram and log10 of the back-off of its context. `numbers` must have two entries for each word and table.
   *
   * @param at the index of the word and the table in `data`.
   * @param found whether the model has the n-gram.
   */
  putNumbers(at: number, found: boolean, log10Prob: number, backoff: number): void {
    const index = 2 * (at / FIELDS);
    this.numbers[index] = log10Prob;
    this.numbers[index + 1] = backoff;
    this.data[at + COUNT] = found ? index + 1 : 0;
    this.data[at + TOTAL] = index + 2;
  }

  /** Clears a table's part of the first `words` words. */
  clear(table: number, words: number): void {
    const { data } = this;
    const from = this.at(0, table);
    const to = this.at(words, table);
    // Calling `fill` for one word takes longer than this loop (measured).
    if (words > 8) data.fill(0, from, to);
    else for (let i = from; i < to; i++) data[i] = 0;
  }
}

const NO_NUMBERS = new Float64Array(0);

/** A table from which scoring gets evidence. */
export interface CountTable {
  /** The table whose pattern lacks the farthest word; `undefined` for the empty pattern. */
  readonly parent?: CountTable | undefined;

  /**
   * Fills in the evidence of this table for all words of a batch. The tables of shorter contexts must have done so before. Returns a
   * promise if it has to read blocks first, and `undefined` if the evidence is filled in.
   */
  look(batch: Batch, evidence: Evidence): Promise<void> | undefined;

  /**
   * The followers of the context of the first word of a batch. The last call of `look` must have been for this batch, and must have
   * found the context. Returns a promise if blocks have to be read first: call again when it has resolved.
   */
  followers(batch: Batch): Followers | Promise<void>;
}
