import { exp, log10 } from '../base/elementary.js';
import type { WordClasses } from '../tables/classes.js';
import type { Batch } from './batch.js';
import type { TextCache } from './cache.js';
import { TOTAL, type Evidence } from './evidence.js';
import type { Discounts } from './discounts.js';
import type { Chain, EstimatorInput } from './estimator.js';
import { latticeOf } from './lattice.js';
import { Mixture } from './mixture.js';
import { expand, type NextWordTerms } from './terms.js';
import { TOTAL_BUCKETS, WORD_BUCKETS, wordBucket } from './parameters.js';

/** Number of context lengths, 0 to 11 words, that the gate's parameters distinguish. */
const LENGTHS = 12;
/** Parameters of the gate: a constant, the longest context seen and its total, the nearest word, the one before it. */
export const GATE_PARAMETERS = 1 + LENGTHS * TOTAL_BUCKETS + 2 * WORD_BUCKETS;
/** The gate's constant before learning: most weight on the word patterns, 1/(1 + e^1.5) = 0.18 on the classes. */
export const GATE_START = -1.5;

/** A class model beside the mixture over word patterns: P(w|h) = P(class of w | classes of h) · P(w | class of w) (Brown et al. 1992). */
export interface ClassModel {
  readonly mixture: Mixture;
  readonly classes: WordClasses;
  /** `GATE_PARAMETERS` numbers: the weight of the class model is the logistic function of a sum of four of them. */
  readonly gate: Float64Array;
}

/** The evidence of a batch: from the tables of words and, with a class model, from the tables of classes. */
export interface BlendEvidence {
  readonly words: Evidence;
  readonly classes: Evidence | undefined;
  /** The batch with classes in place of words. */
  readonly classBatch: Batch | undefined;
}

/** The whole model but the cache: a mixture over word patterns and, with learned weights, a class model beside it. */
export class Blend {
  /** For learning, values of the word that was evaluated last: the weight of the class model, both probabilities, the gate parameters. */
  gate = 0;
  wordProbability = 0;
  classProbability = 0;
  readonly gatePlaces = new Uint32Array(4);

  constructor(
    readonly words: Mixture,
    readonly classModel?: ClassModel,
  ) {}

  /** As {@link Estimator.chain}. */
  get chain(): Chain | undefined {
    return this.classModel ? undefined : this.words.chain;
  }

  /** The probability of word `t` of the batch. */
  probability(evidence: BlendEvidence, batch: Batch, t: number): number {
    const { words, classModel } = this;
    const probability = words.probability(evidence.words, batch, t);
    if (!classModel || !evidence.classes || !evidence.classBatch) return probability;
    const { mixture, classes, gate } = classModel;
    const share = classes.share[batch.ids[batch.targets[t]]];
    this.wordProbability = probability;
    this.classProbability = share * mixture.probability(evidence.classes, evidence.classBatch, t);
    this.findGatePlaces(evidence.words, batch, t);
    let sum = 0;
    for (const place of this.gatePlaces) sum += gate[place];
    this.gate = 1 / (1 + exp(-sum));
    return (1 - this.gate) * probability + this.gate * this.classProbability;
  }

  /** log10 of {@link probability}, mixed with a cache of the text so far if there is one. */
  log10Prob(evidence: BlendEvidence, batch: Batch, t: number, cache?: TextCache): number {
    const probability = this.probability(evidence, batch, t);
    return log10(cache ? cache.mix(probability, batch, t) : probability);
  }

  /** The length in words of the longest n-gram in the model that ends at word `t`. At least 1. */
  matched({ words }: BlendEvidence, batch: Batch, t: number): number {
    return this.words.matched(words, batch, t);
  }

  /** Writes p(w | history of word `t`) as a sum of terms in which only the counts of w vary. */
  expand(evidence: BlendEvidence, batch: Batch, t: number): NextWordTerms {
    this.probability(evidence, batch, t);
    const { words, classModel } = this;
    const available = batch.available[t];
    if (!classModel || !evidence.classes) {
      return { words: expand(words, evidence.words, t, available, 1), classes: undefined };
    }
    const { mixture, classes: wordClasses } = classModel;
    return {
      words: expand(words, evidence.words, t, available, 1 - this.gate),
      classes: { ...expand(mixture, evidence.classes, t, available, this.gate), wordClasses },
    };
  }

  private findGatePlaces(evidence: Evidence, batch: Batch, t: number): void {
    const { gatePlaces, words } = this;
    const { top } = words.lattice;
    let length = batch.available[t];
    while (length > 0 && evidence.data[evidence.at(t, words.tables[top[length]]) + TOTAL] === 0) length--;
    const position = batch.targets[t];
    const nearest = batch.available[t] > 0 ? batch.ids[position - 1] : 0;
    const second = batch.available[t] > 1 ? batch.ids[position - 2] : 0;
    gatePlaces[0] = 0;
    gatePlaces[1] = 1 + length * TOTAL_BUCKETS + words.buckets[top[length]];
    gatePlaces[2] = 1 + LENGTHS * TOTAL_BUCKETS + wordBucket(nearest);
    gatePlaces[3] = 1 + LENGTHS * TOTAL_BUCKETS + WORD_BUCKETS + wordBucket(second);
  }
}

/**
 * Makes a blend.
 *
 * @param discounts estimates a table's discounts from its counts of counts.
 */
export function createBlend(
  { manifest, words, classes, wordClasses, weights }: EstimatorInput,
  discounts: (countsOfCounts: readonly number[]) => Discounts,
): Blend {
  const mixture = new Mixture(latticeOf(words, manifest.vocabulary, discounts), weights?.words);
  if (!weights || !wordClasses) return new Blend(mixture);
  return new Blend(mixture, {
    mixture: new Mixture(latticeOf(classes, wordClasses.count - 2, discounts), weights.classes),
    classes: wordClasses,
    gate: weights.gate,
  });
}
