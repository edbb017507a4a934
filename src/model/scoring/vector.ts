/**
 * Computes vectors of n-gram perplexities, which show the places where a text is odd (M. Škorić 2023, Text vectorization via
 * transformer-based language models and n-gram perplexities, arXiv:2307.09255).
 */
import { checkFlag, checkOptions, oneOf, wholeNumber, type OptionTable } from '../../base/check.js';
import type { Pause } from '../../base/turn.js';
import { inTextOrder } from '../../text/word-order.js';
import { perplexityOf } from './perplexity.js';
import type { Score } from './score.js';
import type { BatchLayout } from '../../smoothing/batch.js';
import type { BatchScorer } from './scorer.js';

/** The history of a token. `text`: `<s>` and all tokens before it. `window`: `<s>` and the tokens of the window before it. */
export type VectorContext = 'text' | 'window';

/** How a text becomes a vector. */
export interface VectorOptions {
  /** The length of a window [tokens]. A shorter text is one window. Default 3. */
  readonly window?: number;
  /**
   * `text`: a token is scored after all tokens before it in the text, which begins with `<s>`. `window`: each window is scored by
   * itself, after `<s>`. Default `text`.
   */
  readonly context?: VectorContext;
  /** Divides the finite values by their mean, which is then 1. Default false. */
  readonly relative?: boolean;
  /**
   * The number of values, 1 to 1,000,000, instead of one value for each token. Each value is the mean over an equal span of the text;
   * a token that lies only partly in a span has less weight there. The mean of the values does not change.
   */
  readonly bins?: number;
}

/** A scored text, without `</s>`, and its vector. */
export interface VectorScore extends Score {
  /** One value for each token, or for each bin; empty for a text without tokens. */
  readonly vector: Float64Array;
}

/** The default of `window`. */
const DEFAULT_WINDOW = 3;
/** The largest `bins`. */
const MOST_BINS = 1_000_000;

const VECTOR_OPTIONS: OptionTable<VectorOptions> = {
  window: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  context: oneOf(['text', 'window']),
  relative: checkFlag,
  bins: wholeNumber(1, MOST_BINS),
};

/** Checks the options of a vector. @throws KNESER_OPTION */
export function checkVectorOptions(options: { readonly [Name in keyof VectorOptions]: unknown }): void {
  checkOptions('ngramPerplexities', options, VECTOR_OPTIONS);
}

/**
 * Makes the vector of a scored text, in time proportional to the length of the text, for any window. With `context: 'window'`, up to
 * order − 1 tokens of each window are scored again.
 *
 * @param read the ids in reading order; `places[i]` is the place of id `i` in the text, `undefined` for the order `forward`.
 * @param score the score of the text, without `</s>`, in the order of the text.
 * @param pause called after each batch.
 */
export function* vectorOf(
  scorer: BatchScorer,
  layout: BatchLayout,
  order: number,
  read: { readonly ids: ArrayLike<number>; readonly places: Uint32Array | undefined },
  score: Score,
  options: VectorOptions,
  pause?: Pause,
): Generator<Promise<void>, Float64Array, void> {
  const { ids, places } = read;
  const log10Probs = places ? Float64Array.from(places, place => score.log10Probs[place]) : score.log10Probs;
  const window = Math.min(options.window ?? DEFAULT_WINDOW, log10Probs.length);
  if (window === 0) return new Float64Array(0);
  const sums =
    options.context === 'window'
      ? yield* windowsAlone(scorer, layout, order, ids, log10Probs, window, pause)
      : windowSums(log10Probs, window);
  const means = tokenMeans(
    sums.map(sum => perplexityOf(sum, window)),
    window,
  );
  const vector = inTextOrder(means, places);
  if (options.relative) divideByMean(vector);
  return options.bins === undefined ? vector : binMeans(vector, options.bins);
}

