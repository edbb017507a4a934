import { hashGumbel, hashRandom } from '../base/hash-random.js';
import { KneserError } from '../base/errors.js';
import { Order } from './order.js';

/**
 * The methods by which documents are chosen, as pure functions of numbers. A document is given by its position. A figure that is NaN is
 * missing, and its document is never chosen. Random choices depend on the seed and the position alone.
 */

/** The part of the documents that is kept, of all documents in the order of their figures. */
export type Kept = 'lowest' | 'middle' | 'highest';

/** The ranks `from` ≤ rank < `to` of the documents that are kept, of n documents sorted by rising figure: ⌊share · n⌋ of them at an end. */
export function keptRanks(which: Kept, share: number, n: number): [from: number, to: number] {
  // A product such as 0.29 · 100 may be just below the whole number that it stands for.
  const count = Math.floor(share * n + 1e-9 * n);
  if (which === 'lowest') return [0, count];
  if (which === 'highest') return [n - count, n];
  return [Math.ceil((0.5 - share / 2) * n), Math.ceil((0.5 + share / 2) * n)];
}

/**
 * Like {@link keptRanks}, for a share of the tokens: a document is kept if its middle token is among the kept tokens.
 *
 * @param order documents by rising figure.
 * @param tokens by document, how many tokens it has.
 */
export function keptRanksOfTokens(
  which: Kept,
  share: number,
  order: Uint32Array,
  tokens: ArrayLike<number>,
): [from: number, to: number] {
  let total = 0;
  for (const document of order) total += tokens[document];
  const [low, high] =
    which === 'lowest' ? [0, share] : which === 'highest' ? [1 - share, 1] : [0.5 - share / 2, 0.5 + share / 2];
  const rankOf = (place: number): number => {
    let before = 0;
    let rank = 0;
    for (; rank < order.length; rank++) {
      const own = tokens[order[rank]];
      if (before + own / 2 >= place * total) break;
      before += own;
    }
    return rank;
  };
  return [low <= 0 ? 0 : rankOf(low), high >= 1 ? order.length : rankOf(high)];
}

/** The quartiles of figures. */
export type Quartiles = readonly [q1: number, q2: number, q3: number];

/**
 * The weight of a figure x by BERTIN (de la Rosa et al. 2022). The probability of a document is min(1, φ · weight).
 *
 * - `stepwise`: the reciprocal of the width of the quarter in which x lies; in the last quarter 1/(10·Q3).
 * - `gaussian`: exp(−((x − Q2)/Q2)²/w), w = 9/2.
 *
 * The weight of NaN is NaN.
 */
export function bertinWeight(how: 'stepwise' | 'gaussian', x: number, [q1, q2, q3]: Quartiles): number {
  if (how === 'gaussian') return Math.exp((-(((x - q2) / q2) ** 2) * 2) / 9);
  if (Number.isNaN(x)) return NaN;
  const width = x <= q1 ? q1 : x < q2 ? q2 - q1 : x < q3 ? q3 - q2 : 10 * q3;
  return 1 / width;
}

/**
 * Finds, by bisection, the φ for which the mean of min(1, φ · weight) is `share`.
 *
 * @param weights by document, its weight; NaN for a document that does not count.
 * @throws KNESER_OPTION if no φ reaches the share
 */
export function scaleFor(weights: Float64Array, share: number): number {
  let counted = 0;
  for (const weight of weights) if (!Number.isNaN(weight)) counted++;
  const mean = (phi: number): number => {
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      const scaled = phi * weights[i];
      // NaN is neither below 1 nor at least 1.
      if (scaled < 1) sum += scaled;
      else if (scaled >= 1) sum += 1;
    }
    return sum / counted;
  };
  let low = 0;
  let high = 1;
  while (mean(high) < share) {
    low = high;
    high *= 4;
    if (high > 1e300) {
      throw new KneserError(
        'KNESER_OPTION',
        `sample: a share of ${share} cannot be reached: too many figures are so far from the middle that they are never chosen`,
      );
    }
  }
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (mean(middle) < share) low = middle;
    else high = middle;
  }
  return high;
}

