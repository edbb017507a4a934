import { KneserError } from '../base/errors.js';
import { fixedToken, nameSeparators, type FixedToken } from './names.js';
import type { Splitter } from './splitter.js';
import { decode } from './surface.js';
import { readEngine } from './tokenizer-json/engine.js';

/**
 * The tokens of a Hugging Face tokenizer (BPE, Unigram, WordPiece, WordLevel), without the special tokens that its template would
 * put around a text. Tokens are the strings of the vocabulary, white space in them named as `names.ts` says; where Unigram has no
 * token for characters, they are a token as they are.
 *
 * @param json the text of a `tokenizer.json`.
 * @param name says in messages where it comes from.
 * @throws KNESER_TOKENIZER where the file has a part that is not supported, and where the text needs an unknown token that the
 * file does not have.
 */
export function pretrained(json: string, name: string): Splitter {
  const engine = naming(`${name}: is not a tokenizer.json that can be used`, () =>
    readEngine<FixedToken>(json, token => fixedToken(nameSeparators(token))),
  );
  const failure = `${name}: this tokenizer fails on the text`;
  return {
    split(text, sink) {
      naming(failure, () => {
        engine.tokenize(decode(text), token => sink.token(token.bytes, 0, token.bytes.length, token.hash));
      });
    },
    local: false,
    forget: () => engine.forget(),
  };
}

/** Puts the file's name before the reason of a refusal, and before those of the engine: a text or an expression too large. */
function naming<T>(failure: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const isRefusal = error instanceof KneserError && error.code === 'KNESER_TOKENIZER';
    const isTooLarge = error instanceof RangeError && /string length|call stack/.test(error.message);
    if (!isRefusal && !isTooLarge) throw error;
    throw new KneserError('KNESER_TOKENIZER', `${failure}: ${error.message}`, { cause: error });
  }
}
