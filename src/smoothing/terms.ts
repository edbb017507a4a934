import type { WordClasses } from '../tables/classes.js';
import { TOTAL, type Evidence } from './evidence.js';
import type { Pattern } from '../tables/pattern.js';
import { spreadMass } from './mass.js';
import type { Mixture } from './mixture.js';
import { TOTAL_BUCKETS } from './parameters.js';

/**
 * A mixture for one history h: P(w|h) = Σ_S term_S(c_S(w)) + uniform, where c_S(w) is the count of w after h in pattern S.
 * Weights, discounts and totals depend on the history alone, so the word enters through its counts only.
 */
export interface Expansion {
  /** A term for each pattern whose context was seen, patterns with fewer kept words first. */
  readonly terms: readonly Term[];
  /** The part of the uniform distribution that each word gets. */
  readonly uniform: number;
}

/** p(w|h) of a whole model as a sum: terms of the word patterns and, with a class model, terms of the class patterns. */
export interface NextWordTerms {
  readonly words: Expansion;
  /** The sum for counts of w's class; it is added after multiplication by p(w | class of w). */
  readonly classes: (Expansion & { readonly wordClasses: WordClasses }) | undefined;
}

/** A pattern's own part of the probability of words after a history: scale · max(c − D(c), 0). */
export class Term {
  /** @param table the table's place in the evidence. */
  constructor(
    readonly pattern: Pattern,
    readonly table: number,
    private readonly scale: number,
    private readonly d1: number,
    private readonly d2: number,
    private readonly d3: number,
  ) {}

  /** The part of the probability of a word with this count. */
  value(count: number): number {
    if (count === 0) return 0;
    const kept = count - (count === 1 ? this.d1 : count === 2 ? this.d2 : this.d3);
    return kept > 0 ? this.scale * kept : 0;
  }

  /** The most that any count up to this one gives: a count of 2 can give less than a count of 1, if D2 > D1 + 1. */
  bound(count: number): number {
    let most = this.value(count);
    for (let lower = Math.min(count - 1, 3); lower > 0; lower--) most = Math.max(most, this.value(lower));
    return most;
  }
}

/**
 * The mixture for the history of the word that it evaluated last, word `t` of a batch.
 *
 * @param available number of words of history.
 * @param whole the probability that the mixture gives out in all: 1, or its share beside a class model.
 */
export function expand(mixture: Mixture, evidence: Evidence, t: number, available: number, whole: number): Expansion {
  const { lattice, tables, discounts, buckets, freed } = mixture;
  const mass = spreadMass(mixture, available, whole);
  const terms: Term[] = [];
  mass.forEach((share, s) => {
    const total = lattice.spans[s] > available ? 0 : evidence.data[evidence.at(t, tables[s]) + TOTAL];
    if (total === 0) return;
    const d = (s * TOTAL_BUCKETS + buckets[s]) * 4;
    const { pattern } = lattice.tables[s];
    terms.push(new Term(pattern, tables[s], share / total, discounts[d + 1], discounts[d + 2], discounts[d + 3]));
  });
  return { terms, uniform: (mass[0] * freed[0]) / lattice.vocabulary };
}
