import { exp } from '../base/elementary.js';
import type { Batch } from './batch.js';
import { COUNT, FOLLOWERS, ONES, PRUNED, TOTAL, TWOS, type Evidence } from './evidence.js';
import { discountArray } from './discounts.js';
import type { Chain } from './estimator.js';
import type { Lattice } from './lattice.js';
import {
  CHILD_PARAMETERS,
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
 *     P_S(w|h) = max(c − D(c), 0)/Σc + γ(h) · Σ_d λ_d · P_S∖d(w|h),   γ(h) = (D1·N1 + D2·N2 + D3·N3+ + pruned)/Σc,
 *
 * and Σ_d λ_d · P_S∖d(w|h) alone where h was not seen. S is a pattern, S∖d its child without the distance d. The counts of pruned
 * followers stay in Σc, and go to γ whole. The empty pattern is interpolated with 1/V. Without parameters, all λ of a pattern are
 * equal and D is the estimate of `discounts`. With contiguous patterns alone, each pattern has one child, and this is modified
 * Kneser-Ney.
 */
export class Mixture {
  /** D_k of pattern s and total bucket b at `(s * TOTAL_BUCKETS + b) * 4 + k`; D_0 is 0. */
  readonly discounts: Float64Array;
  /** By pattern, the index of its first parameter, as `parameterStarts` gives it. */
  readonly starts: Uint32Array;
  /** By pattern, the place of its table in the evidence. */
  readonly tables: Uint32Array;
  /** By pattern, the index in `weights` of its first child; one more entry, the number of children of all patterns. */
  readonly edges: Uint32Array;

  // Of the word that was evaluated last, for learning. By pattern: P_S (`values`), the λ-mean of its children (`lowers`), γ, 1
  // where the context was not seen (`freed`), and the buckets of its context (`buckets`, `ratios`); by child: λ (`weights`).
  readonly values: Float64Array;
  readonly lowers: Float64Array;
  readonly freed: Float64Array;
  readonly buckets: Uint8Array;
  readonly ratios: Uint8Array;
  readonly weights: Float64Array;

  /** e^parameter; a child's weight is proportional to a product of four of them. `undefined`: all weights are equal. */
  factors: Float64Array | undefined;

  /** @param parameters the learned parameters, in the layout of `parameterStarts`. */
  constructor(
    readonly lattice: Lattice,
    parameters?: Float64Array,
  ) {
    const { tables, children } = lattice;
    const count = tables.length;
    this.starts = parameterStarts(lattice);
    this.tables = Uint32Array.from(tables, table => table.index);
    this.values = new Float64Array(count);
    this.lowers = new Float64Array(count);
    this.freed = new Float64Array(count);
    this.buckets = new Uint8Array(count);
    this.ratios = new Uint8Array(count);
    this.edges = new Uint32Array(count + 1);
    children.forEach((list, s) => (this.edges[s + 1] = this.edges[s] + list.length));
    this.weights = new Float64Array(this.edges[count]).fill(1);
    this.discounts = new Float64Array(count * TOTAL_BUCKETS * 4);
    this.setParameters(parameters);
  }

  setParameters(parameters: Float64Array | undefined): void {
    this.factors = parameters?.map(exp);
    this.lattice.tables.forEach(({ discounts }, s) => {
      for (let b = 0; b < TOTAL_BUCKETS; b++) {
        for (let k = 1; k <= 3; k++) {
          const parameter = parameters ? parameters[this.starts[s] + (k - 1) * TOTAL_BUCKETS + b] : 0;
          this.discounts[(s * TOTAL_BUCKETS + b) * 4 + k] = shiftedDiscount(discounts.values[k - 1], k, parameter);
        }
      }
    });
  }

  /** The chain of the contiguous patterns, if there are no skip patterns and no learned weights; otherwise `undefined`. */
  get chain(): Chain | undefined {
    const { tables, children, vocabulary } = this.lattice;
    if (
      this.factors ||
      children.some((below, s) => below.length !== (s === 0 ? 0 : 1) || (s > 0 && below[0] !== s - 1))
    )
      return undefined;
    return { discounts: tables.map(({ discounts }) => discountArray(discounts)), vocabulary };
  }

  /** The probability of word `t` of the batch. */
  probability(evidence: Evidence, batch: Batch, t: number): number {
    const { values, lowers, freed, buckets, tables, discounts, lattice } = this;
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
      const below = children[s];
      let value = 1 / vocabulary;
      if (below.length === 1) value = values[below[0]];
      else if (below.length > 1) value = this.meanOfChildren(s, batch, t);
      lowers[s] = value;
      let share = 1;
      if (total > 0) {
        const d = (s * TOTAL_BUCKETS + bucket) * 4;
        const count = data[at + COUNT];
        const ones = data[at + ONES];
        const twos = data[at + TWOS];
        const kept = count - discounts[d + (count < 3 ? count : 3)];
        const taken =
          discounts[d + 1] * ones +
          discounts[d + 2] * twos +
          discounts[d + 3] * (data[at + FOLLOWERS] - ones - twos) +
          data[at + PRUNED];
        value = ((kept > 0 ? kept : 0) + taken * value) / total;
        share = taken / total;
      }
      freed[s] = share;
      values[s] = value;
    }
    return values[top[available]];
  }

  /** The length in words of the longest n-gram in the model that ends at word `t`. At least 1. */
  matched(evidence: Evidence, batch: Batch, t: number): number {
    const { top } = this.lattice;
    let length = batch.available[t];
    while (length > 0 && evidence.data[evidence.at(t, this.tables[top[length]]) + COUNT] === 0) length--;
    return length + 1;
  }

  /** Σ_d λ_d · P_S∖d(w|h) of pattern s, for the word whose buckets were just computed. */
  private meanOfChildren(s: number, { ids, targets }: Batch, t: number): number {
    const { weights, values, factors, buckets, ratios, lattice } = this;
    const below = lattice.children[s];
    const edge = this.edges[s];
    let sum = 0;
    let mean = 0;
    if (!factors) {
      for (let i = 0; i < below.length; i++) {
        weights[edge + i] = 1 / below.length;
        mean += values[below[i]];
      }
      return mean / below.length;
    }
    const dropped = lattice.dropped[s];
    let at = this.starts[s] + OWN_PARAMETERS;
    for (let i = 0; i < below.length; i++, at += CHILD_PARAMETERS) {
      const child = below[i];
      const weight =
        factors[at + buckets[child]] *
        factors[at + OWN_TOTAL_OFFSET + buckets[s]] *
        factors[at + RATIO_OFFSET + ratios[child]] *
        factors[at + WORD_OFFSET + wordBucket(ids[targets[t] - dropped[i]])];
      weights[edge + i] = weight;
      sum += weight;
      mean += weight * values[child];
    }
    for (let i = 0; i < below.length; i++) weights[edge + i] /= sum;
    return mean / sum;
  }
}