/**
 * For each window, the sum of log10 p of its tokens, scored as a sentence of its own that begins with `<s>`. Only a window's first
 * order − 1 tokens have a history that reaches back to `<s>`; for the other tokens the scores in the running text are used.
 */
function* windowsAlone(
  scorer: BatchScorer,
  layout: BatchLayout,
  order: number,
  ids: ArrayLike<number>,
  log10Probs: Float64Array,
  window: number,
  pause: Pause | undefined,
): Generator<Promise<void>, Float64Array, void> {
  const first = Math.min(window, order - 1);
  const windows = log10Probs.length - window + 1;
  const sums = first < window ? windowSums(log10Probs.subarray(first), window - first) : new Float64Array(windows);
  if (first === 0) return sums;
  layout.reset();
  let scored = 0;
  for (let i = 0; i < windows; i++) {
    layout.begin(true);
    for (let j = 0; j < first; j++) {
      layout.push(ids[i + j]);
      const last = i + 1 === windows && j + 1 === first;
      if (!layout.full && !last) continue;
      const scores = yield* scorer.score(layout.batch);
      for (let t = 0; t < layout.batch.length; t++) sums[Math.floor(scored++ / first)] += scores.log10Probs[t];
      layout.clear();
      const pausing = pause?.();
      if (pausing) yield pausing;
    }
  }
  return sums;
}

/**
 * The sums of `length` consecutive values, from each value on, in linear time. If the values are divided into blocks of `length`, the values
 * of a sum are the end of one block and the beginning of the next; the sums of all ends and beginnings are computed first. Nothing is
 * subtracted, so that a huge value leaves no rounding error in sums that do not contain it.
 */
export function windowSums(values: Float64Array, length: number): Float64Array {
  const fromStart = values.slice();
  const toEnd = values.slice();
  for (let i = 1; i < values.length; i++) if (i % length !== 0) fromStart[i] += fromStart[i - 1];
  for (let i = values.length - 2; i >= 0; i--) if ((i + 1) % length !== 0) toEnd[i] += toEnd[i + 1];
  const sums = new Float64Array(values.length - length + 1);
  for (let i = 0; i < sums.length; i++) {
    const end = fromStart[i + length - 1];
    sums[i] = i % length === 0 ? end : toEnd[i] + end;
  }
  return sums;
}

/** By token, the mean of the windows' values over the windows that contain it. @param window the length of a window [tokens]. */
export function tokenMeans(windows: Float64Array, window: number): Float64Array {
  const padded = new Float64Array(windows.length + 2 * (window - 1));
  padded.set(windows, window - 1);
  const means = windowSums(padded, window);
  for (let t = 0; t < means.length; t++) {
    const first = Math.max(0, t - window + 1);
    const last = Math.min(t, windows.length - 1);
    means[t] /= last - first + 1;
  }
  return means;
}

/** Cuts the vector into `bins` spans of equal length, and returns the mean of each span. */
export function binMeans(vector: Float64Array, bins: number): Float64Array {
  const { length } = vector;
  const means = new Float64Array(bins);
  // Positions are whole numbers here: token t covers t · bins to (t + 1) · bins, and bin k covers k · length to (k + 1) · length.
  for (let t = 0, k = 0, from = 0; t < length;) {
    const to = Math.min((t + 1) * bins, (k + 1) * length);
    means[k] += (vector[t] * (to - from)) / length;
    from = to;
    if (to === (k + 1) * length) k++;
    if (to === (t + 1) * bins) t++;
  }
  return means;
}

/** Divides all finite values by their mean. Infinite values, of windows with a token of probability 0, stay infinite. */
function divideByMean(vector: Float64Array): void {
  let sum = 0;
  let finite = 0;
  for (const value of vector) {
    if (value === Infinity) continue;
    sum += value;
    finite++;
  }
  const mean = sum / finite;
  for (let t = 0; t < vector.length; t++) if (vector[t] < Infinity) vector[t] /= mean;
}
