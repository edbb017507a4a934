import { shown } from '../base/check.js';
import { KneserError } from '../base/errors.js';

/** How a model was pruned: by raw counts, with a threshold for each order, or by relative entropy (Stolcke 1998). */
export type Pruning =
  | {
      /** By order from 1, the threshold: n-grams with a raw count of at most this were dropped. */
      readonly counts: readonly number[];
    }
  | {
      /** The threshold, a share: an n-gram was dropped if perplexity without it rises by less than this share. */
      readonly entropy: number;
    };

/** Whether a model pruned like this can lack n-grams: thresholds of 0 drop none. */
export function prunesAnything(pruning: Pruning): boolean {
  return 'entropy' in pruning || pruning.counts.some(threshold => threshold > 0);
}

/**
 * Pruning by raw counts: n-grams of order i that occur at most `counts[i − 1]` times are dropped.
 *
 * @param thresholds the thresholds of the orders from 1 on; the last one is also the threshold of all higher orders.
 * @throws KNESER_OPTION, as KenLM's `lmplz --prune` does, for thresholds that drop unigrams, that fall, or that are more than
 *   the orders.
 */
export function pruningByCounts(thresholds: readonly number[], order: number): Pruning {
  const refuse = (reason: string): KneserError => new KneserError('KNESER_OPTION', `prune: ${reason}`);
  for (const threshold of thresholds) {
    if (!Number.isSafeInteger(threshold) || threshold < 0) throw refuse(`${threshold} is not a whole number from 0 up`);
  }
  const last = thresholds.at(-1);
  if (last === undefined) throw refuse('give a threshold for each order, such as 0,0,1');
  if (thresholds[0] !== 0) throw refuse('unigrams are not pruned; begin with 0, as in 0,0,1');
  if (thresholds.length > order) {
    throw refuse(`${thresholds.length} thresholds are more than the orders of the model, ${order}`);
  }
  const falling = thresholds.findIndex((threshold, i) => i > 0 && threshold < thresholds[i - 1]);
  if (falling > 0) {
    throw refuse(
      `thresholds must not fall from one order to the next, as ${thresholds.slice(0, falling + 1).join()} do`,
    );
  }
  return { counts: Array.from({ length: order }, (_, i) => thresholds[i] ?? last) };
}

/**
 * The error for a model of skip patterns that is to be pruned: no table has the raw counts of their n-grams, nor can they be
 * derived.
 *
 * @param where begins the message: the model and a colon, or nothing.
 */
export function skipPatternError(where: string, pattern: string): KneserError {
  return new KneserError(
    'KNESER_OPTION',
    `${where}skip patterns such as ${pattern} cannot be pruned, because a model has no raw counts of their n-grams; ` +
      'prune a model that was trained without skip patterns',
  );
}

/** Pruning by relative entropy. @param threshold a share of perplexity. @throws KNESER_OPTION unless it is above 0 and finite. */
export function pruningByEntropy(threshold: unknown): Pruning {
  if (typeof threshold === 'number' && threshold > 0 && threshold < Infinity) return { entropy: threshold };
  throw new KneserError('KNESER_OPTION', `entropy: ${shown(threshold)} is not a number above 0, such as 1e-8`);
}
