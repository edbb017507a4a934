import { surprisal } from './figures.js';

/** How many low bits of a Float32 are dropped: 2^12 bins for each doubling of the value remain. */
const DROPPED_BITS = 11;
const BINS = 1 << (31 - DROPPED_BITS);

/**
 * The distribution of the surprisals of any number of tokens, in 4 MB: a histogram whose bins are 1/4,096 of their value wide.
 */
export class SurprisalHistogram {
  private readonly counts = new Float64Array(BINS);
  private readonly number = new Float32Array(1);
  private readonly bits = new Uint32Array(this.number.buffer);
  private total = 0;

  /** Adds the surprisals of tokens. @param log10Probs the log10 p of each token. */
  add(log10Probs: Float64Array): void {
    const { counts, number, bits } = this;
    for (const log10Prob of log10Probs) {
      number[0] = Math.max(0, surprisal(log10Prob));
      counts[bits[0] >>> DROPPED_BITS]++;
    }
    this.total += log10Probs.length;
  }

  /** The surprisal [bits] that a share of the tokens does not exceed, to 1/4,096 of its value; 0 without tokens. */
  quantile(share: number): number {
    const { counts, number, bits, total } = this;
    let below = 0;
    for (let bin = 0; bin < BINS; bin++) {
      below += counts[bin];
      if (below < share * total || counts[bin] === 0) continue;
      bits[0] = (bin + 1) << DROPPED_BITS;
      return number[0];
    }
    return 0;
  }
}
