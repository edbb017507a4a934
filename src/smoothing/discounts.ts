/** D1, D2 and D3+: the amounts that are subtracted from the counts 1, 2, and 3 or more. 0 ≤ D_k ≤ k, so that no count becomes negative. */
export interface Discounts {
  /** [D1, D2, D3+] */
  readonly values: readonly [number, number, number];
  /** Whether the values are fixed ones, because the counts of counts allow no estimate. */
  readonly fallback: boolean;
}

/** The discounts of a table without counts. */
export const NO_DISCOUNTS: Discounts = { values: [0, 0, 0], fallback: false };

/** The discounts of a table that is too small or too regular for an estimate. */
const FALLBACK: Discounts = { values: [0.5, 1, 1.5], fallback: true };

/**
 * Estimates D1, D2, D3+ of modified Kneser-Ney (Chen & Goodman 1998, equation 26) from the numbers t1 … t4 of n-grams with the counts
 * 1, 2, 3, 4: D_k = k − (k+1)·Y·t_{k+1}/t_k, Y = t1/(t1+2·t2). Returns the fallback 0.5, 1, 1.5 if t1, t2 or t3 is 0, or if a D_k is
 * not in (0, k].
 */
export function estimateDiscounts(countsOfCounts: readonly number[]): Discounts {
  const [t1, t2, t3, t4] = countsOfCounts;
  if (t1 === 0 || t2 === 0 || t3 === 0) return FALLBACK;
  const y = t1 / (t1 + 2 * t2);
  const values: [number, number, number] = [1 - (2 * y * t2) / t1, 2 - (3 * y * t3) / t2, 3 - (4 * y * t4) / t3];
  return values.every((value, index) => value > 0 && value <= index + 1) ? { values, fallback: false } : FALLBACK;
}

/** The array [0, D1, D2, D3+], which {@link discountOf} and {@link discounted} take. */
export function discountArray({ values }: Discounts): Float64Array {
  return Float64Array.of(0, ...values);
}

/** D(c) of a count c. @param discounts of {@link discountArray}. */
export function discountOf(count: number, discounts: Float64Array): number {
  return discounts[count < 3 ? count : 3];
}

/** c − D(c): the part of a count that stays with its n-gram. */
export function discounted(count: number, discounts: Float64Array): number {
  return count - discountOf(count, discounts);
}
