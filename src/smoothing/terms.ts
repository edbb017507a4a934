import type { WordClasses } from '../tables/classes.js';
import { TOTAL, type Evidence } from './evidence.js';
import type { Pattern } from '../tables/pattern.js';
import { spreadMass } from './mass.js';
import type { Mixture } from './mixture.js';
import { TOTAL_BUCKETS } from './parameters.js';

/**
 * A mixture as it is for one history: P(w|h) = Σ_S terms_S(c_S(w)) + uniform. Weights, discounts and totals depend on the
 * history alone, so that what is left of the word is its count in each pattern.
 */
export interface Expansion {
  /** For each pattern whose context was seen, fewer kept words first. */
  readonly terms: readonly Term[];
  /** What every word has of the uniform distribution. */
  readonly uniform: number;
}

/** p(w|h) of a whole model as sums of terms: Σ terms(count of w) + uniform, and with a class model its part besides. */
export interface NextWordTerms {
  readonly words: Expansion;
  /** The same for counts of w's class: the sum, times the word's share of its class, is added. */
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

  /** What a count is worth. */
  value(count: number): number {
    if (count === 0) return 0;
    const kept = count - (count === 1 ? this.d1 : count === 2 ? this.d2 : this.d3);
    return kept > 0 ? this.scale * kept : 0;
  }

  /** What counts up to this one are worth at most: with their discounts, 2 may be worth less than 1. */
  bound(count: number): number {
    let most = this.value(count);
    for (let lower = Math.min(count - 1, 3); lower > 0; lower--) most = Math.max(most, this.value(lower));
    return most;
  }
}

/**
 * The mixture for the history of the word that it evaluated last, word `t` of a batch.
 *
 * @param available how many words of history it has.
 * @param whole the probability that the mixture has to give out.
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
