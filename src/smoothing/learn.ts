import { exp, log } from '../base/elementary.js';
import type { Batch } from './batch.js';
import { COUNT, FOLLOWERS, ONES, TOTAL, TWOS, type Evidence } from './evidence.js';
import type { Pause } from '../base/turn.js';
import type { Blend, BlendEvidence } from './blend.js';
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

/** Passes over the text, and words a step. */
const EPOCHS = 10;
const STEP_WORDS = 1024;
/** The step size of Adam (Kingma & Ba 2015), at the start and at the end, and how fast its averages forget. */
const RATE = 0.04;
const LAST_RATE = 0.004;
const FORGET_MEAN = 0.9;
const FORGET_SQUARE = 0.99;
/** Weight of the Gaussian prior around the start: a parameter that moved by 1 costs 1.5 nats. */
const PRIOR = 1.5;

/** Parameters that are being learned, with their gradient and the moving averages of Adam. */
export class Parameters {
  readonly gradient: Float64Array;
  private readonly start: Float64Array;
  private readonly mean: Float64Array;
  private readonly square: Float64Array;
  /** The weight that each average still gives its start, 0, which Adam's bias correction divides out. */
  private meanLeft = 1;
  private squareLeft = 1;

  constructor(readonly values: Float64Array) {
    this.start = values.slice();
    this.gradient = new Float64Array(values.length);
    this.mean = new Float64Array(values.length);
    this.square = new Float64Array(values.length);
  }

  /** One step of Adam. @param words number of words that the gradient is summed over. @param share their share of the text. */
  step(rate: number, words: number, share: number): void {
    const { values, start, gradient, mean, square } = this;
    const meanScale = 1 / (1 - (this.meanLeft *= FORGET_MEAN));
    const squareScale = 1 / (1 - (this.squareLeft *= FORGET_SQUARE));
    for (let i = 0; i < values.length; i++) {
      const slope = (gradient[i] + 2 * PRIOR * share * (values[i] - start[i])) / words;
      mean[i] = FORGET_MEAN * mean[i] + (1 - FORGET_MEAN) * slope;
      square[i] = FORGET_SQUARE * square[i] + (1 - FORGET_SQUARE) * slope * slope;
      values[i] -= (rate * mean[i] * meanScale) / (Math.sqrt(square[i] * squareScale) + 1e-8);
      gradient[i] = 0;
    }
  }
}

/**
 * Learns a blend's parameters: gradient descent on the negative log likelihood of a batch, plus a Gaussian prior
 * that keeps parameters near their start where the text has little evidence. The blend's own arrays are changed. Deterministic.
 *
 * @param onEpoch called after each pass with its number, the number of passes, and the perplexity during the pass.
 * @param pause awaited after each step.
 */
export async function learn(
  blend: Blend,
  words: Parameters,
  classes: Parameters | undefined,
  gate: Parameters | undefined,
  evidence: BlendEvidence,
  batch: Batch,
  onEpoch: (epoch: number, of: number, perplexity: number) => void,
  pause: Pause,
): Promise<void> {
  const { classModel } = blend;
  const steps = Math.ceil(batch.length / STEP_WORDS);
  const all = EPOCHS * steps;
  let taken = 0;
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    let loss = 0;
    for (let step = 0; step < steps; step++) {
      let count = 0;
      // Every step sees words from all over the text.
      for (let t = step; t < batch.length; t += steps, count++) {
        const probability = blend.probability(evidence, batch, t);
        loss -= log(probability);
        const slope = -1 / probability;
        if (!classModel || !classes || !gate || !evidence.classes || !evidence.classBatch) {
          backward(blend.words, words.gradient, evidence.words, batch, t, slope);
          continue;
        }
        const share = classModel.classes.share[batch.ids[batch.targets[t]]];
        backward(blend.words, words.gradient, evidence.words, batch, t, slope * (1 - blend.gate));
        backward(
          classModel.mixture,
          classes.gradient,
          evidence.classes,
          evidence.classBatch,
          t,
          slope * blend.gate * share,
        );
        const gateSlope = slope * (blend.classProbability - blend.wordProbability) * blend.gate * (1 - blend.gate);
        for (const place of blend.gatePlaces) gate.gradient[place] += gateSlope;
      }
      taken++;
      const rate = RATE + ((LAST_RATE - RATE) * taken) / all;
      const part = count / batch.length;
      words.step(rate, count, part);
      blend.words.setParameters(words.values);
      if (classModel && classes && gate) {
        classes.step(rate, count, part);
        classModel.mixture.setParameters(classes.values);
        gate.step(rate, count, part);
      }
      await pause();
    }
    onEpoch(epoch, EPOCHS, exp(loss / batch.length));
  }
}

