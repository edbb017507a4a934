import { exp } from '../base/elementary.js';
import type { Batch } from './batch.js';
import { COUNT, FOLLOWERS, ONES, PRUNED, TOTAL, TWOS, type Evidence } from './evidence.js';
import { discountArray } from './discounts.js';
import type { Chain } from './chain.js';
import type { Lattice } from './lattice.js';
import {
  CHILD_PARAMETERS,
  discountIndex,
  OWN_PARAMETERS,
  OWN_TOTAL_OFFSET,
  parameterStarts,
  RATIO_OFFSET,
  ratioBucket,
  shiftedDiscount,
  TOTAL_BUCKETS,
  totalBucket,
  WORD_OFFSET,
  wordBucket,
} from './parameters.js';

/**
 * Interpolated modified Kneser-Ney over a lattice of patterns (Pickhardt et al. 2014, equation 4):
 *
 *     P_S(w|h) = (c − D(c))/Σc + γ(h) · Σ_d λ_d · P_S∖d(w|h),   γ(h) = (D1·N1 + D2·N2 + D3·N3+ + pruned)/Σc,
 *
 * or only Σ_d λ_d · P_S∖d(w|h) where h was not seen. D(0) is 0, and D(c) is at most c.
 * S is a pattern, S∖d its child without the distance d. The counts of pruned
 * followers are part of Σc, and belong to γ without a discount. The empty pattern is interpolated with 1/V. Without parameters, all λ of
 * a pattern are equal and D is the estimate in the lattice. With only contiguous patterns, each pattern has one child, and the mixture
 * is modified Kneser-Ney. Arrays "by pattern" have the order of `lattice.tables`.
 */
export class Mixture {
  /** D_k of pattern s for contexts in bucket b of Σc, at index `(s * TOTAL_BUCKETS + b) * 4 + k`; D_0 is 0. */
  readonly discounts: Float64Array;
  /** By pattern: the index of its first parameter, as `parameterStarts` gives it. */
  readonly firstParameter: Uint32Array;
  /** By pattern: the index of its table in the evidence. */
  readonly tables: Uint32Array;
  /** By pattern: the index in `weights` of its first child; one more entry, the length of `weights`. */
  readonly firstWeight: Uint32Array;

  // Values of the word for which `probability` was called last.
  /** By pattern: P_S(w|h). */
  readonly values: Float64Array;
  /** By pattern: Σ_d λ_d · P_S∖d(w|h). */
  readonly childMeans: Float64Array;
  /** By pattern: γ(h); 1 where h was not seen. */
  readonly gammas: Float64Array;
  /** By pattern: the bucket of Σc of its context. */
  readonly buckets: Uint8Array;
  /** By pattern: the bucket of N+/Σc of its context. */
  readonly ratios: Uint8Array;
  /** By pattern and child: λ. */
  readonly weights: Float64Array;

  /** By parameter: e^parameter. λ of a child is proportional to the product of four of them. `undefined`: all λ are equal. */
  factors: Float64Array | undefined;

  /** @param parameters the learned parameters, in the layout of `parameterStarts`; `undefined` for the mixture before learning. */
  constructor(
    readonly lattice: Lattice,
    parameters?: Float64Array,
  ) {
    const { tables, children } = lattice;
    const count = tables.length;
    this.firstParameter = parameterStarts(lattice);
    this.tables = Uint32Array.from(tables, table => table.index);
    this.values = new Float64Array(count);
    this.childMeans = new Float64Array(count);
    this.gammas = new Float64Array(count);
    this.buckets = new Uint8Array(count);
    this.ratios = new Uint8Array(count);
    this.firstWeight = new Uint32Array(count + 1);
    children.forEach((list, s) => (this.firstWeight[s + 1] = this.firstWeight[s] + list.length));
    this.weights = new Float64Array(this.firstWeight[count]).fill(1);
    this.discounts = new Float64Array(count * TOTAL_BUCKETS * 4);
    this.setParameters(parameters);
  }

  /** Sets the parameters, and computes the discounts from them. */
  setParameters(parameters: Float64Array | undefined): void {
    this.factors = parameters?.map(exp);
    this.lattice.tables.forEach(({ discounts }, s) => {
      for (let b = 0; b < TOTAL_BUCKETS; b++) {
        for (let k = 1; k <= 3; k++) {
          const parameter = parameters ? parameters[this.firstParameter[s] + (k - 1) * TOTAL_BUCKETS + b] : 0;
          this.discounts[(s * TOTAL_BUCKETS + b) * 4 + k] = shiftedDiscount(discounts.values[k - 1], k, parameter);
        }
      }
    });
  }

