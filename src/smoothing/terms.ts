import type { WordClasses } from '../tables/classes.js';
import { FOLLOWERS, ONES, PRUNED, TOTAL, TWOS, type Evidence } from './evidence.js';
import type { Pattern } from '../tables/pattern.js';
import { spreadMass } from './mass.js';
import type { Mixture } from './mixture.js';
import { TOTAL_BUCKETS } from './parameters.js';

/**
 * The mixture for one history h as a sum: P(w|h) = Σ_S term_S(c_S(w)) + uniform, where c_S(w) is the count of w after h in pattern S.
 * Weights, discounts and totals depend only on the history, so P(w|h) depends on w only through its counts.
 */
export interface Expansion {
  /** A term for each pattern whose context was seen, patterns with fewer distances first. */
  readonly terms: readonly Term[];
  /** The probability that each word gets from the uniform distribution. */
  readonly uniform: number;
}

/** p(w|h) of a whole model as a sum: the terms of the word patterns and, for each class model, the terms of the class patterns. */
export interface NextWordTerms {
  readonly words: Expansion;
  /** By class model, a sum of terms in which the counts of w's class vary; p(w|h) contains this sum times p(w | class of w). */
  readonly clusterings: readonly (Expansion & { readonly wordClasses: WordClasses })[];
  /** The share of Model M, whose part of p(w|h) is no such sum; 0 without it. */
  readonly shareOfModelM: number;
}

/** The part of P(w|h) that the counts of one pattern give: scale · (c − D(c)). */
export class Term {
  /** The sum of the values over all followers of the context; NaN if it is not known. */
  readonly mass: number;
  /** Σc: the sum of the counts of all followers; NaN if it is not known. */
  readonly total: number;
  /** The sum of the counts that discounts and pruning took away: γ(h) · Σc; NaN if it is not known. */
  readonly freed: number;

  /** @param table the index of the table in the evidence. */
  constructor(
    readonly pattern: Pattern,
    readonly table: number,
    /** The factor by which a discounted count is multiplied. */
    readonly scale: number,
    private readonly d1: number,
    private readonly d2: number,
    private readonly d3: number,
    /** Where the context's numbers begin in `numbers`, as in {@link Evidence}. */
    at = 0,
    numbers?: Uint32Array,
  ) {
    this.mass = numbers ? this.massOf(at, numbers) : NaN;
    this.total = numbers ? numbers[at + TOTAL] : NaN;
    this.freed = numbers ? this.freedBy(at, numbers) : NaN;
  }

  /** γ(h) · Σc, from the totals of the context. */
  private freedBy(at: number, data: Uint32Array): number {
    const [ones, twos] = [data[at + ONES], data[at + TWOS]];
    return this.d1 * ones + this.d2 * twos + this.d3 * (data[at + FOLLOWERS] - ones - twos) + data[at + PRUNED];
  }

  /** The sum of the values over all followers, from the totals of the context. */
  private massOf(at: number, data: Uint32Array): number {
    const [ones, twos] = [data[at + ONES], data[at + TWOS]];
    const others = data[at + FOLLOWERS] - ones - twos;
    const rest = data[at + TOTAL] - data[at + PRUNED] - ones - 2 * twos;
    return this.scale * this.discountedSum(ones, twos, others, rest);
  }

  /**
   * Σ (c − D(c)) over counts, of which `ones` are 1, `twos` are 2, and `others` are 3 or more with the sum `rest`. The result does not
   * depend on the sequence of the counts, not even in its last bit.
   */
  discountedSum(ones: number, twos: number, others: number, rest: number): number {
    return ones * this.discounted(1) + twos * this.discounted(2) + (rest - this.d3 * others);
  }

  /** The part of P(w|h) for a word w with this count. */
  value(count: number): number {
    return this.scale * this.discounted(count);
  }

  /** c − D(c), which depends on the pattern and the context alone. */
  discounted(count: number): number {
    if (count === 0) return 0;
    return count - (count === 1 ? this.d1 : count === 2 ? this.d2 : this.d3);
  }

  /**
   * In a chain: p(w|h) from the count of w and p(w|h'), where h' lacks the farthest word of h. The operations are those of scoring, so
   * that the bits are too. The result never falls when `below` rises, not even by rounding.
   */
  interpolate(count: number, below: number): number {
    return (this.discounted(count) + this.freed * below) / this.total;
  }

  /** The largest value of all counts up to this one. If D2 > D1 + 1, a count of 2 has a smaller value than a count of 1. */
  bound(count: number): number {
    let most = this.value(count);
    for (let lower = Math.min(count - 1, 3); lower > 0; lower--) most = Math.max(most, this.value(lower));
    return most;
  }
}

/**
 * The mixture as a sum, for the history of word `t` of a batch, which the mixture must have evaluated last.
 *
 * @param available number of words of history.
 * @param whole the sum of the probabilities of all words: 1, or the share of the mixture beside a class model.
 */
export function expand(mixture: Mixture, evidence: Evidence, t: number, available: number, whole: number): Expansion {
  const { lattice, tables, discounts, buckets, gammas } = mixture;
  const mass = spreadMass(mixture, available, whole);
  const terms: Term[] = [];
  mass.forEach((patternMass, s) => {
    const at = evidence.at(t, tables[s]);
    const total = lattice.spans[s] > available ? 0 : evidence.data[at + TOTAL];
    if (total === 0) return;
    const d = (s * TOTAL_BUCKETS + buckets[s]) * 4;
    const { pattern } = lattice.tables[s];
    const [, d1, d2, d3] = discounts.subarray(d, d + 4);
    terms.push(new Term(pattern, tables[s], patternMass / total, d1, d2, d3, at, evidence.data));
  });
  return { terms, uniform: (mass[0] * gammas[0]) / lattice.vocabulary };
}
