import { exp, log10 } from '../base/elementary.js';
import type { WordClasses } from '../tables/classes.js';
import type { Batch } from './batch.js';
import type { TextCache } from './cache/text-cache.js';
import { TOTAL, type Evidence } from './evidence.js';
import type { Discounts } from './discounts.js';
import type { Chain, EstimatorInput } from './estimator.js';
import { latticeOf } from './lattice.js';
import { Mixture } from './mixture.js';
import { MixturePass, PASS_WORDS } from './mixture-pass.js';
import { expand, type NextWordTerms } from './terms.js';
import { TOTAL_BUCKETS, WORD_BUCKETS, wordBucket } from './parameters.js';

/** Number of context lengths (0 to 11 words) among which the parameters of the gate distinguish. */
const LENGTHS = 12;
/**
 * Number of parameters of the gate: one constant; one for each length of the longest context that was seen and bucket of its Σc; one
 * for each bucket of the nearest context word; one for each bucket of the word before that.
 */
export const GATE_PARAMETERS = 1 + LENGTHS * TOTAL_BUCKETS + 2 * WORD_BUCKETS;
/** The constant of the gate before learning: the class model gets the share 1/(1 + e^1.5) = 0.18, the word patterns the rest. */
export const GATE_START = -1.5;

/** A class model beside the mixture over word patterns: P(w|h) = P(class of w | classes of h) · P(w | class of w) (Brown et al. 1992). */
export interface ClassModel {
  readonly mixture: Mixture;
  readonly classes: WordClasses;
  /** `GATE_PARAMETERS` numbers: the share of the class model is the logistic function of the sum of four of them. */
  readonly gateParameters: Float64Array;
}

/** The evidence of a batch from the tables of words, and with a class model also from the tables of classes. */
export interface BlendEvidence {
  readonly words: Evidence;
  readonly classes: Evidence | undefined;
  /** The batch with class ids in place of word ids. */
  readonly classBatch: Batch | undefined;
}

/** The whole model except the cache: a mixture over word patterns and, with learned weights, a class model beside it. */
export class Blend {
  // Values of the word for which `probability` was called last, which learning needs.
  /** The share of the class model, from 0 to 1. */
  gate = 0;
  /** p(w|h) by the word patterns. */
  wordProbability = 0;
  /** p(w|h) by the class model. */
  classProbability = 0;
  /** The indices of the four gate parameters whose sum gives the share. */
  readonly gateIndices = new Uint32Array(4);
  /** Passes over the two mixtures, made when the first batch is scored. */
  private wordPass: MixturePass | undefined;
  private classPass: MixturePass | undefined;
  /** By word of a pass: p by the class model; 0 without one. */
  private readonly classProbabilities = new Float64Array(PASS_WORDS);

  constructor(
    readonly words: Mixture,
    readonly classModel?: ClassModel,
  ) {}

  /** As {@link Estimator.chain}. */
  get chain(): Chain | undefined {
    return this.classModel ? undefined : this.words.chain;
  }

  /** p of word `t` of the batch after its history. */
  probability(evidence: BlendEvidence, batch: Batch, t: number): number {
    const { words, classModel } = this;
    const probability = words.probability(evidence.words, batch, t);
    if (!classModel || !evidence.classes || !evidence.classBatch) return probability;
    const { mixture, classes, gateParameters } = classModel;
    const wordInClass = classes.share[batch.ids[batch.targets[t]]];
    this.wordProbability = probability;
    this.classProbability = wordInClass * mixture.probability(evidence.classes, evidence.classBatch, t);
    const length = this.seen(evidence.words, batch, t);
    this.gate = this.weigh(gateParameters, batch, t, length, words.buckets[words.lattice.top[length]]);
    return (1 - this.gate) * probability + this.gate * this.classProbability;
  }

