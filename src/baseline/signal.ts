import { listOf, optionError, type Check } from '../base/check.js';
import { meanOf } from '../base/mean.js';

/** How well a test tells models apart, and how much its figure of one model varies by chance. */
export interface SignalToNoise {
  /** The largest difference between two scores, divided by their mean. */
  readonly signal: number;
  /** The standard deviation of the repeated scores (of the population), divided by their mean. */
  readonly noise: number;
  /** `signal` / `noise`; `null` if all repeated scores are equal. The larger, the less the order of the models is chance. */
  readonly ratio: number | null;
}

const score: Check = (name, value) => {
  if (typeof value !== 'number' || !(value > 0) || value === Infinity)
    throw optionError(name, value, 'a number above 0');
};

/**
 * Whether a test set can rank models, by the signal and the noise of Heineman et al. (2025, arXiv:2508.13144).
 *
 * @param scores the score of each model, such as its perplexity; two or more numbers above 0.
 * @param repeats the score of one model again and again: at its last checkpoints, or trained on different samples of the text; two or
 *   more numbers above 0.
 * @throws KneserError: KNESER_OPTION.
 * @example
 * ```ts
 * import { signalToNoise } from 'kneser';
 *
 * const { signal, noise, ratio } = signalToNoise([141.2, 122.1, 148.3], [141.2, 141.9, 140.7]);
 * console.log(signal, noise, ratio); // a difference between models is 40 times the noise
 * ```
 */
export function signalToNoise(scores: readonly number[], repeats: readonly number[]): SignalToNoise {
  for (const [name, list] of Object.entries({ scores, repeats })) {
    listOf(score)(name, list);
    if (list.length < 2) throw optionError(name, list, 'a list of two numbers or more');
  }
  const signal = (Math.max(...scores) - Math.min(...scores)) / meanOf(scores);
  const mean = meanOf(repeats);
  const noise = Math.sqrt(meanOf(repeats.map(value => (value - mean) ** 2))) / mean;
  return { signal, noise, ratio: noise > 0 ? signal / noise : null };
}
