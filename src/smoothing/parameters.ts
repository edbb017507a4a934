import { exp } from '../base/elementary.js';
import type { Lattice } from './lattice.js';

/**
 * What can be learned about a lattice: discounts, and how a pattern's weight is spread over its children.
 *
 * Parameters are real numbers without bounds, 0 where nothing is learned: then discounts are those of Chen & Goodman and
 * weights are even, which is the mixture of Pickhardt et al. They depend on buckets of what is known of the context, never
 * on the word that is predicted, so that every distribution sums to 1.
 */

/** Totals by their binary logarithm: 0 for a context that was not seen, then 1, 2–3, 4–7 … */
export const TOTAL_BUCKETS = 20;
/** Followers a token of a context, in sixths; 0 for a context that was not seen. */
export const RATIO_BUCKETS = 7;
/** Words by the binary logarithm of their frequency rank. */
export const WORD_BUCKETS = 16;

/** Parameters of a pattern's own: how far D1, D2, D3+ move, by the bucket of its context's total. */
export const OWN_PARAMETERS = 3 * TOTAL_BUCKETS;
/** Of each child: by the bucket of its total, of the parent's total, of its followers a token, and of the word dropped. */
export const CHILD_PARAMETERS = 2 * TOTAL_BUCKETS + RATIO_BUCKETS + WORD_BUCKETS;
export const OWN_TOTAL_OFFSET = TOTAL_BUCKETS;
export const RATIO_OFFSET = 2 * TOTAL_BUCKETS;
export const WORD_OFFSET = RATIO_OFFSET + RATIO_BUCKETS;

/** Where each pattern's parameters begin; one more entry says how many there are in all. */
export function parameterStarts({ children }: Lattice): Uint32Array {
  const starts = new Uint32Array(children.length + 1);
  children.forEach((list, s) => (starts[s + 1] = starts[s] + OWN_PARAMETERS + list.length * CHILD_PARAMETERS));
  return starts;
}

/** The bucket of a context's total. */
export function totalBucket(total: number): number {
  const bucket = 32 - Math.clz32(total);
  return bucket < TOTAL_BUCKETS ? bucket : TOTAL_BUCKETS - 1;
}

/** The bucket of a context's followers a token. */
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

/** D_k for a parameter: the estimate where it is 0, and always between 0 and k. */
export function shiftedDiscount(estimate: number, k: number, parameter: number): number {
  if (parameter === 0) return estimate;
  const share = Math.min(Math.max(estimate / k, 1e-3), 1 - 1e-3);
  return k / (1 + ((1 - share) / share) * exp(-parameter));
}
