import { exp } from '../base/elementary.js';
import type { Lattice } from './lattice.js';

/**
 * The parameters that are learned about a lattice: shifts of the discounts, and the weights λ of a pattern's children.
 *
 * Parameters are real numbers without bounds, 0 before learning: then discounts are those of Chen & Goodman (1998) and the weights
 * are equal, which is the mixture of Pickhardt et al. (2014). A parameter is chosen by buckets of the context, never by the word
 * that is predicted, so that every distribution sums to 1.
 */

/** Number of buckets of Σc, by its binary logarithm: bucket 0 is a context that was not seen, then 1, 2–3, 4–7 … */
export const TOTAL_BUCKETS = 20;
/** Number of buckets of N+/Σc, the distinct followers a token of a context, in sixths; bucket 0 is a context that was not seen. */
export const RATIO_BUCKETS = 7;
/** Number of buckets of a word, by the binary logarithm of its frequency rank. */
export const WORD_BUCKETS = 16;

/** Number of parameters of a pattern itself: shifts of D1, D2, D3+, each by the bucket of its context's Σc. */
export const OWN_PARAMETERS = 3 * TOTAL_BUCKETS;
/** Number of parameters of each child: by the bucket of its Σc, of the parent's Σc, of its N+/Σc, and of the word that it drops. */
export const CHILD_PARAMETERS = 2 * TOTAL_BUCKETS + RATIO_BUCKETS + WORD_BUCKETS;
export const OWN_TOTAL_OFFSET = TOTAL_BUCKETS;
export const RATIO_OFFSET = 2 * TOTAL_BUCKETS;
export const WORD_OFFSET = RATIO_OFFSET + RATIO_BUCKETS;

/** By pattern, the index of its first parameter; one more entry, the number of all parameters. */
export function parameterStarts({ children }: Lattice): Uint32Array {
  const starts = new Uint32Array(children.length + 1);
  children.forEach((list, s) => (starts[s + 1] = starts[s] + OWN_PARAMETERS + list.length * CHILD_PARAMETERS));
  return starts;
}

/** The bucket of Σc. */
export function totalBucket(total: number): number {
  const bucket = 32 - Math.clz32(total);
  return bucket < TOTAL_BUCKETS ? bucket : TOTAL_BUCKETS - 1;
}

/** The bucket of N+/Σc. */
export function ratioBucket(followers: number, total: number): number {
  if (total === 0) return 0;
  const sixth = Math.floor((6 * followers) / total);
  return sixth < 6 ? sixth + 1 : 6;
}

/** The bucket of a context word. */
export function wordBucket(id: number): number {
  if (id < 4) return id;
  const bucket = 35 - Math.clz32(id - 3);
  return bucket < WORD_BUCKETS ? bucket : WORD_BUCKETS - 1;
}

/** D_k, shifted by a parameter: logistic in the parameter, equal to the estimate at 0, and always between 0 and k. */
export function shiftedDiscount(estimate: number, k: number, parameter: number): number {
  if (parameter === 0) return estimate;
  const share = Math.min(Math.max(estimate / k, 1e-3), 1 - 1e-3);
  return k / (1 + ((1 - share) / share) * exp(-parameter));
}
