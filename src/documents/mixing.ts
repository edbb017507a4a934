import { runToEnd } from '../base/turn.js';
/**
 * Finds weights of domains, with pure functions of matrices of probabilities and of losses. A mixture of models has
 * p_λ(w|h) = Σ_i λ_i p_i(w|h); its loss on a text, −mean ln p_λ, is convex in λ.
 */

/** The probabilities of the tokens of one text under each of k models. */
export interface Probabilities {
  /** Entry t·k + i is the probability of token t under model i. */
  readonly values: Float64Array;
  /** k, the number of models. */
  readonly models: number;
}

/** The loss of a mixture on a text: −mean ln p_λ [nats a token]. */
export function mixtureLoss({ values, models }: Probabilities, weights: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += models) {
    let p = 0;
    for (let i = 0; i < models; i++) p += weights[i] * values[at + i];
    sum -= Math.log(p);
  }
  return sum / (values.length / models);
}

/** By model, mean_t p_i(t)/p_λ(t), which is above 1 if more weight of the model lowers the loss. At the optimum it is 1 for λ_i > 0, and at most 1 for λ_i = 0. */
export function gradients({ values, models }: Probabilities, weights: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(models);
  for (let at = 0; at < values.length; at += models) {
    let p = 0;
    for (let i = 0; i < models; i++) p += weights[i] * values[at + i];
    for (let i = 0; i < models; i++) sums[i] += values[at + i] / p;
  }
  return sums.map(sum => sum / (values.length / models));
}

/** EM stops after a step in which the mean ln p grows by less than this. */
const LEAST_GAIN = 1e-7;
/** EM stops after this many steps. */
const MOST_STEPS = 200;

/**
 * The weights λ under which texts are most probable, by EM: λ_i ← λ_i · mean_t p_i(t)/p_λ(t) (Jelinek & Mercer 1980).
 *
 * @param shares by text, its weight in the objective.
 * @param start the weights before the first step; by default all are equal.
 * @param leastGain the step that gains less [nats a token] is the last one; with -Infinity all `steps` are taken.
 */
export function fitWeights(...given: Parameters<typeof fitSteps>): Float64Array {
  return runToEnd(fitSteps(...given));
}

/** As {@link fitWeights}, step by step. */
export function* fitSteps(
  texts: readonly Probabilities[],
  shares: ArrayLike<number> = [1],
  start?: Float64Array,
  steps = MOST_STEPS,
  leastGain = LEAST_GAIN,
): Generator<void, Float64Array, void> {
  const { models } = texts[0];
  let weights = start ?? new Float64Array(models).fill(1 / models);
  let last = Infinity;
  const needsLoss = leastGain > -Infinity;
  for (let step = 0; step < steps; step++) {
    const next = new Float64Array(models);
    let loss = 0;
    texts.forEach((text, j) => {
      if (shares[j] === 0) return;
      gradients(text, weights).forEach((gradient, i) => (next[i] += shares[j] * weights[i] * gradient));
      if (needsLoss) loss += shares[j] * mixtureLoss(text, weights);
    });
    const total = next.reduce((sum, value) => sum + value, 0);
    weights = next.map(value => value / total);
    if (last - loss < leastGain) break;
    last = loss;
    yield;
  }
  return weights;
}

/** One step of group DRO: q ← q·exp(step · max(0, excess)), normalised, then mixed with the uniform distribution, whose share is `smooth` (Xie et al. 2023, DoReMi). */
export function groupStep(q: ArrayLike<number>, excess: ArrayLike<number>, step: number, smooth: number): Float64Array {
  const logs = Float64Array.from(q, (share, j) => Math.log(share) + step * Math.max(0, excess[j]));
  // Divided by the largest, no share is infinite, and one is 1.
  const largest = logs.reduce((most, log) => Math.max(most, log), -Infinity);
  const raised = logs.map(log => Math.exp(log - largest));
  const total = raised.reduce((sum, share) => sum + share, 0);
  return raised.map(share => (1 - smooth) * (share / total) + smooth / raised.length);
}

/** The result of {@link minimaxWeights}. */
export interface Minimax {
  /** By domain, the mean of q over the rounds: the weight of the domain. */
  readonly weights: Float64Array;
  /** By model, the mean of its weight over the rounds. */
  readonly mixture: Float64Array;
  /** By domain, the loss of that mixture minus the reference [nats a token]. */
  readonly excess: Float64Array;
}

/**
 * Finds weights q of domains that make the worst excess loss small. In each round, the mixture takes two steps of EM on the domains
 * weighted by q, and q then grows for the domains whose loss is above the reference.
 *
 * @param texts by domain, the probabilities of its held-out text.
 * @param references by domain, the loss with which the loss of the mixture is compared [nats a token].
 */