  /** The mixture as a chain, if it has no skip patterns; otherwise `undefined`. */
  get chain(): Chain | undefined {
    const { factors, discounts: all, lattice } = this;
    const { tables, children, vocabulary } = lattice;
    if (children.some((own, s) => own.length !== (s === 0 ? 0 : 1) || (s > 0 && own[0] !== s - 1))) return undefined;
    const each = 4 * TOTAL_BUCKETS;
    const discounts = tables.map((table, s) =>
      factors ? all.slice(s * each, (s + 1) * each) : discountArray(table.discounts),
    );
    return { discounts, vocabulary };
  }

  /** p of word `t` of the batch after its history. */
  probability(evidence: Evidence, batch: Batch, t: number): number {
    const { values, childMeans, gammas, buckets, tables, discounts, lattice } = this;
    const { spans, children, top, vocabulary } = lattice;
    const { data } = evidence;
    const available = batch.available[t];
    for (let s = 0; s < tables.length; s++) {
      if (spans[s] > available) continue;
      const at = evidence.at(t, tables[s]);
      const total = data[at + TOTAL];
      const bucket = totalBucket(total);
      buckets[s] = bucket;
      if (this.factors) this.ratios[s] = ratioBucket(data[at + FOLLOWERS], total);
      const ownChildren = children[s];
      let value = 1 / vocabulary;
      if (ownChildren.length === 1) value = values[ownChildren[0]];
      else if (ownChildren.length > 1) value = this.meanOfChildren(s, batch, t);
      childMeans[s] = value;
      let gamma = 1;
      if (total > 0) {
        const d = (s * TOTAL_BUCKETS + bucket) * 4;
        const count = data[at + COUNT];
        const ones = data[at + ONES];
        const twos = data[at + TWOS];
        const discounted = count - discounts[d + discountIndex(count)];
        const freed =
          discounts[d + 1] * ones +
          discounts[d + 2] * twos +
          discounts[d + 3] * (data[at + FOLLOWERS] - ones - twos) +
          data[at + PRUNED];
        value = (discounted + freed * value) / total;
        gamma = freed / total;
      }
      gammas[s] = gamma;
      values[s] = value;
    }
    return values[top[available]];
  }

  /** Length [words] of the longest n-gram of the model that ends at word `t` of the batch; at least 1. */
  matched(evidence: Evidence, batch: Batch, t: number): number {
    const { top } = this.lattice;
    let length = batch.available[t];
    while (length > 0 && evidence.data[evidence.at(t, this.tables[top[length]]) + COUNT] === 0) length--;
    return length + 1;
  }

  /** Σ_d λ_d · P_S∖d(w|h) of pattern s, for word `t`. Its `values`, `buckets` and `ratios` of all smaller patterns must be set. */
  private meanOfChildren(s: number, { ids, targets }: Batch, t: number): number {
    const { weights, values, factors, buckets, ratios, lattice } = this;
    const children = lattice.children[s];
    const ownWeights = this.firstWeight[s];
    let sum = 0;
    let mean = 0;
    if (!factors) {
      for (let i = 0; i < children.length; i++) {
        weights[ownWeights + i] = 1 / children.length;
        mean += values[children[i]];
      }
      return mean / children.length;
    }
    const dropped = lattice.dropped[s];
    let parameter = this.firstParameter[s] + OWN_PARAMETERS;
    for (let i = 0; i < children.length; i++, parameter += CHILD_PARAMETERS) {
      const child = children[i];
      const weight =
        factors[parameter + buckets[child]] *
        factors[parameter + OWN_TOTAL_OFFSET + buckets[s]] *
        factors[parameter + RATIO_OFFSET + ratios[child]] *
        factors[parameter + WORD_OFFSET + wordBucket(ids[targets[t] - dropped[i]])];
      weights[ownWeights + i] = weight;
      sum += weight;
      mean += weight * values[child];
    }
    for (let i = 0; i < children.length; i++) weights[ownWeights + i] /= sum;
    return mean / sum;
  }
}
