import { isIterable, shown } from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { TokenSink } from './tokenizer.js';
import type { Tokenization } from './tokenization.js';
import { hashBytes } from './word-list.js';

/** A sentence: a string, which the model's tokenizer cuts into tokens, or an array of tokens, which are used as they are. */
export type Sentence = string | readonly string[];

/** Sentences from any iterable: an array, a generator, a stream. */
export type Sentences = Iterable<Sentence> | AsyncIterable<Sentence>;

const encoder = /* @__PURE__ */ new TextEncoder();

/** Sends a sentence's tokens to a sink, and ends the line. The white-space tokenizer reads a line feed inside a sentence as a space. */
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

/** @throws KNESER_OPTION for a value that is not iterable, and for a single string, also a `String` object, because iterating over it would yield letters. */
export function checkSentences(sentences: unknown): void {
  if (isIterable(sentences)) return;
  const got = typeof sentences === 'string' ? 'one string' : shown(sentences);
  throw new KneserError('KNESER_OPTION', `sentences: got ${got}; pass an array or another iterable of sentences`);
}

/** @throws KNESER_OPTION for a value that is neither a string nor an array of strings. */
export function checkSentence(sentence: unknown): void {
  const valid = typeof sentence === 'string' || (Array.isArray(sentence) && areStrings(sentence));
  if (!valid) throw new KneserError('KNESER_OPTION', 'sentences: each must be a string or an array of strings');
}

/** Whether all items of an array are strings. `every` would pass over missing items. */
function areStrings(items: readonly unknown[]): boolean {
  for (let i = 0; i < items.length; i++) if (typeof items[i] !== 'string') return false;
  return true;
}
