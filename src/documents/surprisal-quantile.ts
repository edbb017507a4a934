import { bitsOf } from '../model/scoring/perplexity.js';

/** How many low bits of a Float32 a bin ignores, which leaves 2^12 bins for each doubling of the value. */
const DROPPED_BITS = 11;
const BINS = 1 << (31 - DROPPED_BITS);

/**
 * The distribution of the surprisals of any number of tokens, in 8 MB of memory: a histogram whose bins are at most 1/4,096 of their value wide.
 */
export class SurprisalHistogram {
  /** By bin, how many tokens are in it. */
  private readonly counts = new Float64Array(BINS);
  /** A number and, in the same memory, its bits. */
  private readonly number = new Float32Array(1);
  private readonly bits = new Uint32Array(this.number.buffer);
  /** Number of tokens. */
  private total = 0;

  /** Adds the surprisals of tokens. @param log10Probs the log10 p of each token. */
  add(log10Probs: Float64Array): void {
    const { counts, number, bits } = this;
    for (const log10Prob of log10Probs) {
      number[0] = Math.max(0, bitsOf(log10Prob));
      counts[bits[0] >>> DROPPED_BITS]++;
    }
    this.total += log10Probs.length;
  }

  /** The surprisal that `share` of the tokens do not exceed [bits], exact to 1/4,096 of its value; 0 without tokens. */
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
