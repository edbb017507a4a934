import { log } from '../../base/elementary.js';

/** `weights[bucket][i]` is the weight of model i after the histories of a bucket. The weights of a bucket add up to 1. */
export type MixtureWeights = readonly Float64Array[];

/** The most rounds of expectation-maximization. */
const MOST_ROUNDS = 200;
/** Expectation-maximization ends when a round lowers ln perplexity by less than this. */
const LEAST_GAIN = 1e-7;
/** The weights of the whole text count as this many words in each bucket, so that a rare bucket has weights near them. */
const PRIOR_WORDS = 20;

/**
 * Learns the weights of a linear mixture by expectation-maximization (Dempster, Laird and Rubin 1977; Jelinek and Mercer 1980): for
 * each bucket the weights with which the perplexity of a text is least, drawn towards the weights of the whole text.
 *
 * @param probabilities by model and word of the text: p of the word.
 * @param buckets by word of the text: the bucket of its history.
 * @param count the number of buckets.
 * @returns `weights`; `perplexity` of the text with these weights; `impossible`: how many words have p = 0 in every model. These
 *   words are left out of the perplexity.
 */
export function learnMixture(
  probabilities: readonly Float64Array[],
  buckets: Uint16Array | Uint8Array,
  count: number,
): { weights: MixtureWeights; perplexity: number; impossible: number } {
  const even = new Float64Array(probabilities.length).fill(1 / probabilities.length);
  const oneBucket = new Uint8Array(buckets.length);
  const [prior] = maximize(probabilities, oneBucket, [even], 0);
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
  for (let t = 0; t < buckets.length; t++) if (probabilities.every(ofModel => ofModel[t] === 0)) impossible++;
  return { weights, perplexity: Math.exp(crossEntropy(probabilities, buckets, weights)), impossible };
}

/**
 * Runs expectation-maximization.
 *
 * @param weights the weights to begin with.
 * @param strength the number of words for which `prior` counts in each bucket.
 * @param prior the weights towards which the weights of each bucket are drawn.
 */
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
      const bucketWeights = weights[buckets[t]];
      let total = 0;
      for (let i = 0; i < bucketWeights.length; i++) total += bucketWeights[i] * probabilities[i][t];
      if (total <= 0) continue;
      const sum = sums[buckets[t]];
      for (let i = 0; i < bucketWeights.length; i++) sum[i] += (bucketWeights[i] * probabilities[i][t]) / total;
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

/** The mean of −ln p over the words that have p > 0 in some model. */
function crossEntropy(
  probabilities: readonly Float64Array[],
  buckets: Uint16Array | Uint8Array,
  weights: readonly Float64Array[],
): number {
  let sum = 0;
  let words = 0;
  for (let t = 0; t < buckets.length; t++) {
    const bucketWeights = weights[buckets[t]];
    let total = 0;
    for (let i = 0; i < bucketWeights.length; i++) total += bucketWeights[i] * probabilities[i][t];
    if (total <= 0) continue;
    sum -= log(total);
    words++;
  }
  return words === 0 ? NaN : sum / words;
}
