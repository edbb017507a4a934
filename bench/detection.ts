import { meanOf } from '../src/base/mean.js';
import { labelFigures } from '../src/documents/roc.js';
import { corrupt, type Corruption } from './corruption.js';
import { fitLogistic, scoreLogistic } from './logistic.js';
import type { LoadedModel } from '../src/index.js';

/** Sentences with fewer or more tokens are left out. */
const TOKENS = { least: 8, most: 60 };
const BINS = 8;
const FOLDS = 5;

/** How well sentences with a mistake are told from sentences without, as areas under the ROC curve. */
export interface Detection {
  readonly sentences: number;
  /** By the logarithm of the sentence's perplexity. */
  readonly scalar: number;
  /** By a logistic regression over features of its vector, fitted to four fifths of the sentences and measured on the fifth. */
  readonly vector: number;
}

/**
 * Corrupts every other sentence in one place, and tells both kinds apart: by perplexity, and by features of the n-gram perplexity vector
 * (after Škorić, Utvić & Stanković 2023, who stack the vectors of three models).
 *
 * @param window the number of tokens of the windows of the vector.
 * @param words the tokens of a running text, from which other words are drawn.
 */
export function detect(
  model: LoadedModel,
  texts: readonly (readonly string[])[],
  corruption: Corruption,
  { window, words, random }: { window: number; words: readonly string[]; random: () => number },
): Detection {
  const scalars: number[] = [];
  const features: Float64Array[] = [];
  const labels: boolean[] = [];
  for (const tokens of texts) {
    if (tokens.length < TOKENS.least || tokens.length > TOKENS.most) continue;
    const isBad = labels.length % 2 === 1;
    const shown = isBad ? corrupt(tokens, corruption, words, random)?.tokens : tokens;
    if (!shown) continue;
    labels.push(isBad);
    scalars.push(-model.score([...shown]).log10Prob / (shown.length + 1));
    features.push(featuresOf(model.ngramPerplexities([...shown], { window })));
  }
  const scores = new Array<number>(labels.length);
  const standard = standardized(features);
  for (let fold = 0; fold < FOLDS; fold++) {
    // Pairs of a good and a bad sentence stay together, so that each fold has as many of both.
    const isTest = (i: number): boolean => Math.floor(i / 2) % FOLDS === fold;
    const weights = fitLogistic(
      standard.filter((_, i) => !isTest(i)),
      labels.filter((_, i) => !isTest(i)),
    );
    standard.forEach((example, i) => {
      if (isTest(i)) scores[i] = scoreLogistic(weights, example);
    });
  }
  return { sentences: labels.length, scalar: areaUnder(scalars, labels), vector: areaUnder(scores, labels) };
}

/** The area under the ROC curve of scores. @param labels whether each example is positive. */
function areaUnder(scores: readonly number[], labels: readonly boolean[]): number {
  const marks = Uint8Array.from(labels, label => (label ? 1 : 0));
  return labelFigures(Float64Array.from(scores), marks, { resamples: 0, seed: 1 }).auc ?? NaN;
}

/** ln of the vector's values: means of eight bins of the sorted values, mean, maximum, standard deviation; and ln of the length. */
function featuresOf(vector: Float64Array): Float64Array {
  const values = vector.map(value => Math.log(value)).sort();
  const mean = meanOf(values);
  const bins = Array.from({ length: BINS }, (_, bin) => {
    const from = Math.floor((bin * values.length) / BINS);
    return meanOf(values.subarray(from, Math.max(from + 1, Math.floor(((bin + 1) * values.length) / BINS))));
  });
  const deviation = Math.sqrt(meanOf(values.map(value => (value - mean) ** 2)));
  return Float64Array.of(...bins, mean, values[values.length - 1], deviation, Math.log(values.length));
}

/** The features with mean 0 and standard deviation 1. */
function standardized(features: readonly Float64Array[]): Float64Array[] {
  const columns = Array.from(features[0], (_, i) => Float64Array.from(features, example => example[i]));
  const means = columns.map(meanOf);
  const deviations = columns.map((column, i) => Math.sqrt(meanOf(column.map(value => (value - means[i]) ** 2))) || 1);
  return features.map(example => example.map((value, i) => (value - means[i]) / deviations[i]));
}
