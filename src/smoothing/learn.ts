import { log } from '../base/elementary.js';
import type { Batch } from './batch.js';
import { COUNT, FOLLOWERS, ONES, TOTAL, TWOS, type Evidence } from './evidence.js';
import type { Pause } from '../base/turn.js';
import type { Blend } from './blend.js';
import type { BlendEvidence } from './blend-evidence.js';
import { descend, type Parameters } from './descent.js';
import { spreadMass } from './mass.js';
import type { Mixture } from './mixture.js';
import {
  CHILD_PARAMETERS,
  OWN_PARAMETERS,
  OWN_TOTAL_OFFSET,
  RATIO_OFFSET,
  TOTAL_BUCKETS,
  WORD_OFFSET,
  wordBucket,
} from './parameters.js';

/** The parameters of a blend that are being learned. */
export interface BlendParameters {
  /** Of the mixture over word patterns. */
  readonly words: Parameters;
  /** By class model, of its mixture over class patterns. */
  readonly classes: readonly Parameters[];
  /** Of the gate: `values` must be its `parameters`. `undefined` without class models. */
  readonly gate: Parameters | undefined;
  /** Of Model M; `undefined` without it. */
  readonly modelM: Parameters | undefined;
}

/**
 * Learns the parameters of a blend by {@link descend}. Changes them in place, and sets the parameters of the blend to them.
 *
 * @param onEpoch as for `descend`.
 * @param pause awaited after each step.
 */
export async function learn(
  blend: Blend,
  { words, classes, gate, modelM: ofM }: BlendParameters,
  evidence: BlendEvidence,
  batch: Batch,
  onEpoch: (epoch: number, epochs: number, perplexity: number) => void,
  pause: Pause,
): Promise<void> {
  const { classModels, modelM } = blend;
  const addWord = (t: number): number => {
    const probability = blend.probability(evidence, batch, t);
    // The derivative of −ln p by p.
    const slope = -1 / probability;
    const shares = blend.gate?.shares;
    backward(blend.words, words.gradient, evidence.words, batch, t, shares ? slope * shares[0] : slope);
    if (!shares || !gate) return -log(probability);
    const word = batch.ids[batch.targets[t]];
    // The class model of its clustering is the base of Model M.
    let ofBase = 0;
    if (modelM && ofM && evidence.steps) {
      ofBase = modelM.backward(ofM.gradient, evidence.steps, batch, t, slope * shares[1 + classModels.length]);
    }
    for (let m = 0; m < classModels.length; m++) {
      const { mixture, classes: its } = classModels[m];
      const { evidence: counts, batch: classBatch } = evidence.clusterings[m];
      const ofClass = slope * shares[1 + m] * its.share[word] + (modelM?.clustering === m ? ofBase : 0);
      backward(mixture, classes[m].gradient, counts, classBatch, t, ofClass);
    }
    blend.gate.backward(gate.gradient, blend.features, blend.probabilities, probability);
    return -log(probability);
  };
  const onStep = (): void => {
    blend.words.setParameters(words.values);
    classModels.forEach(({ mixture }, m) => {
      mixture.setParameters(classes[m].values);
    });
    if (modelM && ofM) modelM.setParameters(ofM.values);
  };
  const all = [words, ...classes, ...(gate ? [gate] : []), ...(ofM ? [ofM] : [])];
  await descend(all, batch.length, addWord, onStep, onEpoch, pause);
}

/** By pattern: the derivative by its P_S. A buffer of `backward`. */
const slopes = new Float64Array(1 << 12);

/**
 * Adds the derivatives of `slope` · P(w|h) by the parameters to the gradient, for word `t` of the batch, which the mixture must have
 * evaluated last. Works from the longest pattern down: each pattern passes its derivative to its children (reverse mode).
 */
