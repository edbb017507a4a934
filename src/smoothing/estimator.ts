import type { WordClasses } from '../tables/classes.js';
import type { Manifest } from '../tables/manifest.js';
import type { Batch } from './batch.js';
import type { BlendEvidence } from './blend-evidence.js';
import type { Chain } from './chain.js';
import type { Evidence } from './evidence.js';
import type { Discounts } from './discounts.js';
import type { SmoothedTable } from './lattice.js';
import type { ModelM, SmoothedModelM } from './model-m.js';
import type { NextWordTerms } from './terms.js';

/** Computes the probabilities of words from their evidence, that is, from the numbers that the tables have for them. */
export interface Estimator {
  /**
   * Puts log10 p of the words of a batch into `log10Probs`.
   *
   * @param evidence of the words.
   * @param ofClasses by class model and word: p of the word's class, by {@link classChains}.
   * @param ofModelM by word: p by {@link modelM}; `undefined` without it.
   * @param cache the text so far; an estimator without tuned weights ignores it.
   */
  score(
    evidence: Evidence,
    ofClasses: readonly Float64Array[],
    ofModelM: Float64Array | undefined,
    batch: Batch,
    log10Probs: Float64Array,
    cache?: TextMixer,
  ): void;
  /** Length [words] of the longest n-gram of the model that ends at word `t` of the batch; at least 1. */
  matched(evidence: Evidence, batch: Batch, t: number): number;
  /**
   * Writes p(w | history of word `t`) as a sum of terms in which only the counts of w depend on w. A search for the most probable
   * next words needs it; an estimator without it (back-off models) has a search of its own.
   */
  expand?(evidence: BlendEvidence, batch: Batch, t: number): NextWordTerms;
  /** The same estimator as a chain, if it has neither tuned weights nor skip patterns; otherwise `undefined`. */
  readonly chain?: Chain | undefined;
  /** By clustering, its class model, in which each context of classes backs off to the one without its oldest class. */
  readonly classChains: readonly Chain[];
  /** Model M, if it is one of the experts. */
  readonly modelM?: ModelM | undefined;
}

/** A running text that raises the probability of words that occur again: `TextCache`. */
export interface TextMixer {
  /**
   * Mixes the probability that the model gives to word `t` of the batch with the text so far, then adds the word to the text.
   *
   * @param classProbability p by the class model; 0 without one.
   */
  mix(probability: number, classProbability: number, batch: Batch, t: number): number;
}

/** The tuned weights of the mixture and of the class models beside it. */
export interface MixtureParameters {
  /** Parameters of the mixture over word patterns. */
  readonly words: Float64Array;
  /** Parameters of the mixture over class patterns; empty without classes. */
  readonly classes: Float64Array;
  /** Parameters of the gate between words and classes; empty without classes. */
  readonly gate: Float64Array;
  /** Parameters of Model M; empty without it. */
  readonly modelM: Float64Array;
}

/** The classes of one clustering, and the tables that count them. A table has the same index here and in the clustering's evidence. */
export interface SmoothedClustering {
  readonly classes: WordClasses;
  readonly tables: readonly SmoothedTable[];
}

/** The data from which an estimator is made: only plain objects and arrays, which can be sent to other threads. */
export interface EstimatorInput {
  readonly manifest: Manifest;
  /** The tables of words in use. A table has the same index here and in the evidence. */
  readonly words: readonly SmoothedTable[];
  /** The clusterings whose class models are in use; none without tuned weights. */
  readonly clusterings: readonly SmoothedClustering[];
  /** Model M, if it is in use: only with tuned weights. */
  readonly modelM: SmoothedModelM | undefined;
  /** The tuned weights in use; `undefined` for equal weights. */
  readonly weights: MixtureParameters | undefined;
}

/** A way to turn counts into probabilities: a row of `SMOOTHINGS`, whose keys are `Name`. */
export interface SmoothingMethod<Name extends string = string> {
  /** The name of the method in messages and reports. */
  readonly title: string;
  /** The numbers that the tables of a model must have for this method: counts, or log10 probabilities and back-offs. */
  readonly needs: 'counts' | 'back-offs';
  /** The tables that the method reads: only the tables of contiguous n-grams, or all tables, with the skip patterns. */
  readonly tables: 'contiguous' | 'all';
  /** Whether the method takes tuned weights, and with them a cache. */
  readonly weights: boolean;
  /** Whether `kneser baseline` trains and measures a model with this method at every order, and draws a line of their perplexities. */
  readonly isInBaseline: boolean;
  /** The method that this one extends, with which reports compare it. */
  readonly extends?: Name;
  /** The discounts of a table. @param countsOfCounts the numbers of its n-grams with the counts 1, 2, 3, 4. */
  discounts(countsOfCounts: readonly number[]): Discounts;
  estimator(input: EstimatorInput): Estimator;
}
