import { log10 } from '../base/elementary.js';
import type { WordClasses } from '../tables/classes.js';
import type { Batch } from './batch.js';
import { TOTAL, type Evidence } from './evidence.js';
import type { Discounts } from './discounts.js';
import type { BlendEvidence } from './blend-evidence.js';
import type { Chain } from './chain.js';
import type { EstimatorInput, TextMixer } from './estimator.js';
import { latticeOf } from './lattice.js';
import { Mixture } from './mixture.js';
import { MixturePass, PASS_WORDS } from './mixture-pass.js';
import { NONE } from '../text/tokens.js';
import { Gate } from './gate.js';
import { ModelM } from './model-m.js';
import { divideParameters, TOTAL_BUCKETS, WORD_BUCKETS, wordBucket } from './parameters.js';
import { expand, type NextWordTerms } from './terms.js';

/** Number of context lengths (0 to 11 words) among which the gate distinguishes. */
const LENGTHS = 12;
/** s of every class model before learning: one class model gets the share 1/(1 + e^1.5) = 0.18, the word patterns the rest. */
export const GATE_START = -1.5;

/**
 * By feature of the gate, its number of values: the length of the longest context that was seen, with the bucket of its Σc; the buckets of
 * the word before and of the word before that; the class of the word before, in the first clustering.
 *
 * @param classes number of class ids of the first clustering.
 */
export function gateFeatures(classes: number): number[] {
  return [...RANK_FEATURES, classes];
}

/** The features of weights that kneser 0.1 tuned. */
const RANK_FEATURES = [LENGTHS * TOTAL_BUCKETS, WORD_BUCKETS, WORD_BUCKETS];

/** The features of a gate with this many parameters; `undefined` if no gate of a model has so many. @param models number of class models, Model M included. */
export function featuresOfGate(parameters: number, models: number, classes: number): number[] | undefined {
  return [gateFeatures(classes), RANK_FEATURES].find(sizes => Gate.parameters(1 + models, sizes) === parameters);
}

/** A class model beside the mixture over word patterns: P(w|h) = P(class of w | classes of h) · P(w | class of w) (Brown et al. 1992). */
export interface ClassModel {
  readonly mixture: Mixture;
  readonly classes: WordClasses;
}

/**
 * The whole model except the cache. Its experts are a mixture over word patterns, which is expert 0, and with learned weights a class model for
 * each clustering of the words, and Model M; a gate weighs them.
 */
export class Blend {
  /** By expert: p(w|h) of the word for which `probability` was called last. */
  readonly probabilities: Float64Array;
  /** By feature of the gate: its value for that word's history. */
  readonly features: Uint32Array;
  /** A pass over the mixture of words, made when the first batch is scored. */
  private pass: MixturePass | undefined;

  /** @param gate weighs the experts; `undefined` without class models. */
  constructor(
    readonly words: Mixture,
    readonly classModels: readonly ClassModel[] = [],
    readonly gate?: Gate,
    readonly modelM?: ModelM,
  ) {
    this.probabilities = new Float64Array(1 + classModels.length + (modelM ? 1 : 0));
    this.features = new Uint32Array(gateFeatures(1).length);
  }

  /** As {@link Estimator.chain}. */
  get chain(): Chain | undefined {
    return this.gate || this.words.factors ? undefined : this.words.chain;
  }

  get classChains(): Chain[] {
    // The tables of classes are those of contiguous n-grams.
    return this.classModels.flatMap(({ mixture }) => mixture.chain ?? []);
  }

  /** p of word `t` of the batch after its history. */
  probability(evidence: BlendEvidence, batch: Batch, t: number): number {
    const { words, classModels, modelM, gate, probabilities } = this;
    probabilities[0] = words.probability(evidence.words, batch, t);
    if (!gate) return probabilities[0];
    const word = batch.ids[batch.targets[t]];
    for (let m = 0; m < classModels.length; m++) {
      const { mixture, classes } = classModels[m];
      const its = evidence.clusterings[m];
      const ofClass = mixture.probability(its.evidence, its.batch, t);
      probabilities[1 + m] = classes.share[word] * ofClass;
      if (modelM?.clustering !== m) continue;
      if (!evidence.steps) throw new Error('Model M has no evidence');
      probabilities[1 + classModels.length] = modelM.probability(evidence.steps, batch, t, ofClass);
    }
    return this.weighed(gate, evidence.words, batch, t, words.buckets, 1, 0);
  }

