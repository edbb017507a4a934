import { randomNumbers } from '../../base/random.js';

/** A statistic of a permutation counts as at least the observed one if it is smaller by no more than this: the error of rounding. */
const ROUNDING = 1e-12;

/** The streams of random numbers: one for permutations, one for halves. */
const PERMUTATIONS = 0;
const HALVES = 1;

/** Shuffles all numbers (Fisher & Yates). */
function shuffle(order: Uint32Array, random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const other = order[i];
    order[i] = order[j];
    order[j] = other;
  }
}

/** The numbers from 0 up, in order. */
function inOrder(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => i);
}

/** The numbers from 0 up, in one random order after another: the halves of an order are random halves. The array is reused. */
export function* randomOrders(length: number, seed: number, times: number): Generator<Uint32Array> {
  const order = inOrder(length);
  const random = randomNumbers(seed, HALVES);
  for (let i = 0; i < times; i++) {
    shuffle(order, random);
    yield order;
  }
}

/** A comparison of two groups of units: those before place `first` of `order`, and the others. It returns statistics; NaN for none. */
export type Comparison = (order: Uint32Array, first: number) => Float64Array;

/** The statistics of two groups of units, and p of each. */
export interface PermutationTest {
  readonly observed: Float64Array;
  /** By statistic, p = (1 + the number of permutations with at least the observed statistic) / (permutations + 1). */
  readonly p: Float64Array;
}

/**
 * A permutation test: the probability of statistics at least as large as observed if the units were exchangeable between the groups. In each
 * permutation the units are divided at random into groups of the same numbers of units. A statistic that is not defined in a permutation
 * counts as at least the observed one, so that p can only become larger.
 *
 * @param units number of units; the first `first` are those of the first group.
 * @param resamples number of permutations.
 * @param pause called after each permutation with their number so far.
 */
export async function permutationTest(
  compare: Comparison,
  { units, first }: { readonly units: number; readonly first: number },
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
  pause: (done: number) => Promise<void> | undefined = () => undefined,
): Promise<PermutationTest> {
  const order = inOrder(units);
  const observed = compare(order, first);
  const random = randomNumbers(seed, PERMUTATIONS);
  const atLeast = new Float64Array(observed.length).fill(1);
  for (let done = 0; done < resamples;) {
    shuffle(order, random);
    const statistics = compare(order, first);
    for (let k = 0; k < observed.length; k++) if (!(statistics[k] < observed[k] - ROUNDING)) atLeast[k]++;
    await pause(++done);
  }
  return { observed, p: atLeast.map((count, k) => (Number.isNaN(observed[k]) ? NaN : count / (resamples + 1))) };
}
