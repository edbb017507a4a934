import type { Batch } from '../../smoothing/batch.js';
import type { PagedModel } from '../../model/paged-model.js';
import { wordIds } from '../../tables/manifest.js';
import { BOS, FIRST_WORD, NONE, UNK } from '../../text/tokens.js';
import type { CheckedTable } from './table.js';
import type { Findings } from './findings.js';

/** The largest accepted difference of Σ p(w|h) from 1. */
const TOLERANCE = 1e-9;
/** The most words that are scored in one batch. */
const WORDS_A_BATCH = 1 << 14;
/** Number of histories of arbitrary words, besides the contexts sampled from the tables. */
const ARBITRARY_HISTORIES = 3;
/** The most probabilities that are summed for all histories together, unless two histories have more. */
const MOST_PROBABILITIES = 4_000_000;

/**
 * The histories after which probabilities are summed, oldest word first: the empty history, `<s>`, the sampled contexts of the tables,
 * and words that hardly ever stand together. They are the same for every run.
 *
 * @param tables the contiguous tables of words, by order.
 * @param words all word ids are below it.
 */
export function sampleHistories(tables: readonly CheckedTable[], words: number): number[][] {
  const longest = tables.length - 1;
  const histories: number[][] = longest > 0 ? [[], [BOS]] : [[]];
  for (const { sampled } of tables.slice(1).reverse()) histories.push(...sampled);
  for (let i = 0; i < ARBITRARY_HISTORIES && longest > 0; i++) histories.push(scattered(longest, words, i));
  return histories.slice(0, Math.max(2, Math.floor(MOST_PROBABILITIES / words)));
}

/** Words spread over the whole vocabulary, chosen by a hash of `seed`. */
function scattered(length: number, words: number, seed: number): number[] {
  const ordinary = words - FIRST_WORD;
  return Array.from({ length }, (_, i) => {
    const hash = Math.imul(seed * length + i + 1, 0x9e3779b1) >>> 0;
    return ordinary > 0 ? FIRST_WORD + (hash % ordinary) : UNK;
  });
}

/**
 * Checks that the probabilities of all words after each history add up to 1.
 *
 * @param how names the smoothing or the weights, for messages.
 * @param onHistory called after each history.
 */
export async function checkSums(
  model: PagedModel,
  how: string,
  histories: readonly (readonly number[])[],
  findings: Findings,
  onHistory: () => void,
): Promise<void> {
  const { order } = model.info;
  const types = wordIds(model.parts.manifest);
  for (const history of histories) {
    let sum = 0;
    for (let from = 1; from < types; from += WORDS_A_BATCH) {
      const batch = batchAfter(history, from, Math.min(types, from + WORDS_A_BATCH), order);
      for (const log10Prob of await model.scoreBatch(batch)) sum += 10 ** log10Prob;
    }
    findings.checked('sums of p');
    if (!(Math.abs(sum - 1) <= TOLERANCE)) {
      const after = history.length > 0 ? `the words ${history.join(' ')}` : 'nothing';
      findings.add('sums of p', how, `the probabilities after ${after} add up to ${sum}`);
    }
    onHistory();
  }
}

/** A batch of the words with the ids `from` … `to` − 1, except `<s>`, each after the same history. */
function batchAfter(history: readonly number[], from: number, to: number, order: number): Batch {
  const reach = Math.max(1, order - 1);
  const targets = Array.from({ length: to - from }, (_, i) => from + i).filter(id => id !== BOS);
  const before = [...new Array<number>(reach).fill(NONE), ...history].slice(-reach);
  const ids = new Uint32Array(targets.length * (reach + 1));
  targets.forEach((id, i) => {
    ids.set(before, i * (reach + 1));
    ids[i * (reach + 1) + reach] = id;
  });
  return {
    ids,
    targets: Uint32Array.from(targets, (_, i) => i * (reach + 1) + reach),
    available: new Uint8Array(targets.length).fill(Math.min(history.length, order - 1)),
    oov: new Uint8Array(targets.length),
    length: targets.length,
  };
}
