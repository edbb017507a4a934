import type { WordClasses } from '../tables/classes.js';
import type { Manifest } from '../tables/manifest.js';
import type { Batch } from './batch.js';
import type { BlendEvidence } from './blend.js';
import type { TextCache } from './cache.js';
import type { Discounts } from './discounts.js';
import type { SmoothedTable } from './lattice.js';
import type { NextWordTerms } from './terms.js';
import type { WeightSet } from './weights.js';

/** Computes the probabilities of words from their evidence, the numbers that the tables hold for them. */
export interface Estimator {
  /** Puts log10 p of the words of a batch into `log10Probs`. @param cache the text so far, for an estimator that can mix it in. */
  score(evidence: BlendEvidence, batch: Batch, log10Probs: Float64Array, cache?: TextCache): void;
  /** The length in words of the longest n-gram in the model that ends at word `t`. At least 1. */
  matched(evidence: BlendEvidence, batch: Batch, t: number): number;
  /**
   * Writes p(w | history of word `t`) as a sum of terms in which only the counts of w vary. Without this method, next words cannot
   * be predicted.
   */
  expand?(evidence: BlendEvidence, batch: Batch, t: number): NextWordTerms;
  /** The equivalent chain, if the estimator has neither tuned weights nor skip patterns; `undefined` otherwise. */
  readonly chain?: Chain | undefined;
}

/** Interpolation in which each context backs off to exactly one shorter context: itself without its farthest word. */
export interface Chain {
  /** By number of context words, the discounts D1, D2, D3+ at places 1 to 3. */
  readonly discounts: readonly Float64Array[];
  /** V: the empty context is interpolated with the uniform distribution 1/V. */
  readonly vocabulary: number;
}

/** The data from which an estimator is made: plain objects and arrays, so that they can be sent to other threads. */
export interface EstimatorInput {
  readonly manifest: Manifest;
  /** The tables in use, by their place in the evidence. */
  readonly words: readonly SmoothedTable[];
  /** The tables of the class model, by their place in its evidence; empty if no class model is in use. */
  readonly classes: readonly SmoothedTable[];
  readonly wordClasses: WordClasses | undefined;
  /** The set of tuned weights in use. */
  readonly weights: WeightSet | undefined;
}

/** A way to turn counts into probabilities: a row of `SMOOTHINGS`. */
export interface SmoothingMethod {
  /** Its name in messages and reports. */
  readonly title: string;
  /** The numbers that the tables of a model must hold for it: counts, or log probabilities and back-offs. */
  readonly needs: 'counts' | 'back-offs';
  /** The tables that it reads: only the tables of contiguous n-grams, or all, with the tables of skip patterns. */
  readonly tables: 'contiguous' | 'all';
  /** Whether it takes tuned weights, and with them a cache. */
  readonly weights: boolean;
  /** Whether `kneser baseline` measures it at every order. */
  readonly baseline: boolean;
  /** The discounts of a table, from the numbers of its n-grams with the counts 1, 2, 3, 4. */
  discounts(countsOfCounts: readonly number[]): Discounts;
  estimator(input: EstimatorInput): Estimator;
}
