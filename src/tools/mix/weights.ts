import { log } from '../../base/elementary.js';

/** The weights of the models, for each bucket of histories. They add up to 1 in a bucket. */
export type MixtureWeights = readonly Float64Array[];

/** Rounds of expectation-maximization, at most. */
const MOST_ROUNDS = 200;
/** It ends when the logarithm of the perplexity falls by less than this. */
const LEAST_GAIN = 1e-7;
/** How many words the weights of all buckets together count for in each bucket, so that rare buckets have weights near them. */
const PRIOR_WORDS = 20;

/**
 * Learns the weights of a linear mixture by expectation-maximization (Dempster, Laird and Rubin 1977; Jelinek and Mercer 1980).
 *
 * Input: p of each word of a text, by model. Output: for each bucket the weights with which the perplexity of the text is least, drawn
 * towards those of the whole text.
 *
 * @param probabilities by model, p of each word.
 * @param buckets by word, the bucket of its history.
 * @param count the number of buckets.
 */
export function learnMixture(
  probabilities: readonly Float64Array[],
  buckets: Uint16Array | Uint8Array,
  count: number,
): { weights: MixtureWeights; perplexity: number; impossible: number } {
  const even = new Float64Array(probabilities.length).fill(1 / probabilities.length);
  const all = new Uint8Array(buckets.length);
  const [prior] = maximize(probabilities, all, [even], 0);
  const weights =
    count === 1
      ? [prior]
      : maximize(
          probabilities,
          buckets,
          Array.from({ length: count }, () => prior.slice()),
          PRIOR_WORDS,
          prior,
        );
  let impossible = 0;
  for (let t = 0; t < buckets.length; t++) if (probabilities.every(own => own[t] === 0)) impossible++;
  return { weights, perplexity: Math.exp(crossEntropy(probabilities, buckets, weights)), impossible };
}

/** Rounds of expectation and maximization, from the weights given. */
function maximize(
  probabilities: readonly Float64Array[],
  buckets: Uint16Array | Uint8Array,
  weights: Float64Array[],
  strength: number,
  prior?: Float64Array,
): Float64Array[] {
  let before = Infinity;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const sums = weights.map(() => Float64Array.from(probabilities, (_, i) => strength * (prior?.[i] ?? 0)));
    for (let t = 0; t < buckets.length; t++) {
      const own = weights[buckets[t]];
      let total = 0;
      for (let i = 0; i < own.length; i++) total += own[i] * probabilities[i][t];
      if (total <= 0) continue;
      const sum = sums[buckets[t]];
      for (let i = 0; i < own.length; i++) sum[i] += (own[i] * probabilities[i][t]) / total;
    }
    weights = sums.map((sum, b) => {
      const total = sum.reduce((all, value) => all + value, 0);
      return total > 0 ? sum.map(value => value / total) : weights[b];
    });
    const now = crossEntropy(probabilities, buckets, weights);
    if (!(before - now > LEAST_GAIN)) break;
    before = now;
  }
  return weights;
}

/** The mean of −ln p over the words that some model gives a probability. */
function crossEntropy(
  probabilities: readonly Float64Array[],
  buckets: Uint16Array | Uint8Array,
  weights: readonly Float64Array[],
): number {
  let sum = 0;
  let words = 0;
  for (let t = 0; t < buckets.length; t++) {
    const own = weights[buckets[t]];
    let total = 0;
    for (let i = 0; i < own.length; i++) total += own[i] * probabilities[i][t];
    if (total <= 0) continue;
    sum -= log(total);
    words++;
  }
  return words === 0 ? NaN : sum / words;
}