export function minimaxWeights(...given: Parameters<typeof minimaxSteps>): Minimax {
  return runToEnd(minimaxSteps(...given));
}

/** As {@link minimaxWeights}, round by round. */
export function* minimaxSteps(
  texts: readonly Probabilities[],
  references: ArrayLike<number>,
  { rounds, step, smooth }: { readonly rounds: number; readonly step: number; readonly smooth: number },
): Generator<void, Minimax, void> {
  const k = texts.length;
  let q = new Float64Array(k).fill(1 / k);
  let mixture: Float64Array = new Float64Array(texts[0].models).fill(1 / texts[0].models);
  const sum = new Float64Array(k);
  const mean = new Float64Array(texts[0].models);
  const excessOf = (weights: ArrayLike<number>): Float64Array =>
    Float64Array.from(texts, (text, j) => mixtureLoss(text, weights) - references[j]);
  for (let round = 0; round < rounds; round++) {
    mixture = fitWeights(texts, q, mixture, 2, -Infinity);
    q = Float64Array.from(groupStep(q, excessOf(mixture), step, smooth));
    q.forEach((share, j) => (sum[j] += share));
    mixture.forEach((weight, i) => (mean[i] += weight));
    yield;
  }
  const average = mean.map(weight => weight / rounds);
  return { weights: sum.map(share => share / rounds), mixture: average, excess: excessOf(average) };
}

/** How a domain's losses are compared with the errors of the models (Thrush, Potts & Hashimoto 2024). */
export type Estimator = 'spearman' | 'sign-cdf' | 'sign-sign' | 'sign' | 'product';

/**
 * By domain, the correlation between the losses of models on the domain and the errors of the models: high for domains on which low
 * loss goes with low error.
 *
 * @param losses by model and domain.
 * @param errors by model; lower is better.
 */
export function correlations(
  losses: readonly (readonly number[])[],
  errors: readonly number[],
  estimator: Estimator,
): number[] {
  return losses[0].map((_, d) => {
    const column = losses.map(row => row[d]);
    if (estimator === 'spearman') return pearson(ranks(column), ranks(errors));
    if (estimator === 'product') return column.reduce((sum, x, k) => sum + x * errors[k], 0) / column.length;
    const n = column.length;
    const values = estimator === 'sign-cdf' ? ranks(column).map(rank => rank / n) : column;
    let sum = 0;
    for (let k = 0; k < n; k++) {
      for (let g = k + 1; g < n; g++) {
        const difference = values[g] - values[k];
        sum += Math.sign(errors[g] - errors[k]) * (estimator === 'sign-sign' ? Math.sign(difference) : difference);
      }
    }
    return (2 * sum) / (n * (n - 1));
  });
}

/** The rank of each value, from 1; equal values share the mean of their ranks. */
function ranks(values: readonly number[]): number[] {
  return values.map(
    value => values.filter(other => other < value).length + (values.filter(other => other === value).length + 1) / 2,
  );
}

/** Pearson's correlation of two lists. */
function pearson(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (of: (k: number) => number): number => a.reduce((all, _, k) => all + of(k), 0);
  return sum(k => (a[k] - ma) * (b[k] - mb)) / Math.sqrt(sum(k => (a[k] - ma) ** 2) * sum(k => (b[k] - mb) ** 2));
}

/** How scores become weights. */
export type Projection = 'linear' | 'l2';

/**
 * Weights that add up to 1, none above its limit. `linear`: domains get as much as their limits allow, the highest scores first, until
 * the sum is 1. `l2`: the weights nearest to the scores by Euclidean distance.
 *
 * @param limits by domain, its largest weight; the limits add up to at least 1.
 */
export function project(scores: readonly number[], limits: readonly number[], projection: Projection): number[] {
  if (projection === 'linear') {
    const weights = scores.map(() => 0);
    let remaining = 1;
    const order = scores.map((_, d) => d).sort((a, b) => scores[b] - scores[a] || a - b);
    for (const d of order) {
      weights[d] = Math.min(limits[d], remaining);
      remaining -= weights[d];
    }
    return weights;
  }
  const at = (shift: number): number[] => scores.map((score, d) => Math.min(limits[d], Math.max(0, score + shift)));
  let low = -Math.max(...scores) - 1;
  let high = Math.max(...limits) - Math.min(...scores) + 1;
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (at(middle).reduce((sum, weight) => sum + weight, 0) < 1) low = middle;
    else high = middle;
  }
  return at(high);
}
