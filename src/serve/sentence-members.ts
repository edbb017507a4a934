import { KneserError } from '../base/errors.js';
import type { Sentence } from '../text/sentences.js';
import { Failure } from './failure.js';
import * as is from './members.js';
import { described, type Members } from './members.js';
import { MOST_TOKENS } from './options.js';

/** The members for `<s>` and `</s>`. */
export const ENDS: Members = {
  start: described('Whether `<s>` stands before each sentence. Default true.', is.flag),
  end: described('Whether `</s>` is scored after each sentence. Default true.', is.flag),
};

/** The members for one sentence or several. */
export const ONE_OR_MORE: Members = {
  model: is.model,
  sentence: described('A sentence: a text, or its tokens.', is.sentence),
  sentences: described('Sentences, in place of `sentence`.', is.sentences),
};

/** A request with {@link ONE_OR_MORE}. */
export interface OneOrMore {
  readonly model?: string;
  readonly sentence?: Sentence;
  readonly sentences?: readonly Sentence[];
}

/**
 * The sentences of a request, which has either `sentence` or `sentences`.
 *
 * @throws Failure with KNESER_OPTION if it has both or neither; KNESER_LIMIT for a sentence that is too long to be scored as one.
 */
export function sentencesOf({ sentence, sentences }: OneOrMore): readonly Sentence[] {
  if ((sentence === undefined) === (sentences === undefined)) {
    throw new Failure(400, 'KNESER_OPTION', 'sentence: give either sentence or sentences', 'sentence');
  }
  if (sentence !== undefined) {
    checkLength('sentence', sentence);
    return [sentence];
  }
  const all = sentences ?? [];
  all.forEach((each, i) => checkLength(`sentences[${i}]`, each));
  return all;
}

/** Refuses a sentence that is too long to be scored as one. @param name its member. @throws KNESER_LIMIT */
export function checkLength(name: string, sentence: Sentence): void {
  if (sentence.length <= MOST_TOKENS) return;
  const unit = typeof sentence === 'string' ? 'UTF-16 units' : 'tokens';
  throw new KneserError('KNESER_LIMIT', `${name}: has more than ${MOST_TOKENS} ${unit}; shorten it`);
}

/**
 * Refuses an answer that would be too long.
 *
 * @param name the member of the request that makes it long.
 * @param size the length of the answer [`unit`].
 * @param remedy what the client can do instead.
 * @throws KNESER_LIMIT
 */
export function checkSize(name: string, size: number, unit: 'tokens' | 'values', remedy: string): void {
  if (size <= MOST_TOKENS) return;
  throw new KneserError('KNESER_LIMIT', `${name}: the answer would have more than ${MOST_TOKENS} ${unit}; ${remedy}`);
}
