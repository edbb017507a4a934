import { KneserError } from '../base/errors.js';

/** How a model was pruned: by raw counts, with a threshold an order, or by relative entropy. */
export type Pruning =
  | {
      /** By order from 1: n-grams seen at most so often were dropped. */
      readonly counts: readonly number[];
    }
  | {
      /** N-grams were dropped without which perplexity rises by less than this share. */
      readonly entropy: number;
    };

/** Whether anything is pruned at all. */
export function prunesAnything(pruning: Pruning): boolean {
  return 'entropy' in pruning || pruning.counts.some(threshold => threshold > 0);
}

/**
 * A threshold for each order, from a list whose last one holds for all higher orders too.
 *
 * @throws KNESER_OPTION for what KenLM's `lmplz --prune` refuses: thresholds that prune unigrams, fall, or are too many.
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

/** Says that a model of skip patterns cannot be pruned: their tables have no raw counts, nor can these be had from others. */
export function skipPatternError(where: string, pattern: string): KneserError {
  return new KneserError(
    'KNESER_OPTION',
    `${where}skip patterns such as ${pattern} cannot be pruned, since how often they occur is not counted; ` +
      'prune a model that was trained without them',
  );
}

/** @throws KNESER_OPTION for what is no number above 0. */
export function pruningByEntropy(threshold: number): Pruning {
  if (threshold > 0 && threshold < Infinity) return { entropy: threshold };
  throw new KneserError('KNESER_OPTION', `entropy: ${threshold} is not a number above 0, such as 1e-8`);
}
