/**
 * Intervals by the bootstrap (Efron 1979), over units of text such as sentences. A resample takes each unit a number of
 * times that is Poisson distributed with mean 1 (Hanley & MacGibbon 2006; Chamandy et al. 2012), instead of so many units
 * at random: the same for ratios such as perplexity once units are many, and it needs neither their number nor the units
 * themselves, so that any text is resampled as it streams by.
 */

/** Resamples unless told otherwise. */
export const RESAMPLES = 1000;
/** Part of the resamples outside an interval. */
const OUTSIDE_INTERVAL = 0.05;

/** The lower and the upper end of a 95 % interval. */
export type Interval = readonly [low: number, high: number];

/** What sets two resamplings apart, or makes them one. */
export interface ResamplingOptions {
  /** How many resamples. */
  readonly resamples: number;
  /**
   * Whole numbers. Resamplings that share both take the same units in each resample, if they are given the same ones:
   * they are paired.
   */
  readonly seed: number;
  readonly stream: number;
}

/** Adds up the figures of units, and of resamples of them. Memory depends on the number of resamples only. */
export class Resampling {
  /** Σ over all units, by figure. */
  readonly sums: Float64Array;
  units = 0;
  /** Σ over the units of each resample, figure by figure. */
  private readonly resampled: Float64Array;
  private readonly resamples: number;
  private readonly random: () => number;

  /** @param width figures a unit. */
  constructor(
    private readonly width: number,
    { resamples, seed, stream }: ResamplingOptions,
  ) {
    this.sums = new Float64Array(width);
    this.resampled = new Float64Array(width * resamples);
    this.resamples = resamples;
    this.random = randomNumbers(seed, stream);
  }

  /** Adds a unit. @param figures `width` of them. */
  add(figures: ArrayLike<number>): void {
    const { width, sums, resampled, random } = this;
    this.units++;
    for (let k = 0; k < width; k++) sums[k] += figures[k];
    for (let at = 0; at < resampled.length; at += width) {
      const times = poisson(random());
      if (times === 0) continue;
      for (let k = 0; k < width; k++) resampled[at + k] += times * figures[k];
    }
  }

  /** A statistic of the sums of each resample; NaN in those where it is not defined. */
  statistics(of: (sums: Float64Array) => number): Float64Array {
    const { width, resampled } = this;
    return Float64Array.from({ length: this.resamples }, (_, b) => of(resampled.subarray(b * width, (b + 1) * width)));
  }

  /** The sums of texts taken together, resample by resample. @throws RangeError for texts of different shape. */
  static together(parts: readonly Resampling[]): Resampling {
    const { width, resamples } = parts[0];
    const all = new Resampling(width, { resamples, seed: 0, stream: 0 });
    for (const part of parts) {
      if (part.resampled.length !== all.resampled.length) throw new RangeError('resamplings differ in shape');
      all.units += part.units;
      part.sums.forEach((sum, k) => (all.sums[k] += sum));
      part.resampled.forEach((sum, at) => (all.resampled[at] += sum));
    }
    return all;
  }
}

/** How many times a unit is taken: the inverse of the Poisson distribution with mean 1. */
function poisson(uniform: number): number {
  let times = 0;
  let probability = Math.exp(-1);
  for (let left = uniform - probability; left >= 0 && probability > 0; left -= probability) {
    times++;
    probability /= times;
  }
  return times;
}

/** The 95 % percentile interval of a statistic's resamples; `null` where fewer than half of them define it. */
export function intervalOf(statistics: Float64Array): Interval | null {
  const sorted = statistics.filter(Number.isFinite).sort();
  if (sorted.length === 0 || 2 * sorted.length < statistics.length) return null;
  return [quantile(sorted, OUTSIDE_INTERVAL / 2), quantile(sorted, 1 - OUTSIDE_INTERVAL / 2)];
}

function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/**
 * The paired bootstrap (Koehn 2004): of the differences of two models over the same resamples, the 95 % interval, and the
 * two-sided probability of a difference as large if there were none: twice the part of resamples on the other side of
 * zero, itself counted as one.
 *
 * @param differences by resample.
 */
export function pairedTest(differences: Float64Array): { interval: Interval | null; p: number | null } {
  const defined = differences.filter(Number.isFinite);
  const interval = intervalOf(differences);
  if (interval === null) return { interval, p: null };
  const above = defined.reduce((count, difference) => count + (difference >= 0 ? 1 : 0), 0);
  const below = defined.reduce((count, difference) => count + (difference <= 0 ? 1 : 0), 0);
  return { interval, p: Math.min(1, (2 * (Math.min(above, below) + 1)) / (defined.length + 1)) };
}

/** Numbers from 0 to 1, the same for the same seed and stream (sfc32, C. Doty-Humphrey, PractRand). */
function randomNumbers(seed: number, stream: number): () => number {
  let a = stream | 0;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const next = (): number => {
    const mixed = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + mixed;
    return (mixed >>> 0) / 2 ** 32;
  };
  // Small seeds differ in few bits: let them spread.
  for (let i = 0; i < 15; i++) next();
  return next;
}
