import type { Ngrams } from './ngrams.js';

/**
 * Adds the n-grams that longer ones end with and that the file lacks, as SRILM's pruned files do: without them, what the
 * longer ones say would not be found. Their probability is what backing off makes of the shorter ones, and their back-off 1, so
 * that nothing else changes. All orders are sorted, before and after, and have the contexts of their n-grams.
 *
 * @param orders from 1 on.
 * @returns how many were added.
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

/** N-grams that end with one that the shorter ones lack, one for each that they lack. */
function withoutSuffix(longer: Ngrams, shorter: Ngrams, seen: Uint32Array): number[] {
  const rows: number[] = [];
  const last = longer.order - 1;
  const words = longer.columns[last];
  const shorterWords = shorter.columns[last - 1];
  // What comes between an n-gram's first word and its last is the context that the shorter one has.
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

/** The number of an n-gram whose words but the last are not among the shorter ones, or −1; both sorted. */
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

/** Compares entry `a` of some columns with entry `b` of others. */
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

/** Gives those that were filled in their probability. */
function backOff(ngrams: Ngrams, shorter: Ngrams): void {
  for (let row = 0; row < ngrams.length; row++) {
    if (!Number.isNaN(ngrams.log10Probs[row])) continue;
    const words = ngrams.wordsOf(row);
    const context = shorter.find(words.slice(0, -1));
    const suffix = shorter.find(words.slice(1));
    // The sum that the file gives, even above 0: scoring backs off to the same sum for n-grams that are not filled in.
    ngrams.log10Probs[row] = shorter.backoffs[context] + shorter.log10Probs[suffix];
  }
}

/**
 * Counts the contexts with which some word's probability can come to more than 1 by backing off: the back-off is larger than 1,
 * and times the largest probability after the context that is a word shorter it is still larger than 1.
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
