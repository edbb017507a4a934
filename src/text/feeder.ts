import { LineTokenizer } from './line-tokenizer.js';
import { isPlain, type TextChanges, type Tokenization } from './tokenization.js';
import { Tokenizer, type TextFeeder, type TokenSink } from './tokenizer.js';

/**
 * Makes the feeder that cuts a text file into tokens and sentences. Input: the bytes of the text, from `formats/`. Output: its tokens
 * and line ends, to `sink`.
 *
 * @param changes the counts to which the feeder adds its changes of the text. The white-space tokenizer adds none, because it does
 * not decode UTF-8: there the sink counts the changes when it looks a token up.
 * @param source the name of the file, for messages.
 * @param mostBytes the longest token of the white-space tokenizer, in bytes.
 */
export function createFeeder(
  tokenization: Tokenization,
  sink: TokenSink,
  changes: TextChanges,
  source: string,
  mostBytes?: number,
): TextFeeder {
  return isPlain(tokenization.info)
    ? new Tokenizer(sink, source, mostBytes)
    : new LineTokenizer(tokenization, sink, changes, source);
}
