import { randomNumbers } from '../base/random.js';
import { wholeNumber, type OptionTable } from '../base/check.js';

/**
 * Intervals by the bootstrap (Efron 1979), over units of text such as sentences. Each resample takes each unit a number of
 * times that is Poisson distributed with mean 1 (Hanley & MacGibbon 2006; Chamandy et al. 2012), instead of drawing as
 * many units as the text has. For ratios such as perplexity and many units the result is the same. But neither the number of
 * units has to be known nor have the units to be kept: the text is resampled while it is read once.
 */

/** Number of resamples by default. */
export const RESAMPLES = 1000;
/** The fewest and the most resamples: with fewer, the ends of an interval would rest on two or three resamples. */
const LEAST_RESAMPLES = 100;
const MOST_RESAMPLES = 1_000_000;
const DEFAULT_SEED = 1;
/** Share of the resamples outside an interval. */
const OUTSIDE_INTERVAL = 0.05;

/** The lower and the upper end of a 95 % interval. */
export type Interval = readonly [low: number, high: number];

/** Number and random numbers of the resamples. */
export interface ResamplingOptions {
  /** Number of resamples. */
  readonly resamples: number;
  /**
   * `seed` and `stream` are whole numbers. Two resamplings with the same seed and stream, given the same units in the same
   * order, take each unit equally often: their resamples are paired.
   */
  readonly seed: number;
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
 * Adds up the figures of units, such as tokens and log10 p, over all units and over each resample of them.
 *
 * - Input: units one after another, each `width` figures.
 * - Output: `sums` over all units, and statistics of the sums of each resample.
 * - Order: any; paired resamplings need the same one.
 *
 * Memory: `width` × resamples numbers, however many units there are.
 */
export class Resampling {
  /** By figure, the sum over all units: `width` entries. */
  readonly sums: Float64Array;
  /** Units added so far. */
  units = 0;
  /** By resample and figure, the sum over the units of the resample: resamples × `width` entries. */
  private readonly resampled: Float64Array;
  private readonly resamples: number;
  private readonly random: () => number;

  /** @param width number of figures of a unit. */
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

  /** By resample, a statistic of its sums; NaN for resamples in which it is not defined. @param of takes `width` sums. */
  statistics(of: (sums: Float64Array) => number): Float64Array {
    const { width, resampled } = this;
    return Float64Array.from({ length: this.resamples }, (_, b) => of(resampled.subarray(b * width, (b + 1) * width)));
  }

  /**
   * The resampling of several texts as one: sums are added up, resample by resample.
   *
   * @throws RangeError for resamplings of different shape.
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

/** How many times a unit is taken. @param uniform from 0 to 1, put through the inverse of the Poisson distribution. */
export function poisson(uniform: number): number {
  let times = 0;
  let probability = Math.exp(-1);
  for (let left = uniform - probability; left >= 0 && probability > 0; left -= probability) {
    times++;
    probability /= times;
  }
  return times;
}

/** The 95 % percentile interval of a statistic, by resample; `null` if fewer than half of the resamples define it. */
export function intervalOf(statistics: Float64Array): Interval | null {
  const sorted = statistics.filter(Number.isFinite).sort();
  if (sorted.length === 0 || 2 * sorted.length < statistics.length) return null;
  return [quantile(sorted, OUTSIDE_INTERVAL / 2), quantile(sorted, 1 - OUTSIDE_INTERVAL / 2)];
}

/** The value below which a share of the sorted values lies, interpolated between neighbours: type 7 of Hyndman & Fan 1996. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/**
 * The paired bootstrap (Koehn 2004) of two models: the 95 % interval of their difference, and p, the two-sided probability
 * of a difference as large as theirs if the models were equal. p is twice the share of resamples whose difference has the
 * other sign; the text itself counts as one more resample, so p is never 0.
 *
 * @param differences by resample, the difference of the two models' statistics on it.
 */
export function pairedTest(differences: Float64Array): { interval: Interval | null; p: number | null } {
  const defined = differences.filter(Number.isFinite);
  const interval = intervalOf(differences);
  if (interval === null) return { interval, p: null };
  const above = defined.reduce((count, difference) => count + (difference >= 0 ? 1 : 0), 0);
  const below = defined.reduce((count, difference) => count + (difference <= 0 ? 1 : 0), 0);
  return { interval, p: Math.min(1, (2 * (Math.min(above, below) + 1)) / (defined.length + 1)) };
}