  /** Puts log10 of {@link probability} of each word into `log10Probs`, mixed with a cache of the text so far if there is one. */
  score(evidence: BlendEvidence, batch: Batch, log10Probs: Float64Array, cache?: TextCache): void {
    for (let from = 0; from < batch.length; from += PASS_WORDS) {
      const to = Math.min(batch.length, from + PASS_WORDS);
      this.evaluate(evidence, batch, from, to, log10Probs);
      const { classProbabilities } = this;
      for (let t = from; t < to; t++) {
        const probability = log10Probs[t];
        log10Probs[t] = log10(cache ? cache.mix(probability, classProbabilities[t - from], batch, t) : probability);
      }
    }
  }

  /** Puts the probabilities of the words `from` … `to` − 1 into `probabilities`. */
  private evaluate(
    { words: evidence, classes, classBatch }: BlendEvidence,
    batch: Batch,
    from: number,
    to: number,
    probabilities: Float64Array,
  ): void {
    const { words, classModel, classProbabilities } = this;
    const { ids, targets, available } = batch;
    const wordPass = (this.wordPass ??= new MixturePass(words));
    wordPass.run(evidence, batch, from, to);
    for (let t = from; t < to; t++) probabilities[t] = wordPass.probability(t - from, available[t]);
    if (!classModel || !classes || !classBatch) return;
    const { mixture, gateParameters } = classModel;
    const { share } = classModel.classes;
    const classPass = (this.classPass ??= new MixturePass(mixture));
    classPass.run(classes, classBatch, from, to);
    const { top } = words.lattice;
    for (let t = from; t < to; t++) {
      const length = this.seen(evidence, batch, t);
      const bucket = wordPass.buckets[top[length] * PASS_WORDS + t - from];
      const weight = this.weigh(gateParameters, batch, t, length, bucket);
      const ofClass = share[ids[targets[t]]] * classPass.probability(t - from, available[t]);
      classProbabilities[t - from] = ofClass;
      probabilities[t] = (1 - weight) * probabilities[t] + weight * ofClass;
    }
  }

  /** Length [words] of the longest n-gram of the model that ends at word `t` of the batch; at least 1. */
  matched({ words }: BlendEvidence, batch: Batch, t: number): number {
    return this.words.matched(words, batch, t);
  }

  /** Writes p(w | history of word `t`) as a sum of terms in which only the counts of w depend on w. */
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

  /** The number of words of the longest context of word `t` that was seen. */
  private seen(evidence: Evidence, { available }: Batch, t: number): number {
    const { words } = this;
    const { top } = words.lattice;
    const { data } = evidence;
    let length = available[t];
    while (length > 0 && data[evidence.at(t, words.tables[top[length]]) + TOTAL] === 0) length--;
    return length;
  }

  /**
   * The share of the class model for word `t`; sets `gateIndices` from its history.
   *
   * @param length number of words of the longest context of word `t` that was seen.
   * @param bucket the bucket of the Σc of that context.
   */
  private weigh(
    gateParameters: Float64Array,
    { ids, targets, available }: Batch,
    t: number,
    length: number,
    bucket: number,
  ): number {
    const { gateIndices } = this;
    const position = targets[t];
    gateIndices[0] = 0;
    gateIndices[1] = 1 + length * TOTAL_BUCKETS + bucket;
    gateIndices[2] = 1 + LENGTHS * TOTAL_BUCKETS + wordBucket(available[t] > 0 ? ids[position - 1] : 0);
    gateIndices[3] = 1 + LENGTHS * TOTAL_BUCKETS + WORD_BUCKETS + wordBucket(available[t] > 1 ? ids[position - 2] : 0);
    let sum = 0;
    for (let i = 0; i < gateIndices.length; i++) sum += gateParameters[gateIndices[i]];
    return 1 / (1 + exp(-sum));
  }
}

/**
 * Makes a blend.
 *
 * @param discounts estimates the discounts of a table from its numbers of n-grams with the counts 1, 2, 3, 4.
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
    gateParameters: weights.gate,
  });
}
