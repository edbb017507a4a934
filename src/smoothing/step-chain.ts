import type { Discounts } from './discounts.js';
import { COUNT, FIELDS, FOLLOWERS, ONES, PRUNED, TOTAL, TWOS, type Evidence } from './evidence.js';
import { discountIndex, OWN_PARAMETERS, shiftedDiscount, TOTAL_BUCKETS, totalBucket } from './parameters.js';

/**
 * A step of Model M: interpolated modified Kneser-Ney over contexts of 1, 2, 3 ids, from the shortest to the longest,
 *
 *     P_k = (c − D(c))/Σc + (D1·N1 + D2·N2 + D3·N3+)/Σc · P_{k−1},
 *
 * in which P_0, the base, is another distribution. A context that was not seen leaves P_{k−1} as it is. D1, D2 and D3+ of each
 * length depend on the bucket of Σc, as in {@link Mixture}. Table k of the evidence has the contexts of k ids; table 0 is not read.
 */
export class StepChain {
  /** By length k of the context, P_k of the word for which `probability` was called last. */
  private readonly values: Float64Array;
  /** By length k: the share of the mass that P_{k−1} gets. */
  private readonly gammas: Float64Array;
  /** D_i of length k for contexts in bucket b of Σc, at index ((k − 1) · TOTAL_BUCKETS + b) · 4 + i; D_0 is 0. */
  private readonly discounts: Float64Array;
  /** By length − 1, its part of `discounts`. */
  readonly discountsByLength: readonly Float64Array[];

  /**
   * @param estimates by length − 1, the discounts before learning.
   * @param nearest how far before the predicted word the nearest id of a context is: 0 if it is the class of this word.
   * @param parameters by length − 1, `OWN_PARAMETERS` numbers that shift the discounts.
   */
  constructor(
    private readonly estimates: readonly Discounts[],
    private readonly nearest: number,
    parameters: Float64Array,
  ) {
    this.values = new Float64Array(estimates.length + 1);
    this.gammas = new Float64Array(estimates.length + 1);
    this.discounts = new Float64Array(estimates.length * TOTAL_BUCKETS * 4);
    const each = 4 * TOTAL_BUCKETS;
    this.discountsByLength = estimates.map((_, k) => this.discounts.subarray(k * each, (k + 1) * each));
    this.setParameters(parameters);
  }

  /** Number of parameters of a step whose longest context has `length` ids. */
  static parameters(length: number): number {
    return length * OWN_PARAMETERS;
  }

  /** Sets the parameters, and computes the discounts from them. */
  setParameters(parameters: Float64Array): void {
    const { estimates, discounts } = this;
    estimates.forEach(({ values }, k) => {
      for (let b = 0; b < TOTAL_BUCKETS; b++) {
        for (let i = 1; i <= 3; i++) {
          const parameter = parameters[k * OWN_PARAMETERS + (i - 1) * TOTAL_BUCKETS + b];
          discounts[(k * TOTAL_BUCKETS + b) * 4 + i] = shiftedDiscount(values[i - 1], i, parameter);
        }
      }
    });
  }

  /** How many of the contexts lie within a history of `available` words. */
  reach(available: number): number {
    return Math.min(this.estimates.length, available + 1 - this.nearest);
  }

  /** P of the id of word `t`. @param available number of words of history. @param base P_0 of this id. */
  probability({ data, capacity }: Evidence, t: number, available: number, base: number): number {
    const { values, gammas, discounts } = this;
    const longest = this.reach(available);
    let value = base;
    values[0] = base;
    for (let k = 1; k <= longest; k++) {
      const at = (k * capacity + t) * FIELDS;
      const total = data[at + TOTAL];
      let gamma = 1;
      if (total > 0) {
        const d = ((k - 1) * TOTAL_BUCKETS + totalBucket(total)) * 4;
        const count = data[at + COUNT];
        const kept = count - discounts[d + discountIndex(count)];
        const freed = this.freed(data, at, d);
        value = (kept + freed * value) / total;
        gamma = freed / total;
      }
      gammas[k] = gamma;
      values[k] = value;
    }
    return value;
  }

  /**
   * P_k of several ids after the context of `length` = k ids of word 0 of the evidence, from their P_{k−1}, with the bits of
   * {@link probability}. The context was seen.
   *
   * @param counts by id, its count after the context; 0 for ids that never followed it.
   * @param values by id of `ids`, P_{k−1}; replaced by P_k.
   */
  interpolate(
    { data, capacity }: Evidence,
    length: number,
    ids: Uint32Array,
    counts: Uint32Array,
    values: Float64Array,
  ): void {
    const { discounts } = this;
    const at = length * capacity * FIELDS;
    const total = data[at + TOTAL];
    const d = ((length - 1) * TOTAL_BUCKETS + totalBucket(total)) * 4;
    const freed = this.freed(data, at, d);
    for (let i = 0; i < ids.length; i++) {
      const count = counts[ids[i]];
      const kept = count - discounts[d + discountIndex(count)];
      values[i] = (kept + freed * values[i]) / total;
    }
  }

  /** The sum of the counts that discounts and pruning took away. @param d where the discounts of the context begin. */
  private freed(data: Uint32Array, at: number, d: number): number {
    const { discounts } = this;
    const ones = data[at + ONES];
    const twos = data[at + TWOS];
    return (
      discounts[d + 1] * ones +
      discounts[d + 2] * twos +
      discounts[d + 3] * (data[at + FOLLOWERS] - ones - twos) +
      data[at + PRUNED]
    );
  }

  /**
   * Adds the derivatives of `slope` · P by the parameters to the gradient, for word `t`, for which `probability` was called last.
   *
   * @returns the derivative by the base.
   */
  backward(gradient: Float64Array, { data, capacity }: Evidence, t: number, available: number, slope: number): number {
    const { values, gammas, discounts } = this;
    let rest = slope;
    for (let k = this.reach(available); k > 0; k--) {
      const at = (k * capacity + t) * FIELDS;
      const total = data[at + TOTAL];
      if (total === 0) continue;
      const bucket = totalBucket(total);
      const d = ((k - 1) * TOTAL_BUCKETS + bucket) * 4;
      const count = data[at + COUNT];
      const ones = data[at + ONES];
      const twos = data[at + TWOS];
      for (let i = 1; i <= 3; i++) {
        // How many followers have the discount D_i, and whether the id is one of them.
        const followers = i === 1 ? ones : i === 2 ? twos : data[at + FOLLOWERS] - ones - twos;
        const isOne = count === i || (i === 3 && count > 3) ? 1 : 0;
        const discount = discounts[d + i];
        gradient[(k - 1) * OWN_PARAMETERS + (i - 1) * TOTAL_BUCKETS + bucket] +=
          (rest / total) * (followers * values[k - 1] - isOne) * discount * (1 - discount / i);
      }
      rest *= gammas[k];
    }
    return rest;
  }
}
