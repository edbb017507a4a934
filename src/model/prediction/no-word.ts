import { KneserError } from '../../base/errors.js';
import { NONE } from '../../text/tokens.js';

/**
 * The error of a draw where p = 0 for each word that may be drawn: in a back-off model, whose file can have probabilities and back-offs of 0.
 *
 * @param next the distribution to draw from.
 * @param except the id of a word that is not drawn: `UNK`, or `NONE`.
 */
export function noWord(next: { probability(word: number): number }, except: number): KneserError {
  return new KneserError(
    'KNESER_OPTION',
    except !== NONE && next.probability(except) > 0
      ? 'unknown: nothing but <unk> can come next; draw <unk> too'
      : 'no token can come next, because the model gives each the probability 0 after these words; take other words, or ' +
          'mend the ARPA file of the model',
  );
}