const slopes = new Float64Array(1 << 12);

/**
 * Adds the derivatives of `slope` · P(w|h) by the parameters to the gradient, for the word that the mixture evaluated last. It
 * walks from the longest pattern down; each pattern passes its derivative on to its children (reverse mode).
 */
function backward(
  mixture: Mixture,
  gradient: Float64Array,
  evidence: Evidence,
  { ids, targets, available }: Batch,
  t: number,
  slope: number,
): void {
  const { lattice, starts, edges, values, lowers, freed, buckets, ratios, weights, discounts } = mixture;
  const { children, dropped, spans, top } = lattice;
  const reach = available[t];
  const from = top[reach];
  const { data } = evidence;
  slopes.fill(0, 0, from + 1);
  slopes[from] = slope;
  for (let s = from; s >= 0; s--) {
    const reached = slopes[s];
    if (reached === 0 || spans[s] > reach) continue;
    const at = evidence.at(t, mixture.tables[s]);
    const total = data[at + TOTAL];
    const bucket = buckets[s];
    const lower = lowers[s];
    if (total > 0) {
      const d = (s * TOTAL_BUCKETS + bucket) * 4;
      const count = data[at + COUNT];
      const ones = data[at + ONES];
      const twos = data[at + TWOS];
      const scale = reached / total;
      for (let k = 1; k <= 3; k++) {
        const seen = k === 1 ? ones : k === 2 ? twos : data[at + FOLLOWERS] - ones - twos;
        const own = count === k || (k === 3 && count > 3) ? 1 : 0;
        const discount = discounts[d + k];
        gradient[starts[s] + (k - 1) * TOTAL_BUCKETS + bucket] +=
          scale * (seen * lower - own) * discount * (1 - discount / k);
      }
    }
    const below = children[s];
    const passed = reached * freed[s];
    const edge = edges[s];
    let parameter = starts[s] + OWN_PARAMETERS;
    for (let i = 0; i < below.length; i++, parameter += CHILD_PARAMETERS) {
      const child = below[i];
      const weight = weights[edge + i];
      slopes[child] += passed * weight;
      if (below.length === 1) continue;
      const change = passed * weight * (values[child] - lower);
      gradient[parameter + buckets[child]] += change;
      gradient[parameter + OWN_TOTAL_OFFSET + bucket] += change;
      gradient[parameter + RATIO_OFFSET + ratios[child]] += change;
      gradient[parameter + WORD_OFFSET + wordBucket(ids[targets[t] - dropped[s][i]])] += change;
    }
  }
}

/** By pattern, the share of the probability mass that it gives out itself, on average over the words of a batch. */
export interface MassShares {
  readonly words: Float64Array;
  readonly classes: Float64Array;
}

/** The share of each pattern. All shares together are 1 minus the share of the uniform distribution. */
export function massShares(blend: Blend, evidence: BlendEvidence, batch: Batch): MassShares {
  const { words, classModel } = blend;
  const shares = {
    words: new Float64Array(words.tables.length),
    classes: new Float64Array(classModel?.mixture.tables.length ?? 0),
  };
  for (let t = 0; t < batch.length; t++) {
    blend.probability(evidence, batch, t);
    const gate = classModel ? blend.gate : 0;
    addMass(words, batch.available[t], (1 - gate) / batch.length, shares.words);
    if (classModel) addMass(classModel.mixture, batch.available[t], gate / batch.length, shares.classes);
  }
  return shares;
}

/** Adds to `shares` the part of the mass `whole` that each pattern gives out itself, for the word that was evaluated last. */
function addMass(mixture: Mixture, available: number, whole: number, shares: Float64Array): void {
  spreadMass(mixture, available, whole).forEach((mass, s) => (shares[s] += mass * (1 - mixture.freed[s])));
}
