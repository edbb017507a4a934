import { exp, log } from '../../base/elementary.js';

/** Zipf's law: the type of rank k has the share k^(−s) / Σ j^(−s) of the tokens, with j from 1 to the number of types. */
export interface ZipfLaw {
  /** The exponent s, by maximum likelihood; `null` where no exponent is the most likely: for one type. */
  readonly exponent: number | null;
  /** The largest difference between the cumulated shares of the text and of the law: the statistic of Kolmogorov and Smirnov. */
  readonly ks: number | null;
}

/** Heaps' law: a text of ℓ tokens has α ℓ^β types. */
export interface HeapsLaw {
  /** The exponent β. */
  readonly beta: number | null;
  /** The factor α. */
  readonly alpha: number | null;
}

/** The largest exponent that is looked for: the second rank then has less than 10^−19 of the tokens of the first. */
const MOST_EXPONENT = 64;
/** Newton's method stops at a step below this. */
const LEAST_STEP = 1e-12;
const MOST_STEPS = 200;

/**
 * Fits Zipf's law, truncated to the observed ranks. The log-likelihood −s Σ f_k ln k − N ln Σ j^(−s) is concave in s; its derivative is zero
 * where the mean of ln k under the law is the mean of ln k over the tokens. Newton's method finds this s, within a bracket.
 *
 * @param counts by rank, the number of tokens of the type, descending.
 */
export function fitZipf(counts: Uint32Array): ZipfLaw {
  const ranks = counts.length;
  if (ranks < 2) return { exponent: null, ks: null };
  const logs = Float64Array.from(counts, (_, i) => log(i + 1));
  let [tokens, sum] = [0, 0];
  for (let i = 0; i < ranks; i++) {
    tokens += counts[i];
    sum += counts[i] * logs[i];
  }
  const wanted = sum / tokens;
  let [low, high, s] = [0, MOST_EXPONENT, 1];
  for (let step = 0; step < MOST_STEPS; step++) {
    let [mass, first, second] = [0, 0, 0];
    for (let i = 0; i < ranks; i++) {
      const share = exp(-s * logs[i]);
      mass += share;
      first += share * logs[i];
      second += share * logs[i] * logs[i];
    }
    const mean = first / mass;
    // The mean falls as s grows.
    if (mean > wanted) low = s;
    else high = s;
    const newton = s + (mean - wanted) / (second / mass - mean * mean);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    const change = Math.abs(next - s);
    s = next;
    if (change < LEAST_STEP) break;
  }
  return { exponent: s, ks: distanceToZipf(counts, logs, tokens, s) };
}

function distanceToZipf(counts: Uint32Array, logs: Float64Array, tokens: number, s: number): number {
  let mass = 0;
  for (const value of logs) mass += exp(-s * value);
  let [own, law, most] = [0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    own += counts[i] / tokens;
    law += exp(-s * logs[i]) / mass;
    most = Math.max(most, Math.abs(own - law));
  }
  return most;
}

/**
 * Fits Heaps' law by maximum likelihood, as the arrivals of a non-homogeneous Poisson process with the mean α ℓ^β: the log-likelihood
 * Σ ln(α β ℓ_i^(β−1)) − α N^β is largest for β = V / Σ ln(N / ℓ_i) and α = V / N^β.
 *
 * @param arrivals by type, the position of its first token, from 1, ascending (V entries).
 * @param tokens the number N of tokens.
 */
export function fitHeaps(arrivals: Uint32Array, tokens: number): HeapsLaw {
  const types = arrivals.length;
  let sum = 0;
  for (const arrival of arrivals) sum += log(tokens / arrival);
  // Then every token is of a new type, or the text has one token.
  if (!(sum > 0)) return { beta: null, alpha: null };
  const beta = types / sum;
  return { beta, alpha: types / exp(beta * log(tokens)) };
}

/** The positions at which {@link fitHeapsByLeastSquares} compares types and law: up to this many. */
const POINTS = 50;
/** The first of these positions in a text with more tokens. */
const FIRST_POINT = 100;

/** Positions from 100 (from 1 in a text of at most 100 tokens) to the number of tokens, at equal distances of their logarithms. */
export function logarithmicPositions(tokens: number, points = POINTS): Uint32Array {
  const first = tokens > FIRST_POINT ? FIRST_POINT : 1;
  const factor = tokens / first;
  return Uint32Array.from({ length: points }, (_, i) => Math.round(first * factor ** (i / (points - 1))));
}

/** Fits a line to ln v over ln ℓ by least squares, at {@link logarithmicPositions}: the exponent that most papers quote. @param arrivals as for {@link fitHeaps} */
export function fitHeapsByLeastSquares(arrivals: Uint32Array, tokens: number): HeapsLaw {
  let types = 0;
  const points = Array.from(logarithmicPositions(tokens), position => {
    while (types < arrivals.length && arrivals[types] <= position) types++;
    return [log(position), log(types)] as const;
  });
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const xy = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const xx = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (!(xx > 0)) return { beta: null, alpha: null };
  return { beta: xy / xx, alpha: exp(meanY - (xy / xx) * meanX) };
}
