import { exp } from '../base/elementary.js';
import { list, requireFinite } from '../base/shape.js';
import type { Lattice } from './lattice.js';

/**
 * The learned parameters of a lattice: they shift the discounts, and determine the weights λ of the children of a pattern.
 *
 * Parameters are real numbers without bounds. Before learning all are 0: then the discounts are the estimates of Chen & Goodman (1998)
 * and the weights are equal, as in Pickhardt et al. (2014). Buckets of the context choose a parameter, never the predicted word, so
 * every distribution sums to 1.
 */

/** Number of buckets of Σc. Bucket 0 is for contexts that were not seen; the next are for 1, 2–3, 4–7 … */
export const TOTAL_BUCKETS = 20;
/** Number of buckets of N+/Σc (distinct followers of a context ÷ Σc), in sixths. Bucket 0 is for contexts that were not seen. */
export const RATIO_BUCKETS = 7;
/** Number of buckets of a context word, by the binary logarithm of its frequency rank. */
export const WORD_BUCKETS = 16;

/** Number of parameters of a pattern for its discounts: one for each of D1, D2, D3+ and each bucket of Σc of its context. */
export const OWN_PARAMETERS = 3 * TOTAL_BUCKETS;
/**
 * Number of parameters of each child of a pattern, for λ. ln λ is, up to a constant, the sum of four of them: by the bucket of the
 * child's Σc (offset 0), of the pattern's Σc, of the child's N+/Σc, and of the word that the child drops.
 */
export const CHILD_PARAMETERS = 2 * TOTAL_BUCKETS + RATIO_BUCKETS + WORD_BUCKETS;
/** Offset, within the parameters of a child, of the parameters by the pattern's Σc. */
export const OWN_TOTAL_OFFSET = TOTAL_BUCKETS;
/** Offset, within the parameters of a child, of the parameters by the child's N+/Σc. */
export const RATIO_OFFSET = 2 * TOTAL_BUCKETS;
/** Offset, within the parameters of a child, of the parameters by the dropped word. */
export const WORD_OFFSET = RATIO_OFFSET + RATIO_BUCKETS;

/** By pattern: the index of its first parameter; one more entry, the number of all parameters. */
export function parameterStarts({ children }: Lattice): Uint32Array {
  const starts = new Uint32Array(children.length + 1);
  children.forEach((list, s) => (starts[s + 1] = starts[s] + OWN_PARAMETERS + list.length * CHILD_PARAMETERS));
  return starts;
}

/** Number of parameters of a lattice. */
export function parameterCount(lattice: Lattice): number {
  return parameterStarts(lattice)[lattice.children.length];
}

/** The parameters of several lattices, which lie together one after another. */
export function divideParameters(all: Float64Array, lattices: readonly Lattice[]): Float64Array[] {
  let from = 0;
  return lattices.map(lattice => all.subarray(from, (from += parameterCount(lattice))));
}

/** The largest absolute value of a parameter: with it, a product of four e^parameter neither overflows nor becomes 0. */
const LARGEST_PARAMETER = 150;

/** Checks decoded parameters. @throws BlockDamage */
export function parameterList(value: unknown, name: string): Float64Array {
  const most = LARGEST_PARAMETER;
  return Float64Array.from(list(value, name, (item, of) => requireFinite(item, of, -most, most)));
}

/** 1 for the number 0, and 0 for every other one of 32 bits; without a branch, which the processor would guess wrong. */
export function isZero(number: number): number {
  return ((number | (0 - number)) >>> 31) ^ 1;
}

/** The k of D_k of a count: the count itself, but 3 for larger ones; without a branch, as {@link isZero}. */
export function discountIndex(count: number): number {
  return (count | ((0 - (count >>> 2)) >> 31)) & 3;
}

/** The bucket of Σc. */
export function totalBucket(total: number): number {
  const bucket = 32 - Math.clz32(total);
  return bucket < TOTAL_BUCKETS ? bucket : TOTAL_BUCKETS - 1;
}

/** Where 0, D1, D2, D3+ of a context begin in `discounts`, which has these four once, or for each bucket of Σc. */
export function discountsAt(total: number, discounts: Float64Array): number {
  return discounts.length > 4 ? 4 * totalBucket(total) : 0;
}

/** The bucket of N+/Σc. */
export function ratioBucket(followers: number, total: number): number {
  const unseen = isZero(total);
  const sixth = Math.floor((6 * followers) / (total + unseen));
  // One more, but 6 instead of 7, and 0 for a context that was not seen.
  return (sixth + 1 - ((sixth + 2) >> 3)) & (unseen - 1);
}

/** The bucket of a context word. Frequent words have small ids. */
export function wordBucket(id: number): number {
  if (id < 4) return id;
  const bucket = 35 - Math.clz32(id - 3);
  return bucket < WORD_BUCKETS ? bucket : WORD_BUCKETS - 1;
}

/** D_k, shifted by a parameter: a logistic function of the parameter that is the estimate at 0, and always between 0 and k. */
export function shiftedDiscount(estimate: number, k: number, parameter: number): number {
  if (parameter === 0) return estimate;
  const share = Math.min(Math.max(estimate / k, 1e-3), 1 - 1e-3);
  return k / (1 + ((1 - share) / share) * exp(-parameter));
}