function backward(
  mixture: Mixture,
  gradient: Float64Array,
  evidence: Evidence,
  { ids, targets, available }: Batch,
  t: number,
  slope: number,
): void {
  const { lattice, firstParameter, firstWeight, values, childMeans, gammas, buckets, ratios, weights, discounts } =
    mixture;
  const { children, dropped, spans, top } = lattice;
  const reach = available[t];
  const from = top[reach];
  const { data } = evidence;
  slopes.fill(0, 0, from + 1);
  slopes[from] = slope;
  for (let s = from; s >= 0; s--) {
    const patternSlope = slopes[s];
    if (patternSlope === 0 || spans[s] > reach) continue;
    const at = evidence.at(t, mixture.tables[s]);
    const total = data[at + TOTAL];
    const bucket = buckets[s];
    const childMean = childMeans[s];
    if (total > 0) {
      const d = (s * TOTAL_BUCKETS + bucket) * 4;
      const count = data[at + COUNT];
      const ones = data[at + ONES];
      const twos = data[at + TWOS];
      const scale = patternSlope / total;
      for (let k = 1; k <= 3; k++) {
        // How many followers have the discount D_k, and whether the word is one of them.
        const followers = k === 1 ? ones : k === 2 ? twos : data[at + FOLLOWERS] - ones - twos;
        const isOne = count === k || (k === 3 && count > 3) ? 1 : 0;
        const discount = discounts[d + k];
        gradient[firstParameter[s] + (k - 1) * TOTAL_BUCKETS + bucket] +=
          scale * (followers * childMean - isOne) * discount * (1 - discount / k);
      }
    }
    const ownChildren = children[s];
    const meanSlope = patternSlope * gammas[s];
    const ownWeights = firstWeight[s];
    let parameter = firstParameter[s] + OWN_PARAMETERS;
    for (let i = 0; i < ownChildren.length; i++, parameter += CHILD_PARAMETERS) {
      const child = ownChildren[i];
      const weight = weights[ownWeights + i];
      slopes[child] += meanSlope * weight;
      if (ownChildren.length === 1) continue;
      const change = meanSlope * weight * (values[child] - childMean);
      gradient[parameter + buckets[child]] += change;
      gradient[parameter + OWN_TOTAL_OFFSET + bucket] += change;
      gradient[parameter + RATIO_OFFSET + ratios[child]] += change;
      gradient[parameter + WORD_OFFSET + wordBucket(ids[targets[t] - dropped[s][i]])] += change;
    }
  }
}

/** By pattern: the share of the probability mass that its own counts give out, on average over the words of a batch. */
export interface MassShares {
  readonly words: Float64Array;
  /** By class model. */
  readonly clusterings: readonly Float64Array[];
  /** The share of Model M in the gate; 0 without it. */
  modelM: number;
}

/** The share of each pattern. All shares together add up to 1 minus the share of the uniform distribution. */
export function massShares(blend: Blend, evidence: BlendEvidence, batch: Batch): MassShares {
  const { words, classModels, modelM, gate } = blend;
  const shares = {
    words: new Float64Array(words.tables.length),
    clusterings: classModels.map(({ mixture }) => new Float64Array(mixture.tables.length)),
    modelM: 0,
  };
  for (let t = 0; t < batch.length; t++) {
    blend.probability(evidence, batch, t);
    const ofExperts = gate?.shares ?? WHOLE;
    addMass(words, batch.available[t], ofExperts[0] / batch.length, shares.words);
    classModels.forEach(({ mixture }, m) => {
      addMass(mixture, batch.available[t], ofExperts[1 + m] / batch.length, shares.clusterings[m]);
    });
    if (modelM) shares.modelM += ofExperts[1 + classModels.length] / batch.length;
  }
  return shares;
}

const WHOLE = Float64Array.of(1);

/** Adds to `shares` the part of the mass `whole` that the counts of each pattern give out, for the word that was evaluated last. */
function addMass(mixture: Mixture, available: number, whole: number, shares: Float64Array): void {
  spreadMass(mixture, available, whole).forEach((mass, s) => (shares[s] += mass * (1 - mixture.gammas[s])));
}
