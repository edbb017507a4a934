import { KneserError } from '../base/errors.js';
import type { TokenSink } from './tokenizer.js';
import type { Tokenization } from './tokenization.js';
import { hashBytes } from './word-list.js';

/** A sentence as the library takes it: text, for the model's tokenizer, or its tokens, which are taken as they are. */
export type Sentence = string | readonly string[];

/** Sentences from anywhere: an array, a generator, a stream. */
export type Sentences = Iterable<Sentence> | AsyncIterable<Sentence>;

const encoder = new TextEncoder();

/** Gives a sentence's tokens to a sink, and ends the line. To white space a line feed within a sentence is one more space. */
export function feedSentence(sentence: Sentence, tokenization: Tokenization, sink: TokenSink): void {
  checkSentence(sentence);
  if (typeof sentence === 'string') {
    tokenization.feed(sentence, sink);
  } else {
    for (const token of sentence) {
      if (token === '') throw new KneserError('KNESER_OPTION', 'a sentence holds an empty token; leave it out');
      const bytes = encoder.encode(token);
      sink.token(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
    }
  }
  sink.line();
}

/** @throws KNESER_OPTION for a text, which would be taken letter by letter. */
export function checkSentences(sentences: unknown): void {
  if (typeof sentences !== 'string') return;
  throw new KneserError(
    'KNESER_OPTION',
    'sentences: this is one string; give an array of sentences, or anything else that has them one by one',
  );
}

/** @throws KNESER_OPTION */
export function checkSentence(sentence: unknown): void {
  const valid =
    typeof sentence === 'string' || (Array.isArray(sentence) && sentence.every(token => typeof token === 'string'));
  if (!valid) throw new KneserError('KNESER_OPTION', 'sentences: each is a string or an array of strings');
}
