import type { Discounts } from './discounts.js';

/**
 * What remains of a count of at least 2 in held-out text is 0.75 less, on average (Church & Gale 1991), which is the usual
 * discount where none can be estimated.
 */
const FALLBACK = 0.75;

/**
 * The one discount of interpolated Kneser-Ney (Kneser & Ney 1995), for all counts of an order: D = t1/(t1 + 2·t2), from the
 * numbers t1 and t2 of n-grams with the counts 1 and 2. If t1 or t2 is 0, D would be 0 (nothing left for unseen words), 1
 * (nothing left for those seen once) or 0/0: then D is 0.75.
 */
export function oneDiscount([t1, t2]: readonly number[]): Discounts {
  const fallback = t1 === 0 || t2 === 0;
  const d = fallback ? FALLBACK : t1 / (t1 + 2 * t2);
  return { values: [d, d, d], fallback };
}
