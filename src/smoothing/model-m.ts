import type { WordClasses } from '../tables/classes.js';
import type { Batch } from './batch.js';
import type { Discounts } from './discounts.js';
import type { Evidence } from './evidence.js';
import type { Followers } from './followers.js';
import type { SmoothedTable } from './lattice.js';
import { StepChain } from './step-chain.js';

/** The name of Model M beside the names of tables, where the parts of a probability are listed. */
export const MODEL_M = 'Model M';

/** The tables of Model M. A table has the same index in its step and in the evidence of this step. */
export interface SmoothedModelM {
  /** The clustering of its classes, as an index into the clusterings of the model. */
  readonly clustering: number;
  /** The class step, shorter contexts first. */
  readonly classTables: readonly SmoothedTable[];
  /** The word step. */
  readonly wordTables: readonly SmoothedTable[];
}

/** The evidence of a batch from the tables of Model M. */
export interface StepEvidence {
  /** The counts of the classes of the words. */
  readonly classes: Evidence;
  /** The counts of the words within their classes. */
  readonly words: Evidence;
}

/** Number of parameters of Model M. */
export function stepParameters({
  classTables,
  wordTables,
}: {
  readonly classTables: readonly unknown[];
  readonly wordTables: readonly unknown[];
}): number {
  return StepChain.parameters(classTables.length - 1) + StepChain.parameters(wordTables.length - 1);
}

/**
 * Model M (Chen 2009): P(w|h) = P(c | h) · P(w | c, h), where c is the class of w.
 *
 * - The class step: P(c | classes before) of the class model of the same clustering is the base; it is interpolated with the counts of c
 *   after the word before, after the two words before, and after three.
 * - The word step: P(w | c), the word's share of its class, is the base; it is interpolated with the counts of w within its class, then of
 *   w within its class after the word before, and after the two words before.
 */
export class ModelM {
  /** As {@link SmoothedModelM.clustering}. */
  readonly clustering: number;
  /** P(c|h) and P(w|c, h) of the word for which `probability` was called last. */
  private ofClass = 0;
  private ofWord = 0;
  private readonly classStep: StepChain;
  private readonly wordStep: StepChain;
  /** How many of the parameters belong to the class step. */
  private readonly classParameters: number;

  /** @param discounts estimates the discounts of a table from its numbers of n-grams with the counts 1, 2, 3, 4. */
  constructor(
    { clustering, classTables, wordTables }: SmoothedModelM,
    readonly classes: WordClasses,
    parameters: Float64Array,
    discounts: (countsOfCounts: readonly number[]) => Discounts,
  ) {
    this.clustering = clustering;
    const estimatesOf = (tables: readonly SmoothedTable[]): Discounts[] =>
      tables.slice(1).map(({ manifest }) => discounts(manifest.countsOfCounts));
    this.classParameters = StepChain.parameters(classTables.length - 1);
    this.classStep = new StepChain(estimatesOf(classTables), 1, parameters.subarray(0, this.classParameters));
    this.wordStep = new StepChain(estimatesOf(wordTables), 0, parameters.subarray(this.classParameters));
  }

  /** By length of the context, less 1: 0, D1, D2 and D3+ of the class step for each bucket of Σc. */
  get classDiscounts(): readonly Float64Array[] {
    return this.classStep.discountsByLength;
  }

  /** The same of the word step. */
  get wordDiscounts(): readonly Float64Array[] {
    return this.wordStep.discountsByLength;
  }

  setParameters(parameters: Float64Array): void {
    this.classStep.setParameters(parameters.subarray(0, this.classParameters));
    this.wordStep.setParameters(parameters.subarray(this.classParameters));
  }

  /** p of word `t` of the batch. @param classProbability p of its class by the class model. */
  probability(evidence: StepEvidence, { ids, targets, available }: Batch, t: number, classProbability: number): number {
    const share = this.classes.share[ids[targets[t]]];
    this.ofClass = this.classStep.probability(evidence.classes, t, available[t], classProbability);
    this.ofWord = this.wordStep.probability(evidence.words, t, available[t], share);
    return this.ofClass * this.ofWord;
  }

  /**
   * p of words of one class after the same history, with the bits of {@link probability}.
   *
   * @param evidence of one of the words, which is word 0 of its batch.
   * @param available number of words of history.
   * @param classProbability p of the class by the class model.
   * @param followers by length of the context in the word step, its followers; `undefined` if the context was not seen.
   * @param counts working memory: a 0 for each word id.
   * @returns by word of `words`, p.
   */
  spread(
    evidence: StepEvidence,
    available: number,
    classProbability: number,
    words: Uint32Array,
    followers: readonly (Followers | undefined)[],
    counts: Uint32Array,
  ): Float64Array {
    const { share } = this.classes;
    const values = new Float64Array(words.length);
    for (let i = 0; i < words.length; i++) values[i] = share[words[i]];
    for (let length = 1; length <= this.wordStep.reach(available); length++) {
      const seen = followers[length];
      if (!seen) continue;
      const ids = new Uint32Array(seen.length);
      const own = new Uint32Array(seen.length);
      seen.copy(ids, own);
      for (let i = 0; i < ids.length; i++) counts[ids[i]] = own[i];
      this.wordStep.interpolate(evidence.words, length, words, counts, values);
      for (const id of ids) counts[id] = 0;
    }
    const ofClass = this.classStep.probability(evidence.classes, 0, available, classProbability);
    for (let i = 0; i < values.length; i++) values[i] *= ofClass;
    return values;
  }

  /**
   * Adds the derivatives of `slope` · p by the parameters to the gradient, for word `t`, for which `probability` was called last.
   *
   * @returns the derivative by the class probability.
   */
  backward(gradient: Float64Array, evidence: StepEvidence, { available }: Batch, t: number, slope: number): number {
    const { classParameters, ofClass, ofWord } = this;
    this.wordStep.backward(gradient.subarray(classParameters), evidence.words, t, available[t], slope * ofClass);
    return this.classStep.backward(gradient, evidence.classes, t, available[t], slope * ofWord);
  }
}
