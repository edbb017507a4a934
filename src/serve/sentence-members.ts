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

/** The sentences of a request, of which one of two members must have them. @throws Failure, KNESER_LIMIT */
export function sentencesOf({ sentence, sentences }: OneOrMore): readonly Sentence[] {
  if ((sentence === undefined) === (sentences === undefined)) {
    throw new Failure(400, 'KNESER_OPTION', 'sentence: give either sentence or sentences', 'sentence');
  }
  return sentence === undefined ? (sentences ?? []) : [sentence];
}

/** Refuses a sentence that is too long to be scored as one. @throws KNESER_LIMIT */
export function checkLength({ length }: Sentence): void {
  if (length > MOST_TOKENS) {
    throw new KneserError(
      'KNESER_LIMIT',
      `sentence: longer than ${MOST_TOKENS} characters; divide it, or send it to /perplexity as text`,
    );
  }
}

/** Refuses an answer that would be too long. @throws KNESER_LIMIT */
export function checkSize(name: string, size: number): void {
  if (size > MOST_TOKENS)
    throw new KneserError('KNESER_LIMIT', `${name}: more than ${MOST_TOKENS} tokens in one request; divide it`);
}
