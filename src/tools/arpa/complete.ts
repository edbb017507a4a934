import type { Ngrams } from './ngrams.js';

/**
 * Adds missing suffixes. The suffix of an n-gram is the n-gram without its first word; scoring finds an n-gram only through its
 * suffix, but files that SRILM pruned lack some. An added suffix gets the probability that backing off gives it, and the back-off
 * 1, so that no score changes.
 *
 * Input: all orders, sorted, each with the contexts of its n-grams. Output: the same, with all suffixes. Order: still sorted.
 *
 * @param orders the n-grams by order, from 1 on: `orders[n - 1]` has order n.
 * @param types word ids are below this.
 * @returns the number of n-grams that were added.
 */
export function fillSuffixes(orders: readonly Ngrams[], types: number): number {
  const seen = new Uint32Array(types);
  let filled = 0;
  for (let n = orders.length - 1; n >= 2; n--) {
    const shorter = orders[n - 1];
    const before = shorter.length;
    for (const row of withoutSuffix(orders[n], shorter, seen)) shorter.fill(orders[n].wordsOf(row).slice(1));
    if (shorter.length > before) shorter.sort(types);
    filled += shorter.length - before;
    seen.fill(0);
  }
  if (filled > 0) for (let n = 1; n < orders.length; n++) backOff(orders[n], orders[n - 1]);
  return filled;
}

/** Rows of longer n-grams whose suffix is missing among the shorter ones: one row for each missing suffix. */
function withoutSuffix(longer: Ngrams, shorter: Ngrams, seen: Uint32Array): number[] {
  const rows: number[] = [];
  const last = longer.order - 1;
  const words = longer.columns[last];
  const shorterWords = shorter.columns[last - 1];
  // The words between the first and the last of an n-gram are the context of its suffix.
  const middle = longer.columns.slice(1, last).reverse();
  const contexts = shorter.columns.slice(0, -1).reverse();
  let at = 0;
  let group = 0;
  for (let row = 0; row < longer.length;) {
    group++;
    while (at < shorter.length && compareAt(contexts, at, middle, row) < 0) at++;
    for (; at < shorter.length && compareAt(contexts, at, middle, row) === 0; at++) seen[shorterWords[at]] = group;
    const first = row;
    for (; row < longer.length && compareAt(middle, row, middle, first) === 0; row++) {
      if (seen[words[row]] === group) continue;
      seen[words[row]] = group;
      rows.push(row);
    }
  }
  return rows;
}

/** The row of an n-gram whose context is no n-gram of the shorter ones, or −1. Both must be sorted. */
export function withoutContext(longer: Ngrams, shorter: Ngrams, types: number): number {
  const contexts = longer.columns.slice(0, -1).reverse();
  const words = [...shorter.columns].reverse();
  let row = 0;
  for (const context of shorter.asContexts(types)) {
    if (row < longer.length && compareAt(contexts, row, words, context) < 0) return row;
    while (row < longer.length && compareAt(contexts, row, words, context) === 0) row++;
  }
  return row < longer.length ? row : -1;
}

/** Compares entry `a` of some columns with entry `b` of others, column by column. */
export function compareAt(
  columns: readonly Uint32Array[],
  a: number,
  others: readonly Uint32Array[],
  b: number,
): number {
  for (let j = 0; j < columns.length; j++) {
    const difference = columns[j][a] - others[j][b];
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Gives the n-grams that were added (their log10 p is NaN) the probability of backing off. */
function backOff(ngrams: Ngrams, shorter: Ngrams): void {
  for (let row = 0; row < ngrams.length; row++) {
    if (!Number.isNaN(ngrams.log10Probs[row])) continue;
    const words = ngrams.wordsOf(row);
    const context = shorter.find(words.slice(0, -1));
    const suffix = shorter.find(words.slice(1));
    // The sum may be above 0 (p > 1): scoring gives the same sum to an n-gram that the model lacks.
    ngrams.log10Probs[row] = shorter.backoffs[context] + shorter.log10Probs[suffix];
  }
}

/**
 * Counts the contexts from which backing off can give some word a probability above 1: the back-off is above 1, and so is its
 * product with the largest probability after the context without its farthest word.
 *
 * Input: all orders from 1 on, sorted, with all suffixes filled in.
 */
export function contextsAboveOne(orders: readonly Ngrams[]): number {
  const memories = orders.map(({ length }) => new Float64Array(length).fill(NaN));
  let first: number | undefined;
  /** The largest log10 p of any word after the context that is entry `at` of order `n`; n = 0 is the empty context. */
  const largest = (n: number, at: number): number => {
    if (n === 0) return (first ??= maximum(orders[0].log10Probs, 0, orders[0].length));
    const memory = memories[n - 1];
    if (Number.isNaN(memory[at])) {
      const context = orders[n - 1].wordsOf(at);
      const [from, to] = orders[n].followers(context);
      memory[at] = Math.max(maximum(orders[n].log10Probs, from, to), backedOff(n, at, context));
    }
    return memory[at];
  };
  const backedOff = (n: number, at: number, context: readonly number[]): number =>
    orders[n - 1].backoffs[at] + largest(n - 1, n > 1 ? orders[n - 2].find(context.slice(1)) : 0);
  let above = 0;
  for (let n = 1; n < orders.length; n++) {
    const { backoffs, length } = orders[n - 1];
    for (let at = 0; at < length; at++) {
      if (backoffs[at] > 0 && backedOff(n, at, orders[n - 1].wordsOf(at)) > 0) above++;
    }
  }
  return above;
}

function maximum(values: Float64Array, from: number, to: number): number {
  let largest = -Infinity;
  for (let i = from; i < to; i++) if (values[i] > largest) largest = values[i];
  return largest;
}
