import type { Discounts } from './discounts.js';

/**
 * The discount where none can be estimated: an n-gram that occurs c ≥ 2 times in the training text occurs about c − 0.75 times, on
 * average, in a held-out text of the same size (Church & Gale 1991).
 */
const FALLBACK = 0.75;

/**
 * The discount of interpolated Kneser-Ney (Kneser & Ney 1995), one for all counts of an order: D = t1/(t1 + 2·t2), where t1 and t2
 * are the numbers of n-grams with the counts 1 and 2. If t1 or t2 is 0, this D would be 0 (no mass for unseen words), 1 (no mass for
 * n-grams seen once) or 0/0, so it is 0.75 instead.
 */
export function oneDiscount([t1, t2]: readonly number[]): Discounts {
  const fallback = t1 === 0 || t2 === 0;
  const d = fallback ? FALLBACK : t1 / (t1 + 2 * t2);
  return { values: [d, d, d], fallback };
}
