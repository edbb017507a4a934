import { exp10, log10 } from '../../base/elementary.js';
import { BOS } from '../../text/tokens.js';
import { LOG10_ZERO } from '../arpa/format.js';
import type { Ngrams } from '../arpa/ngrams.js';
import type { Component } from './component.js';
import type { MixtureWeights } from './weights.js';

/** A component computes the probabilities of at most this many n-grams in one call. */
const BATCH_ROWS = 1 << 16;

/**
 * Gives n-grams the numbers of a linear mixture in back-off form, as SRILM's `ngram -mix-lm` does: log10 of Σ λᵢ pᵢ(w|h) for every
 * n-gram, and for every context the back-off with which its probabilities add up to 1.
 *
 * - Input: the n-grams that at least one model has, by order from 1 on, sorted; the models and their weights.
 * - Output: sets `log10Probs` and `backoffs` of these n-grams.
 * - Works from order 1 up, because the back-off of a context depends on probabilities of the orders below.
 *
 * @param bucketOf the bucket whose weights a context has: the context of n-grams of `orders[level]` that is row `row` of
 *   `orders[level - 1]`; row −1 is the empty context.
 * @param onNgrams called with the number of n-grams that have their probabilities.
 * @returns the work in steps, between which the caller may stop.
 */
export function* interpolate(
  orders: readonly Ngrams[],
  components: readonly Component[],
  weights: MixtureWeights,
  bucketOf: (level: number, row: number) => number,
  onNgrams: (done: number) => void,
): Generator<void, void, void> {
  let done = 0;
  const componentProbs = components.map(() => new Float64Array(BATCH_ROWS));
  for (const [level, ngrams] of orders.entries()) {
    const { columns, length } = ngrams;
    const contexts = new Int32Array(length).fill(-1);
    for (let from = 0; level > 0 && from < length; from += BATCH_ROWS) {
      findContexts(ngrams, orders[level - 1], contexts, from, Math.min(length, from + BATCH_ROWS));
      yield;
    }
    for (let from = 0; from < length; from += BATCH_ROWS) {
      const to = Math.min(length, from + BATCH_ROWS);
      components.forEach((component, i) => component.probabilities(columns, from, to, componentProbs[i]));
      addUp(ngrams, componentProbs, from, to, row => weights[bucketOf(level, contexts[row])]);
      onNgrams((done += to - from));
      yield;
    }
    for (let from = 0; level > 0 && from < length;) {
      from = setBackoffs(ngrams, orders, level, contexts, from, from + BATCH_ROWS);
      yield;
    }
  }
}

/** Sets log10 Σ λᵢ pᵢ of the rows `from` ≤ row < `to`. */
function addUp(
  { order, columns, log10Probs }: Ngrams,
  componentProbs: readonly Float64Array[],
  from: number,
  to: number,
  weightsOf: (row: number) => Float64Array,
): void {
  for (let row = from; row < to; row++) {
    const weights = weightsOf(row);
    let sum = 0;
    for (let i = 0; i < componentProbs.length; i++) sum += weights[i] * componentProbs[i][row - from];
    log10Probs[row] = order === 1 && columns[0][row] === BOS ? LOG10_ZERO : log10(sum);
  }
}

/** Writes the row of the context in the order below of the rows `from` ≤ row < `to`. */
function findContexts(ngrams: Ngrams, shorter: Ngrams, rows: Int32Array, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    rows[row] =
      row > 0 && haveSameContext(ngrams, row, row - 1) ? rows[row - 1] : shorter.find(ngrams.wordsOf(row).slice(0, -1));
  }
}

function haveSameContext({ columns, order }: Ngrams, row: number, other: number): boolean {
  for (let j = 0; j < order - 1; j++) if (columns[j][row] !== columns[j][other]) return false;
  return true;
}

/**
 * Gives contexts of the n-grams of one order the back-offs with which the probabilities after them add up to 1.
 *
 * @param contexts by row of `ngrams`: the row of the context in the order below.
 * @param from the first row of a context. @param end contexts that begin from this row on are left out.
 * @returns the first row of the next context.
 */
function setBackoffs(
  ngrams: Ngrams,
  orders: readonly Ngrams[],
  level: number,
  contexts: Int32Array,
  from: number,
  end: number,
): number {
  const shorter = orders[level - 1];
  let to = from;
  for (let first = from; first < Math.min(end, ngrams.length); first = to) {
    // Σ p of the followers after the context, and after the context without its oldest word.
    let sum = 0;
    let suffixSum = 0;
    for (; to < ngrams.length && contexts[to] === contexts[first]; to++) {
      sum += exp10(ngrams.log10Probs[to]);
      suffixSum += exp10(log10ProbOf(orders, ngrams.wordsOf(to).slice(1)));
    }
    const [rest, suffixRest] = [1 - sum, 1 - suffixSum];
    // If all words are followers, both rests are 0, but for rounding errors of either sign.
    if (contexts[first] >= 0)
      shorter.backoffs[contexts[first]] = rest > 0 && suffixRest > 0 ? log10(rest / suffixRest) : LOG10_ZERO;
  }
  return to;
}

/** log10 p of the last word after the others; backs off if `orders` lack the n-gram. */
function log10ProbOf(orders: readonly Ngrams[], words: readonly number[]): number {
  const ngrams = orders[words.length - 1];
  const row = ngrams.find(words);
  if (row >= 0) return ngrams.log10Probs[row];
  const context = orders[words.length - 2].find(words.slice(0, -1));
  return (context >= 0 ? orders[words.length - 2].backoffs[context] : 0) + log10ProbOf(orders, words.slice(1));
}
