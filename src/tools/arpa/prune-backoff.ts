import type { ModelParts } from '../../model/scoring/parts.js';
import { FORMAT_VERSION } from '../../store/keys.js';
import type { ModelWriter } from '../../store/store.js';
import { ModelBuilder } from '../../tables/builder.js';
import { wordIds, type Manifest } from '../../tables/manifest.js';
import { BOS, EOS, NONE } from '../../text/tokens.js';
import { Backoffs } from './backoffs.js';
import { Ngrams } from './ngrams.js';
import { putTries } from './put-tries.js';
import { StoredSource } from './stored.js';

/**
 * Prunes a back-off model by relative entropy (Stolcke 1998), as SRILM's `ngram -prune` does.
 *
 * - Input: a back-off model.
 * - Output: a copy without the n-grams whose removal, one at a time, would raise perplexity by less than the share `threshold`.
 *   Contexts that lose followers get the back-off with which their probabilities add up to 1 again; all other numbers stay the same.
 * - Works from the highest order down, because an n-gram that stays needs its context and its suffix.
 * - Memory: about 40 bytes for each n-gram.
 *
 * @param onNgrams called with the n-grams read plus written so far, and with the final value: twice the n-grams of the input.
 */
export async function pruneBackoffs(
  parts: ModelParts,
  threshold: number,
  writer: ModelWriter,
  onNgrams: (done: number, total: number) => void,
): Promise<Manifest> {
  const { store, manifest } = parts;
  const builder = new ModelBuilder(writer, FORMAT_VERSION);
  try {
    const all = manifest.tables.reduce((sum, { rows }) => sum + rows, 0);
    const orders = await readOrders(parts, done => onNgrams(done, 2 * all));
    const pruned = pruneOrders(orders, threshold);
    const tables = await putTries(writer, pruned, wordIds(manifest), done => onNgrams(all + done, 2 * all));
    await builder.copyWords(store, manifest);
    const withDropped = tables.map((table, i) => ({ ...table, dropped: orders[i].length - pruned[i].length }));
    const written = await builder.finish({ ...manifest, tables: withDropped, pruning: { entropy: threshold } });
    onNgrams(2 * all, 2 * all);
    return written;
  } catch (error) {
    await builder.abort();
    throw error;
  }
}

/** Reads all n-grams into memory, by order from 1 on, each with the back-off that it has as a context. */
async function readOrders(parts: ModelParts, onDone: (done: number) => void): Promise<Ngrams[]> {
  let done = 0;
  const source = new StoredSource(parts, rows => onDone((done += rows)));
  const ofBackoffs = new StoredSource(parts, () => undefined);
  const orders: Ngrams[] = [];
  const { tables } = parts.manifest;
  for (const [level, { rows }] of tables.entries()) {
    const isHighest = level === tables.length - 1;
    const ngrams = new Ngrams(level + 1, isHighest, rows);
    const backoffs = isHighest ? undefined : await Backoffs.read(ofBackoffs, parts, level + 1);
    const cursor = await source.open(level);
    while (!cursor.done) {
      const { context, words, log10Probs, from, to } = cursor;
      backoffs?.lookUp(cursor);
      for (let i = from; i < to; i++) {
        if (words[i] === NONE) continue;
        const row = ngrams.add(log10Probs[i], backoffs?.ofFollower(i) ?? 0, 0);
        // The cursor has the nearest context word first, `columns` the oldest word.
        for (let j = 0; j < level; j++) ngrams.columns[j][row] = context[level - 1 - j];
        ngrams.columns[level][row] = words[i];
      }
      const reading = cursor.advance();
      if (reading) await reading;
    }
    orders.push(ngrams);
  }
  return orders;
}

/**
 * Chooses the n-grams that stay, and gives a new back-off to each context that loses followers.
 *
 * @param orders the n-grams by order, from 1 on, sorted; every order contains the context and the suffix of each n-gram one word
 *   longer. Overwrites `backoffs` of these objects.
 * @returns the n-grams that stay, by order, sorted.
 */
