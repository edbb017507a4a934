import { exp10, log10 } from '../../base/elementary.js';
import { BOS } from '../../text/tokens.js';
import type { Ngrams } from '../arpa/ngrams.js';
import type { Component } from './component.js';
import type { MixtureWeights } from './weights.js';

/** log10 p of `<s>`, which is never predicted, as SRILM writes it. */
const NEVER = -99;
/** N-grams whose probabilities are computed at once. */
const ROWS = 1 << 16;

/**
 * Gives n-grams the numbers of a linear mixture in back-off form, as SRILM's `ngram -mix-lm` does: log10 of Σ λᵢ pᵢ(w|h) for every
 * n-gram, and for every context the back-off with which its probabilities add up to 1.
 *
 * - Input: the n-grams of all models together, sorted, each order with the contexts and suffixes of the next; the models and their weights.
 * - Output: `log10Probs` and `backoffs` of the n-grams.
 * - Order: from order 1 up: back-offs follow from the probabilities of the order below.
 *
 * @param bucketOf the bucket of weights of the context of `orders[level]` that is row `row` of `orders[level - 1]`; −1 is the empty one.
 * @param onNgrams told the number of n-grams that were done; throws to stop.
 */
export function interpolate(
  orders: readonly Ngrams[],
  components: readonly Component[],
  weights: MixtureWeights,
  bucketOf: (level: number, row: number) => number,
  onNgrams: (done: number) => void,
): void {
  let done = 0;
  const parts = components.map(() => new Float64Array(ROWS));
  for (const [level, ngrams] of orders.entries()) {
    const { columns, log10Probs, length } = ngrams;
    const contexts = contextRows(ngrams, orders[level - 1]);
    for (let from = 0; from < length; from += ROWS) {
      const to = Math.min(length, from + ROWS);
      components.forEach((component, i) => component.probabilities(columns, from, to, parts[i]));
      for (let row = from; row < to; row++) {
        const own = weights[bucketOf(level, contexts[row])];
        let sum = 0;
        for (let i = 0; i < parts.length; i++) sum += own[i] * parts[i][row - from];
        log10Probs[row] = level === 0 && columns[0][row] === BOS ? NEVER : log10(sum);
      }
      onNgrams((done += to - from));
    }
    if (level > 0) setBackoffs(ngrams, orders, level, contexts);
  }
}

/** By n-gram, the row of its context in the order below; −1 for the empty context. */
function contextRows(ngrams: Ngrams, shorter: Ngrams | undefined): Int32Array {
  const rows = new Int32Array(ngrams.length).fill(-1);
  if (!shorter) return rows;
  for (let row = 0; row < ngrams.length; row++) {
    rows[row] =
      row > 0 && hasContextOf(ngrams, row, row - 1) ? rows[row - 1] : shorter.find(ngrams.wordsOf(row).slice(0, -1));
  }
  return rows;
}

function hasContextOf({ columns, order }: Ngrams, row: number, other: number): boolean {
  for (let j = 0; j < order - 1; j++) if (columns[j][row] !== columns[j][other]) return false;
  return true;
}

/** Gives each context of an order the back-off with which the probabilities after it add up to 1. */
function setBackoffs(ngrams: Ngrams, orders: readonly Ngrams[], level: number, contexts: Int32Array): void {
  const shorter = orders[level - 1];
  for (let from = 0; from < ngrams.length;) {
    let to = from;
    let seen = 0;
    let below = 0;
    for (; to < ngrams.length && contexts[to] === contexts[from]; to++) {
      seen += exp10(ngrams.log10Probs[to]);
      below += exp10(probabilityOf(orders, ngrams.wordsOf(to).slice(1)));
    }
    const [left, leftBelow] = [1 - seen, 1 - below];
    // Where the followers are all words, nothing is left: rounding may leave a little of either sign.
    if (contexts[from] >= 0)
      shorter.backoffs[contexts[from]] = left > 0 && leftBelow > 0 ? log10(left / leftBelow) : NEVER;
    from = to;
  }
}

/** log10 p of an n-gram; by backing off if it is not there. */
function probabilityOf(orders: readonly Ngrams[], words: readonly number[]): number {
  const ngrams = orders[words.length - 1];
  const row = ngrams.find(words);
  if (row >= 0) return ngrams.log10Probs[row];
  const context = orders[words.length - 2].find(words.slice(0, -1));
  return (context >= 0 ? orders[words.length - 2].backoffs[context] : 0) + probabilityOf(orders, words.slice(1));
}