  /** Puts log10 of {@link probability} of each word into `log10Probs`, mixed with a cache of the text so far if there is one. */
  score(
    evidence: Evidence,
    ofClasses: readonly Float64Array[],
    ofModelM: Float64Array | undefined,
    batch: Batch,
    log10Probs: Float64Array,
    cache?: TextMixer,
  ): void {
    const { words, probabilities } = this;
    const pass = (this.pass ??= new MixturePass(words));
    for (let from = 0; from < batch.length; from += PASS_WORDS) {
      const to = Math.min(batch.length, from + PASS_WORDS);
      pass.run(evidence, batch, from, to);
      for (let t = from; t < to; t++) {
        probabilities[0] = pass.probability(t - from, batch.available[t]);
        const probability = this.mix(pass, evidence, ofClasses, ofModelM, batch, t, t - from);
        log10Probs[t] = log10(cache ? cache.mix(probability, this.gate ? probabilities[1] : 0, batch, t) : probability);
      }
    }
  }

  /** p of word t of the batch, which is word i of the pass, from all experts. `probabilities[0]` is set. */
  private mix(
    pass: MixturePass,
    evidence: Evidence,
    ofClasses: readonly Float64Array[],
    ofModelM: Float64Array | undefined,
    batch: Batch,
    t: number,
    i: number,
  ): number {
    const { classModels, gate, probabilities } = this;
    if (!gate) return probabilities[0];
    const word = batch.ids[batch.targets[t]];
    for (let m = 0; m < classModels.length; m++) {
      probabilities[1 + m] = classModels[m].classes.share[word] * ofClasses[m][t];
    }
    if (ofModelM) probabilities[1 + classModels.length] = ofModelM[t];
    return this.weighed(gate, evidence, batch, t, pass.buckets, PASS_WORDS, i);
  }

  /** Length [words] of the longest n-gram of the model that ends at word `t` of the batch; at least 1. */
  matched(evidence: Evidence, batch: Batch, t: number): number {
    return this.words.matched(evidence, batch, t);
  }

  /** Writes p(w | history of word `t`) as a sum of terms in which only the counts of w depend on w. */
  expand(evidence: BlendEvidence, batch: Batch, t: number): NextWordTerms {
    this.probability(evidence, batch, t);
    const { words, classModels, gate, modelM } = this;
    const available = batch.available[t];
    return {
      words: expand(words, evidence.words, t, available, gate ? gate.shares[0] : 1),
      clusterings: classModels.map(({ mixture, classes: wordClasses }, m) => ({
        ...expand(mixture, evidence.clusterings[m].evidence, t, available, gate ? gate.shares[1 + m] : 0),
        wordClasses,
      })),
      shareOfModelM: gate && modelM ? gate.shares[1 + classModels.length] : 0,
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
   * Weighs the experts for word `t`, and mixes their `probabilities`.
   *
   * @param buckets of Σc: of pattern s at index s · `stride` + i.
   */
  private weighed(
    gate: Gate,
    evidence: Evidence,
    batch: Batch,
    t: number,
    buckets: Uint8Array,
    stride: number,
    i: number,
  ): number {
    const length = this.seen(evidence, batch, t);
    this.weigh(gate, batch, t, length, buckets[this.words.lattice.top[length] * stride + i]);
    return gate.mix(this.probabilities);
  }

  /**
   * Weighs the experts for word `t`; sets `features` from its history.
   *
   * @param length number of words of the longest context of word `t` that was seen.
   * @param bucket the bucket of the Σc of that context.
   */
  private weigh(gate: Gate, { ids, targets, available }: Batch, t: number, length: number, bucket: number): void {
    const { features, classModels } = this;
    const position = targets[t];
    const before = available[t] > 0 ? ids[position - 1] : NONE;
    features[0] = length * TOTAL_BUCKETS + bucket;
    features[1] = wordBucket(before);
    features[2] = wordBucket(available[t] > 1 ? ids[position - 2] : NONE);
    features[3] = classModels[0].classes.of[before];
    gate.weigh(features);
  }
}

/**
 * Makes a blend.
 *
 * @param discounts estimates the discounts of a table from its numbers of n-grams with the counts 1, 2, 3, 4.
 */
export function createBlend(
  { manifest, words, clusterings, modelM: tablesOfM, weights }: EstimatorInput,
  discounts: (countsOfCounts: readonly number[]) => Discounts,
): Blend {
  const mixture = new Mixture(latticeOf(words, manifest.vocabulary, discounts), weights?.words);
  if (!weights || clusterings.length === 0) return new Blend(mixture);
  const lattices = clusterings.map(({ tables, classes }) => latticeOf(tables, classes.predicted, discounts));
  const parameters = divideParameters(weights.classes, lattices);
  const models = clusterings.map(({ classes }, m): ClassModel => {
    return { mixture: new Mixture(lattices[m], parameters[m]), classes };
  });
  const modelM = tablesOfM && new ModelM(tablesOfM, models[tablesOfM.clustering].classes, weights.modelM, discounts);
  const others = models.length + (modelM ? 1 : 0);
  const sizes = featuresOfGate(weights.gate.length, others, models[0].classes.count);
  if (!sizes) throw new Error('the gate does not fit the classes');
  return new Blend(mixture, models, new Gate(1 + others, sizes, weights.gate), modelM);
}