export function pruneOrders(orders: readonly Ngrams[], threshold: number): Ngrams[] {
  // By level (the order less 1) and row: 1 if the n-gram stays.
  const stays = orders.map(({ length }) => new Uint8Array(length));
  stays[0].fill(1);
  for (let level = orders.length - 1; level > 0; level--) {
    const [ngrams, shorter] = [orders[level], orders[level - 1]];
    for (let from = 0; from < ngrams.length;) {
      const context = ngrams.wordsOf(from).slice(0, -1);
      const contextRow = shorter.find(context);
      const [, to] = ngrams.followers(context);
      const followers = followersOf(ngrams, shorter, from, to);
      const followerStays = stays[level].subarray(from, to);
      const removed = choose(followers, followerStays, threshold, contextProbability(orders, context));
      if (removed > 0) shorter.backoffs[contextRow] = log10Backoff(followers, followerStays);
      for (let i = 0; i < followerStays.length; i++) {
        if (followerStays[i] === 0) continue;
        stays[level - 1][contextRow] = 1;
        stays[level - 1][followers.suffixRows[i]] = 1;
      }
      from = to;
    }
  }
  return orders.map((ngrams, level) => filtered(ngrams, stays[level]));
}

/** The followers w of a context h, one entry each; h' is h without its oldest word. */
interface Followers {
  /** p(w|h). */
  readonly probabilities: Float64Array;
  /** p(w|h'). */
  readonly suffixProbabilities: Float64Array;
  /** The row of the suffix (h', w) in the order below. */
  readonly suffixRows: Uint32Array;
}

/** The followers in the rows `from` … `to` − 1 of `ngrams`, which have one context. */
function followersOf(ngrams: Ngrams, shorter: Ngrams, from: number, to: number): Followers {
  const probabilities = new Float64Array(to - from);
  const suffixProbabilities = new Float64Array(to - from);
  const suffixRows = new Uint32Array(to - from);
  for (let row = from; row < to; row++) {
    const suffixRow = shorter.find(ngrams.wordsOf(row).slice(1));
    suffixRows[row - from] = suffixRow;
    probabilities[row - from] = 10 ** ngrams.log10Probs[row];
    suffixProbabilities[row - from] = 10 ** shorter.log10Probs[suffixRow];
  }
  return { probabilities, suffixProbabilities, suffixRows };
}

/**
 * Chooses which followers of a context h stay.
 *
 * @param stays by follower: 1 if an n-gram one word longer needs it. Sets it to 1 for each other follower that stays.
 * @param contextProb p(h).
 * @returns the number of followers that are removed.
 */
function choose(
  { probabilities, suffixProbabilities }: Followers,
  stays: Uint8Array,
  threshold: number,
  contextProb: number,
): number {
  const rest = 1 - sum(probabilities);
  const suffixRest = 1 - sum(suffixProbabilities);
  let removed = 0;
  for (let i = 0; i < stays.length; i++) {
    if (stays[i] === 1) continue;
    const [p, suffixP] = [probabilities[i], suffixProbabilities[i]];
    // γ(h) without this follower.
    const backoff = (rest + p) / (suffixRest + suffixP);
    // Where the followers' probabilities add up to 1 or more, or a probability is 0, the relative entropy is undefined.
    const isDefined = rest > 0 && suffixRest > 0 && p > 0 && suffixP > 0;
    const entropy = p * Math.log(p / (suffixP * backoff)) + rest * Math.log(rest / suffixRest / backoff);
    if (isDefined && Math.expm1(contextProb * entropy) < threshold) removed++;
    else stays[i] = 1;
  }
  return removed;
}

/** log10 of the back-off with which the probabilities after a context add up to 1. */
function log10Backoff({ probabilities, suffixProbabilities }: Followers, stays: Uint8Array): number {
  const isStaying = (_: number, i: number): boolean => stays[i] === 1;
  return Math.log10((1 - sum(probabilities.filter(isStaying))) / (1 - sum(suffixProbabilities.filter(isStaying))));
}

/**
 * p(h) by the chain rule. `<s>` is never predicted: as in SRILM, p(`</s>`) stands for it, because sentences begin as often as they end; 1 in
 * a model without `</s>`.
 */
function contextProbability(orders: readonly Ngrams[], context: readonly number[]): number {
  let log10Prob = 0;
  for (let length = 1; length <= context.length; length++) {
    const ngrams = orders[length - 1];
    const row = ngrams.find(length === 1 && context[0] === BOS ? [EOS] : context.slice(0, length));
    if (row >= 0) log10Prob += ngrams.log10Probs[row];
  }
  return 10 ** log10Prob;
}

/** A copy with only the rows where `stays` is 1. */
function filtered(ngrams: Ngrams, stays: Uint8Array): Ngrams {
  const { order, isHighest, length, columns, log10Probs, backoffs } = ngrams;
  const copy = new Ngrams(order, isHighest, length);
  for (let row = 0; row < length; row++) {
    if (stays[row] === 0) continue;
    const newRow = copy.add(log10Probs[row], isHighest ? 0 : backoffs[row], 0);
    for (let j = 0; j < order; j++) copy.columns[j][newRow] = columns[j][row];
  }
  return copy;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
