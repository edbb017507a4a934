import type { Ngrams } from './ngrams.js';

/**
 * Adds missing suffixes. The suffix of an n-gram is the n-gram without its oldest word. Scoring finds an n-gram only through its
 * suffix, but files that SRILM pruned lack some suffixes. An added suffix gets the probability that backing off gives it, and the
 * back-off 1, so that no score changes.
 *
 * @param orders the n-grams by order, from 1 on, sorted; every order contains the context of each n-gram one word longer. They
 *   stay sorted.
 * @param types all word ids are below it.
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

/**
 * For each missing suffix, the row in `longer` of one n-gram that ends with it.
 *
 * @param seen by word id, a number of a group: all 0 at the call.
 */
function withoutSuffix(longer: Ngrams, shorter: Ngrams, seen: Uint32Array): number[] {
  const rows: number[] = [];
  const last = longer.order - 1;
  const words = longer.columns[last];
  const shorterWords = shorter.columns[last - 1];
  // The words between the oldest and the last word of an n-gram are the context of its suffix. Rows with the same words there
  // form a group: they are consecutive, because rows are sorted by the nearest context word first.
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

/** The row in `longer` of an n-gram whose context is not in `shorter`, or −1. Both must be sorted. */
export function withoutContext(longer: Ngrams, shorter: Ngrams, types: number): number {
  const contexts = longer.columns.slice(0, -1).reverse();
  const words = [...shorter.columns].reverse();
  let row = 0;
  for (const context of shorter.rowsAsContexts(types)) {
    if (row < longer.length && compareAt(contexts, row, words, context) < 0) return row;
    while (row < longer.length && compareAt(contexts, row, words, context) === 0) row++;
  }
  return row < longer.length ? row : -1;
}

/** Compares the tuple of the entries `a` of `columns` with the tuple of the entries `b` of `others`, column by column. */
function compareAt(columns: readonly Uint32Array[], a: number, others: readonly Uint32Array[], b: number): number {
  for (let j = 0; j < columns.length; j++) {
    const difference = columns[j][a] - others[j][b];
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Gives each added n-gram, whose log10 p is NaN, the probability that backing off gives it. */
function backOff(ngrams: Ngrams, shorter: Ngrams): void {
  for (let row = 0; row < ngrams.length; row++) {
    if (!Number.isNaN(ngrams.log10Probs[row])) continue;
    const words = ngrams.wordsOf(row);
    const context = shorter.find(words.slice(0, -1));
    const suffix = shorter.find(words.slice(1));
    // The sum may be above 0 (p > 1). Scoring computes the same sum for an n-gram that the model lacks.
    ngrams.log10Probs[row] = shorter.backoffs[context] + shorter.log10Probs[suffix];
  }
}

/**
 * Counts the contexts from which backing off can give some word a probability above 1: the back-off is above 1, and so is its
 * product with the largest probability after the context without its oldest word.
 *
 * @param orders the n-grams by order, from 1 on, sorted, with all suffixes filled in.
 */
export function contextsAboveOne(orders: readonly Ngrams[]): number {
  // Results of `largest` for contexts of n words, at index n − 1 and by row; NaN if not computed yet.
  const known = orders.map(({ length }) => new Float64Array(length).fill(NaN));
  let largestUnigram: number | undefined;
  /** The largest log10 p of any word after the context of `n` words that is row `row` of order `n`; n = 0 is the empty context. */
  const largest = (n: number, row: number): number => {
    if (n === 0) return (largestUnigram ??= maximum(orders[0].log10Probs, 0, orders[0].length));
    const results = known[n - 1];
    if (Number.isNaN(results[row])) {
      const context = orders[n - 1].wordsOf(row);
      const [from, to] = orders[n].followers(context);
      results[row] = Math.max(maximum(orders[n].log10Probs, from, to), largestBackedOff(n, row, context));
    }
    return results[row];
  };
  /** The largest log10 p of a word to which backing off from this context leads. */
  const largestBackedOff = (n: number, row: number, context: readonly number[]): number =>
    orders[n - 1].backoffs[row] + largest(n - 1, n > 1 ? orders[n - 2].find(context.slice(1)) : 0);
  let above = 0;
  for (let n = 1; n < orders.length; n++) {
    const { backoffs, length } = orders[n - 1];
    for (let row = 0; row < length; row++) {
      if (backoffs[row] > 0 && largestBackedOff(n, row, orders[n - 1].wordsOf(row)) > 0) above++;
    }
  }
  return above;
}

function maximum(values: Float64Array, from: number, to: number): number {
  let largest = -Infinity;
  for (let i = from; i < to; i++) if (values[i] > largest) largest = values[i];
  return largest;
}
