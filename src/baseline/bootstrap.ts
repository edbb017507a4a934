import { randomNumbers } from '../base/random.js';
import { wholeNumber, type OptionTable } from '../base/check.js';

/**
 * Intervals by the bootstrap (Efron 1979), over units of text such as sentences. A resample takes each unit a number of times that is
 * Poisson distributed with mean 1 (Hanley & MacGibbon 2006; Chamandy et al. 2012), instead of drawing as many units as the text has.
 * For ratios such as perplexity, and many units, the result is the same. The Poisson bootstrap needs neither the number of units nor
 * the units in memory, so it resamples the text while the text is read once.
 */

/** Number of resamples by default. */
export const RESAMPLES = 1000;
/** The fewest and the most resamples. With fewer than 100, two or three resamples would determine the ends of an interval. */
const LEAST_RESAMPLES = 100;
const MOST_RESAMPLES = 1_000_000;
const DEFAULT_SEED = 1;
/** The share of the resamples outside a 95 % interval. */
const OUTSIDE_INTERVAL = 0.05;

/** The lower and the upper end of a 95 % interval. */
export type Interval = readonly [low: number, high: number];

/** How many resamples there are, and which random numbers they use. */
export interface ResamplingOptions {
  /** Number of resamples. */
  readonly resamples: number;
  /**
   * A whole number. Two resamplings with the same seed and stream that get the same units in the same order are paired: their i-th
   * resamples take each unit equally often.
   */
  readonly seed: number;
  /** A whole number, such as the number of the text: chooses one of the sequences of random numbers that this seed has. */
  readonly stream: number;
}

/** The checks of the options of a bootstrap. */
export const RESAMPLING_OPTIONS: OptionTable<Omit<ResamplingOptions, 'stream'>> = {
  resamples: wholeNumber(LEAST_RESAMPLES, MOST_RESAMPLES),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER),
};

/** The options of the bootstrap with their defaults. */
export function resamplingOf({
  resamples = RESAMPLES,
  seed = DEFAULT_SEED,
}: Partial<Omit<ResamplingOptions, 'stream'>>): Omit<ResamplingOptions, 'stream'> {
  return { resamples, seed };
}

/**
 * Adds up the figures of units, such as tokens and log10 p, over all units and over each resample.
 *
 * - Input: units one after another, each with `width` figures; the same order for paired resamplings.
 * - Output: `sums` over all units, and statistics of the sums of each resample.
 * - Memory: `width` × resamples numbers, however many units there are.
 */
export class Resampling {
  /** By figure: the sum over all units (`width` entries). */
  readonly sums: Float64Array;
  /** Number of units so far. */
  units = 0;
  /** By resample and figure: the sum over the units of the resample (resamples × `width` entries). */
  private readonly resampled: Float64Array;
  private readonly resamples: number;
  private readonly random: () => number;

  /** @param width number of figures of each unit. */
  constructor(
    private readonly width: number,
    { resamples, seed, stream }: ResamplingOptions,
  ) {
    this.sums = new Float64Array(width);
    this.resampled = new Float64Array(width * resamples);
    this.resamples = resamples;
    this.random = randomNumbers(seed, stream);
  }

  /** Adds a unit. @param figures `width` entries. */
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

  /**
   * A statistic by resample; NaN for resamples in which it is not defined.
   *
   * @param statistic computes the statistic from the `width` sums of a resample.
   */
  statistics(statistic: (sums: Float64Array) => number): Float64Array {
    const { width, resampled } = this;
    return Float64Array.from({ length: this.resamples }, (_, b) =>
      statistic(resampled.subarray(b * width, (b + 1) * width)),
    );
  }

  /**
   * The resampling of several texts as one text: adds up the sums of the texts, resample by resample.
   *
   * @throws RangeError if the resamplings differ in `width` or in the number of resamples.
   */
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

/** A Poisson distributed number with mean 1: the inverse of its distribution function at `uniform`, a random number from 0 to 1. */
export function poisson(uniform: number): number {
  let times = 0;
  let probability = Math.exp(-1);
  for (let rest = uniform - probability; rest >= 0 && probability > 0; rest -= probability) {
    times++;
    probability /= times;
  }
  return times;
}

/** The 95 % percentile interval of a statistic. @param statistics by resample. @returns `null` if fewer than half of them are finite. */
export function intervalOf(statistics: Float64Array): Interval | null {
  const sorted = statistics.filter(Number.isFinite).sort();
  if (sorted.length === 0 || 2 * sorted.length < statistics.length) return null;
  return [quantile(sorted, OUTSIDE_INTERVAL / 2), quantile(sorted, 1 - OUTSIDE_INTERVAL / 2)];
}

/** The value below which the share `share` of ascending values lies, interpolated between neighbours: type 7 of Hyndman & Fan (1996). */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/**
 * The paired bootstrap (Koehn 2004) of two models: the 95 % interval of their difference, and p, the two-sided probability of a
 * difference at least this large if the models were equal. p is twice the share of the resamples whose difference has the rarer sign,
 * where a difference of 0 counts for both signs and the text itself counts as one more resample. So p is never 0.
 *
 * @param differences by resample: the statistic of the first model minus the statistic of the second.
 */
export function pairedTest(differences: Float64Array): { interval: Interval | null; p: number | null } {
  const defined = differences.filter(Number.isFinite);
  const interval = intervalOf(differences);
  if (interval === null) return { interval, p: null };
  const above = defined.reduce((count, difference) => count + (difference >= 0 ? 1 : 0), 0);
  const below = defined.reduce((count, difference) => count + (difference <= 0 ? 1 : 0), 0);
  return { interval, p: Math.min(1, (2 * (Math.min(above, below) + 1)) / (defined.length + 1)) };
}
