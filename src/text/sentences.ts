import { KneserError } from '../errors.js';
import type { TokenSink } from './tokenizer.js';
import { Tokenizer } from './tokenizer.js';
import { NEWLINE } from './tokens.js';
import { hashBytes } from './wordlist.js';

/** A sentence as the library takes it: text whose tokens are separated by white space, or its tokens. */
export type Sentence = string | readonly string[];

/** Sentences from anywhere: an array, a generator, a stream. */
export type Sentences = Iterable<Sentence> | AsyncIterable<Sentence>;

const encoder = new TextEncoder();

/** Gives a sentence's tokens to a sink, and ends the line. A line feed within a sentence only separates tokens. */
export function feedSentence(sentence: Sentence, sink: TokenSink): void {
  checkSentence(sentence);
  if (typeof sentence === 'string') {
    const tokenizer = new Tokenizer({ token: (bytes, from, to, hash) => sink.token(bytes, from, to, hash), line() {} });
    const bytes = encoder.encode(sentence);
    for (let i = 0; i < bytes.length; i++) if (bytes[i] === NEWLINE) bytes[i] = 0x20;
    tokenizer.feed(bytes);
    tokenizer.end();
  } else {
    for (const token of sentence) {
      if (token === '') throw new KneserError('KNESER_OPTION', 'a sentence holds an empty token; leave it out');
      const bytes = encoder.encode(token);
      sink.token(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
    }
  }
  sink.line();
}

function checkSentence(sentence: unknown): void {
  const valid =
    typeof sentence === 'string' || (Array.isArray(sentence) && sentence.every(token => typeof token === 'string'));
  if (!valid) throw new KneserError('KNESER_OPTION', 'sentences: each is a string or an array of strings');
}

const SEPARATORS = /[\0\t\n\v\f\r ]+/;

/** The tokens of a sentence given as text. */
export function splitTokens(text: string): string[] {
  const tokens = text.split(SEPARATORS);
  if (tokens[0] === '') tokens.shift();
  if (tokens.at(-1) === '') tokens.pop();
  return tokens;
}
