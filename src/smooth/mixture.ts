import type { Evidence } from '../score/evidence.js';
import { isContiguous, span, type Pattern } from '../pattern.js';
import type { Discounts } from './discounts.js';

/** Returned with each probability: none of the two is ever NaN. */
export interface MixtureTable {
  readonly pattern: Pattern;
  readonly discounts: Discounts;
  /** The table's place in the evidence. */
  readonly index: number;
}

/**
 * Interpolated modified Kneser-Ney over a lattice of patterns (Pickhardt et al. 2014, equation 4):
 *
 *     P_S(w|h) = max(c − D(c), 0)/Σc + γ(h) · Σ_d λ_d · P_S∖d(w|h),   γ(h) = (D1·N1 + D2·N2 + D3·N3+)/Σc,
 *
 * and the λ-mean alone where h was not seen. The empty pattern is interpolated with 1/V. λ is spread evenly over the
 * children that the model has; with contiguous patterns alone each has one child, and this is modified Kneser-Ney.
 */
export class Mixture {
  private readonly tables: readonly MixtureTable[];
  /** For each table, the places of its children: the largest proper subsets that the model has. */
  private readonly children: readonly Uint32Array[];
  private readonly spans: Uint8Array;
  /** `top[a]` is the table of the `a` nearest words. */
  private readonly top: Uint32Array;
  private readonly discounts: Float64Array;
  private readonly values: Float64Array;

  /** @param vocabulary V, the number of types that share the uniform distribution. */
  constructor(
    tables: readonly MixtureTable[],
    private readonly vocabulary: number,
  ) {
    this.tables = tables;
    const patterns = tables.map(table => table.pattern);
    this.children = patterns.map(pattern => Uint32Array.from(childrenOf(pattern, patterns)));
    this.spans = Uint8Array.from(patterns, span);
    this.top = Uint32Array.from(patterns.flatMap((pattern, index) => (isContiguous(pattern) ? [index] : [])));
    this.discounts = new Float64Array(4 * tables.length);
    tables.forEach(({ discounts }, index) => this.discounts.set(discounts.values, 4 * index + 1));
    this.values = new Float64Array(tables.length);
  }

  /** The probability of word `t` of the batch, which has `available` words of history. */
  probability(evidence: Evidence, t: number, available: number): number {
    const { values, spans, children, discounts, top, tables } = this;
    const { capacity, counts, totals, ones, twos, followers } = evidence;
    for (let s = 0; s < tables.length; s++) {
      if (spans[s] > available) continue;
      const below = children[s];
      let lower = 0;
      if (below.length === 0) {
        lower = 1 / this.vocabulary;
      } else {
        for (let i = 0; i < below.length; i++) lower += values[below[i]];
        lower /= below.length;
      }
      const at = tables[s].index * capacity + t;
      const total = totals[at];
      if (total > 0) {
        const d = 4 * s;
        const count = counts[at];
        const one = ones[at];
        const two = twos[at];
        const kept = count - discounts[d + (count < 3 ? count : 3)];
        const freed = discounts[d + 1] * one + discounts[d + 2] * two + discounts[d + 3] * (followers[at] - one - two);
        lower = ((kept > 0 ? kept : 0) + freed * lower) / total;
      }
      values[s] = lower;
    }
    return values[top[available]];
  }

  /** How many words of the longest n-gram that ends at word `t` the model has seen. At least 1. */
  matched(evidence: Evidence, t: number, available: number): number {
    const { top } = this;
    let length = available;
    while (length > 0 && evidence.counts[this.tables[top[length]].index * evidence.capacity + t] === 0) length--;
    return length + 1;
  }
}

/** The places of the largest proper subsets of a pattern among the patterns of a model. */
export function childrenOf(pattern: Pattern, patterns: readonly Pattern[]): number[] {
  const below = patterns
    .map((other, index) => ({ other, index }))
    .filter(({ other }) => other.length < pattern.length && other.every(distance => pattern.includes(distance)));
  return below
    .filter(({ other }) => !below.some(b => b.other.length > other.length && other.every(d => b.other.includes(d))))
    .map(({ index }) => index);
}
