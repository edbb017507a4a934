import { OOV } from '../../smoothing/batch.js';
import { EOS, UNK } from '../../text/tokens.js';
import type { Predictor } from './predictor.js';

/** By token of a text, figures of the exact distribution over the vocabulary after the token's history. */
export interface TokenSpreads {
  /** 1 + the number of types that are more probable than the token. */
  readonly ranks: Float64Array;
  /** −Σ p ln p [nats]. */
  readonly entropies: Float64Array;
  /** Σ p ln² p [nats²]. */
  readonly secondMoments: Float64Array;
}

/**
 * Computes figures of the distribution after the history of each token.
 *
 * - Input: the ids of whole sentences, with `EOS` after each.
 * - Output: ranks, entropies and second moments, one for each id.
 *
 * @param reach the longest history [words]: order − 1.
 */
export function* tokenSpreads(
  predictor: Predictor,
  ids: Uint32Array,
  reach: number,
): Generator<Promise<void>, TokenSpreads, void> {
  const ranks = new Float64Array(ids.length);
  const entropies = new Float64Array(ids.length);
  const secondMoments = new Float64Array(ids.length);
  let sentence = 0;
  for (let t = 0; t < ids.length; t++) {
    const history = ids.slice(Math.max(sentence, t - reach), t);
    const spread = (yield* predictor.after(history, t - sentence < reach)).spread();
    ranks[t] = 1 + spread.above(spread.probability(ids[t] >= OOV ? UNK : ids[t]));
    entropies[t] = spread.entropy;
    secondMoments[t] = spread.secondMoment;
    if (ids[t] === EOS) sentence = t + 1;
  }
  return { ranks, entropies, secondMoments };
}
