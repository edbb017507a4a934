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
 * @param onNgrams called with the number of n-grams that have their probabilities; may throw to stop.
 */
export function interpolate(
  orders: readonly Ngrams[],
  components: readonly Component[],
  weights: MixtureWeights,
  bucketOf: (level: number, row: number) => number,
  onNgrams: (done: number) => void,
): void {
  let done = 0;
  const componentProbs = components.map(() => new Float64Array(BATCH_ROWS));
  for (const [level, ngrams] of orders.entries()) {
    const { columns, log10Probs, length } = ngrams;
    const contexts = contextRows(ngrams, orders[level - 1]);
    for (let from = 0; from < length; from += BATCH_ROWS) {
      const to = Math.min(length, from + BATCH_ROWS);
      components.forEach((component, i) => component.probabilities(columns, from, to, componentProbs[i]));
      for (let row = from; row < to; row++) {
        const bucketWeights = weights[bucketOf(level, contexts[row])];
        let sum = 0;
        for (let i = 0; i < componentProbs.length; i++) sum += bucketWeights[i] * componentProbs[i][row - from];
        log10Probs[row] = level === 0 && columns[0][row] === BOS ? LOG10_ZERO : log10(sum);
      }
      onNgrams((done += to - from));
    }
    if (level > 0) setBackoffs(ngrams, orders, level, contexts);
  }
}

/** By row of `ngrams`: the row of the context in the order below; −1 for the empty context. */
function contextRows(ngrams: Ngrams, shorter: Ngrams | undefined): Int32Array {
  const rows = new Int32Array(ngrams.length).fill(-1);
  if (!shorter) return rows;
  for (let row = 0; row < ngrams.length; row++) {
    rows[row] =
      row > 0 && haveSameContext(ngrams, row, row - 1) ? rows[row - 1] : shorter.find(ngrams.wordsOf(row).slice(0, -1));
  }
  return rows;
}

function haveSameContext({ columns, order }: Ngrams, row: number, other: number): boolean {
  for (let j = 0; j < order - 1; j++) if (columns[j][row] !== columns[j][other]) return false;
  return true;
}

/**
 * Gives each context of the n-grams of one order the back-off with which the probabilities after it add up to 1.
 *
 * @param contexts by row of `ngrams`: the row of the context in the order below.
 */
function setBackoffs(ngrams: Ngrams, orders: readonly Ngrams[], level: number, contexts: Int32Array): void {
  const shorter = orders[level - 1];
  for (let from = 0; from < ngrams.length;) {
    let to = from;
    // Σ p of the followers after the context, and after the context without its oldest word.
    let sum = 0;
    let suffixSum = 0;
    for (; to < ngrams.length && contexts[to] === contexts[from]; to++) {
      sum += exp10(ngrams.log10Probs[to]);
      suffixSum += exp10(log10ProbOf(orders, ngrams.wordsOf(to).slice(1)));
    }
    const [rest, suffixRest] = [1 - sum, 1 - suffixSum];
    // If all words are followers, both rests are 0, but for rounding errors of either sign.
    if (contexts[from] >= 0)
      shorter.backoffs[contexts[from]] = rest > 0 && suffixRest > 0 ? log10(rest / suffixRest) : LOG10_ZERO;
    from = to;
  }
}

/** log10 p of the last word after the others; backs off if `orders` lack the n-gram. */
function log10ProbOf(orders: readonly Ngrams[], words: readonly number[]): number {
  const ngrams = orders[words.length - 1];
  const row = ngrams.find(words);
  if (row >= 0) return ngrams.log10Probs[row];
  const context = orders[words.length - 2].find(words.slice(0, -1));
  return (context >= 0 ? orders[words.length - 2].backoffs[context] : 0) + log10ProbOf(orders, words.slice(1));
}