/** Segments of a figure, and the weight of a document in each segment. */
export interface Segments {
  /** By segment, the highest figure in it. */
  readonly highest: readonly number[];
  /** By segment, the weight of its documents. */
  readonly weights: readonly number[];
  /** β, the exponent of the weights. */
  readonly beta: number;
}

/**
 * Weights that fall with commonness, after SoftDedup (He et al. 2024), with parameters of our own. The documents are divided by rising
 * figure into segments with equally many tokens. The weight of a segment is proportional to c̄^(−β), where c̄ is the geometric mean of
 * its figures over tokens, and β makes the highest weight `ratio` times the lowest. The mean weight over tokens is 1.
 *
 * @param order documents by rising figure.
 * @param figures by document, the figure.
 * @param tokens by document, how many tokens it has.
 */
export function inverseWeights(
  order: Uint32Array,
  figures: Float64Array,
  tokens: ArrayLike<number>,
  { segments, ratio }: { readonly segments: number; readonly ratio: number },
): Segments {
  let total = 0;
  for (const document of order) total += tokens[document];
  const mass = new Float64Array(segments);
  const logs = new Float64Array(segments);
  const highest = new Array<number>(segments).fill(-Infinity);
  let before = 0;
  for (let at = 0; at < order.length;) {
    // Equal figures have equal weights, so that all of them are in one segment.
    const figure = figures[order[at]];
    let own = 0;
    do own += tokens[order[at++]];
    while (at < order.length && figures[order[at]] === figure);
    const k = Math.min(segments - 1, Math.floor((segments * (before + own / 2)) / total));
    mass[k] += own;
    logs[k] += own * Math.log(figure);
    highest[k] = figure;
    before += own;
  }
  const used = Array.from(mass.keys()).filter(k => mass[k] > 0);
  const means = used.map(k => logs[k] / mass[k]);
  const span = Math.max(...means) - Math.min(...means);
  // Means that differ only by rounding count as equal: all weights are then 1.
  const beta = span > 1e-12 * (1 + Math.abs(means[0])) ? Math.log(ratio) / span : 0;
  const plain = means.map(mean => Math.exp(-beta * (mean - means[0])));
  const scale = total / used.reduce((sum, k, i) => sum + mass[k] * plain[i], 0);
  return { highest: used.map(k => highest[k]), weights: plain.map(weight => weight * scale), beta };
}

/** The weight of a figure: the weight of the first segment whose highest figure is at least this figure; 1 without segments. */
export function weightOf({ highest, weights }: Segments, figure: number): number {
  const k = highest.findIndex(most => figure <= most);
  return weights.at(k) ?? 1;
}

/**
 * Draws `count` documents without replacement, with probabilities proportional to e^score: the documents with the highest values of
 * score + Gumbel noise (Gumbel top-k; Xie et al. 2023). Of equal values the lower position is taken first.
 *
 * @param scoreOf returns the score of a document; documents with the score NaN or −∞ are never chosen.
 * @param seed the seed of the noise; if `undefined`, there is no noise, and the documents with the highest scores are taken.
 * @returns a function that says whether a document is chosen; call it once for each position, ascending.
 */
export function highestKeys(
  documents: number,
  scoreOf: (position: number) => number,
  count: number,
  seed: number | undefined,
): (position: number) => boolean {
  const order = new Order(documents, position => {
    const score = scoreOf(position);
    if (score === -Infinity) return NaN;
    return -(seed === undefined ? score : score + hashGumbel(seed, position));
  });
  return order.below(count);
}

/** Chooses the document at `position` with the given probability. @returns whether it is chosen. */
export function isDrawn(probability: number, seed: number, position: number): boolean {
  return hashRandom(seed, position) < probability;
}
