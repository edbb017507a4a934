import type { ModelParts } from '../../model/scoring/parts.js';
import type { ModelWriter } from '../../store/store.js';
import { ModelBuilder } from '../../tables/builder.js';
import { wordIds, type Manifest } from '../../tables/manifest.js';
import { BOS, NONE } from '../../text/tokens.js';
import { Backoffs } from './backoffs.js';
import { Ngrams } from './ngrams.js';
import { putTables } from './put-tables.js';
import { StoredSource } from './stored.js';

/**
 * Input: a back-off model. Output: a copy without the n-grams whose loss would raise perplexity by less than the share
 * `threshold`, each n-gram taken by itself (Stolcke 1998), where p(h) follows from the model by the chain rule, as in SRILM's
 * `ngram -prune`. Contexts that lost followers get the back-off with which their probabilities add up to 1 again; all other
 * numbers stay those of the model. Order: from the highest order down, since a kept n-gram needs its context and its suffix.
 * Memory: about 40 bytes for each n-gram.
 *
 * @param onNgrams called with the number of n-grams read or written so far, and with the number of all.
 */
export async function pruneBackoffs(
  parts: ModelParts,
  threshold: number,
  writer: ModelWriter,
  onNgrams: (done: number, total: number) => void,
): Promise<Manifest> {
  const { store, manifest } = parts;
  const builder = new ModelBuilder(writer);
  try {
    const all = manifest.tables.reduce((sum, { rows }) => sum + rows, 0);
    const orders = await readOrders(parts, done => onNgrams(done, 2 * all));
    const kept = pruneOrders(orders, threshold);
    const tables = await putTables(builder, kept, wordIds(manifest), done => onNgrams(all + done, 2 * all));
    await builder.copyWords(store, manifest);
    const dropped = tables.map((table, i) => ({ ...table, dropped: orders[i].length - kept[i].length }));
    const written = await builder.finish({ ...manifest, tables: dropped, pruning: { entropy: threshold } });
    onNgrams(2 * all, 2 * all);
    return written;
  } catch (error) {
    await builder.abort();
    throw error;
  }
}

/** Reads all n-grams into memory, each with its back-off. */
async function readOrders(parts: ModelParts, onDone: (done: number) => void): Promise<Ngrams[]> {
  let done = 0;
  const source = new StoredSource(parts, () => undefined);
  const orders: Ngrams[] = [];
  const { tables } = parts.manifest;
  for (const [level, { rows }] of tables.entries()) {
    const isHighest = level === tables.length - 1;
    const ngrams = new Ngrams(level + 1, isHighest, rows);
    const backoffs = isHighest ? undefined : await Backoffs.read(source, parts, level + 1);
    const cursor = await source.open(level);
    while (!cursor.done) {
      const { context, words, probabilities, from, to } = cursor;
      backoffs?.find(cursor);
      for (let i = from; i < to; i++) {
        if (words[i] === NONE) continue;
        const at = ngrams.add(probabilities[i], backoffs?.at(i) ?? 0, 0);
        // A context is stored with its nearest word first, an n-gram with its oldest word first.
        for (let j = 0; j < level; j++) ngrams.columns[j][at] = context[level - 1 - j];
        ngrams.columns[level][at] = words[i];
      }
      onDone((done += to - from));
      const reading = cursor.advance();
      if (reading) await reading;
    }
    orders.push(ngrams);
  }
  return orders;
}

/**
 * The n-grams that are kept, with the new back-offs of their contexts.
 *
 * @param orders the n-grams by order, from 1 on, sorted; each order has the contexts and the suffixes of the next. Their
 *   back-offs are changed.
 */
