import { LineTokenizer } from './line-tokenizer.js';
import type { TextChanges, Tokenization } from './tokenization.js';
import { Tokenizer, type TextFeeder, type TokenSink } from './tokenizer.js';

/**
 * Takes the bytes of a text file to its tokens and sentences.
 *
 * @param changes what decoding changes is added to it. Where tokens are looked up as they are read, as for white space
 * alone, whoever looks them up does that.
 * @param source the file, for messages.
 * @param longest bytes that a token between white space may have.
 */
export function createFeeder(
  tokenization: Tokenization,
  sink: TokenSink,
  changes: TextChanges,
  source: string,
  longest?: number,
): TextFeeder {
  const { tokenizer, sentences, normalize } = tokenization.info;
  const direct = tokenizer === 'whitespace' && sentences === 'lines' && normalize === 'none';
  return direct ? new Tokenizer(sink, source, longest) : new LineTokenizer(tokenization, sink, changes, source);
}
