import { LineTokenizer } from './line-tokenizer.js';
import type { TextChanges, Tokenization } from './tokenization.js';
import { Tokenizer, type TextFeeder, type TokenSink } from './tokenizer.js';

/**
 * Makes the feeder that cuts a text file into tokens and sentences.
 *
 * Input: the bytes of the text. Output: tokens and line ends, to `sink`. Order: behind the formats (`formats/`), before the word list.
 *
 * @param changes the counts to which a feeder that decodes UTF-8 adds its changes of the text. The white-space tokenizer does not
 * decode: there the sink counts the changes when it looks a token up.
 * @param source the file, for messages.
 * @param longest the longest token of the white-space tokenizer, in bytes.
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