export function pruneOrders(orders: readonly Ngrams[], threshold: number): Ngrams[] {
  const kept = orders.map(({ length }) => new Uint8Array(length));
  kept[0].fill(1);
  for (let level = orders.length - 1; level > 0; level--) {
    const [ngrams, shorter] = [orders[level], orders[level - 1]];
    for (let from = 0; from < ngrams.length;) {
      const context = ngrams.wordsOf(from).slice(0, -1);
      const [, to] = ngrams.followers(context);
      const followers = followersOf(ngrams, shorter, from, to);
      const place = shorter.find(context);
      const lost = choose(followers, kept[level].subarray(from, to), threshold, probabilityOf(orders, context));
      if (lost > 0) shorter.backoffs[place] = backoffOf(followers, kept[level].subarray(from, to));
      for (let row = from; row < to; row++) {
        if (kept[level][row] === 0) continue;
        kept[level - 1][place] = 1;
        kept[level - 1][followers.suffixes[row - from]] = 1;
      }
      from = to;
    }
  }
  return orders.map((ngrams, level) => filtered(ngrams, kept[level]));
}

/** The followers of a context h. */
interface Followers {
  /** p(w|h), and p(w|h') for the context h' that lacks the farthest word. */
  readonly probabilities: Float64Array;
  readonly below: Float64Array;
  /** For each follower, the row in the order below of its n-gram without the first word. */
  readonly suffixes: Uint32Array;
}

function followersOf(ngrams: Ngrams, shorter: Ngrams, from: number, to: number): Followers {
  const probabilities = new Float64Array(to - from);
  const below = new Float64Array(to - from);
  const suffixes = new Uint32Array(to - from);
  for (let row = from; row < to; row++) {
    const suffix = shorter.find(ngrams.wordsOf(row).slice(1));
    suffixes[row - from] = suffix;
    probabilities[row - from] = 10 ** ngrams.log10Probs[row];
    below[row - from] = 10 ** shorter.log10Probs[suffix];
  }
  return { probabilities, below, suffixes };
}

/**
 * Chooses which followers of a context are kept.
 *
 * @param kept by follower, 1 if a longer n-gram needs it; set to 1 for each follower that is kept.
 * @param ofContext p(h).
 * @returns the number of followers that are dropped.
 */
function choose({ probabilities, below }: Followers, kept: Uint8Array, threshold: number, ofContext: number): number {
  const rest = 1 - sum(probabilities);
  const restBelow = 1 - sum(below);
  let lost = 0;
  for (let i = 0; i < kept.length; i++) {
    if (kept[i] === 1) continue;
    const [p, pBelow] = [probabilities[i], below[i]];
    const backoff = (rest + p) / (restBelow + pBelow);
    // The loss is undefined if the followers' probabilities add up to 1 or more, or a probability is 0: keep the follower.
    const isDefined = rest > 0 && restBelow > 0 && p > 0 && pBelow > 0;
    const loss = p * Math.log(p / (pBelow * backoff)) + rest * Math.log(rest / restBelow / backoff);
    if (isDefined && Math.expm1(ofContext * loss) < threshold) lost++;
    else kept[i] = 1;
  }
  return lost;
}

/** log10 of the back-off with which the probabilities after a context add up to 1. */
function backoffOf({ probabilities, below }: Followers, kept: Uint8Array): number {
  const isKept = (_: number, i: number): boolean => kept[i] === 1;
  return Math.log10((1 - sum(probabilities.filter(isKept))) / (1 - sum(below.filter(isKept))));
}

/** p(h) of a context by the chain rule; if it begins with `<s>`, p of the words after `<s>`. */
function probabilityOf(orders: readonly Ngrams[], context: readonly number[]): number {
  let log10Prob = 0;
  for (let length = context[0] === BOS ? 2 : 1; length <= context.length; length++) {
    const ngrams = orders[length - 1];
    log10Prob += ngrams.log10Probs[ngrams.find(context.slice(0, length))];
  }
  return 10 ** log10Prob;
}

function filtered(ngrams: Ngrams, kept: Uint8Array): Ngrams {
  const { order, isHighest, length, columns, log10Probs, backoffs } = ngrams;
  const left = new Ngrams(order, isHighest, length);
  for (let row = 0; row < length; row++) {
    if (kept[row] === 0) continue;
    const at = left.add(log10Probs[row], isHighest ? 0 : backoffs[row], 0);
    for (let j = 0; j < order; j++) left.columns[j][at] = columns[j][row];
  }
  return left;
}

function sum(values: Float64Array): number {
  return values.reduce((all, value) => all + value, 0);
}
