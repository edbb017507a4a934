import type { Batch } from './batch.js';

/**
 * What the count tables say of a batch of words: for each pattern and word the count of the word in its context, and the
 * context's totals. The entry of pattern s and word t is at `s * capacity + t`. A context that was not seen has total 0.
 */
export class Evidence {
  readonly counts: Uint32Array;
  readonly totals: Uint32Array;
  readonly ones: Uint32Array;
  readonly twos: Uint32Array;
  readonly followers: Uint32Array;

  constructor(
    patterns: number,
    readonly capacity: number,
  ) {
    const length = patterns * capacity;
    this.counts = new Uint32Array(length);
    this.totals = new Uint32Array(length);
    this.ones = new Uint32Array(length);
    this.twos = new Uint32Array(length);
    this.followers = new Uint32Array(length);
  }

  clear(at: number): void {
    this.counts[at] = 0;
    this.totals[at] = 0;
    this.ones[at] = 0;
    this.twos[at] = 0;
    this.followers[at] = 0;
  }
}

/** A count table as scoring sees it. */
export interface CountTable {
  /**
   * Fills in this table's part of the evidence; the tables of shorter contexts have been asked before. Returns a promise
   * where something has to be read first, and nothing where all is at hand.
   */
  look(batch: Batch, evidence: Evidence): Promise<void> | undefined;
}
