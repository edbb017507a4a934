import { KneserError } from '../base/errors.js';
import { fixedToken, nameSeparators, originalsOf, type FixedToken } from './names.js';
import { readSentencePiece } from './sentencepiece/engine.js';
import type { Splitter } from './splitter.js';
import type { Engine } from './subwords/engine.js';
import { decode } from './surface.js';
import { readEngine } from './tokenizer-json/engine.js';

/** A trained tokenizer: the content of its file, which is stored in the model. */
export type PretrainedTokenizer = HuggingFaceTokenizer | SentencePieceTokenizer;

/** A Hugging Face tokenizer. It gives the same tokens as PyPI's `tokenizers`; a file for which it could not is refused. */
export interface HuggingFaceTokenizer {
  /** The text of the `tokenizer.json`. */
  readonly json: string;
  /** The file's name in messages. Default `tokenizer.json`. */
  readonly name?: string;
}

/** A SentencePiece model. It gives the same tokens as PyPI's `sentencepiece`; a file for which it could not is refused. */
export interface SentencePieceTokenizer {
  /** The bytes of the `.model` file. */
  readonly sentencepiece: Uint8Array;
  /** The file's name in messages. Default `SentencePiece model`. */
  readonly name?: string;
}

/**
 * A splitter that cuts text, and joins tokens, as a tokenizer's file says, without the special tokens that the file's template puts around a
 * text. Tokens are the strings of the file's vocabulary, with separators named as in `names.ts`. Characters for which Unigram or
 * SentencePiece has no token become tokens themselves.
 *
 * @throws KNESER_TOKENIZER for a file that is wrong or has a part that is not supported. `split` throws it for a text that needs an
 * unknown token if the file has none.
 */
export function pretrained(tokenizer: PretrainedTokenizer): Splitter {
  const [kind, read] = kindOf(tokenizer);
  const { name = kind } = tokenizer;
  const engine = withFileName(`${name}: is not a ${kind} that can be used`, () =>
    read(token => fixedToken(nameSeparators(token))),
  );
  const failure = `${name}: this tokenizer fails on the text`;
  const undecodable = `${name}: this tokenizer cannot make a text of tokens`;
  let original: ((token: string) => string) | undefined;
  return {
    split(text, sink) {
      withFileName(failure, () => {
        engine.tokenize(decode(text), token => sink.token(token.bytes, 0, token.bytes.length, token.hash));
      });
    },
    local: false,
    join(tokens) {
      original ??= originalsOf(engine.strings());
      const strings = tokens.map(original);
      return withFileName(undecodable, () => engine.join(strings));
    },
    get isSpaced() {
      return withFileName(undecodable, () => engine.isSpaced);
    },
    forget: () => engine.forget(),
  };
}

type Read = (make: (text: string) => FixedToken) => Engine<FixedToken>;

function kindOf(tokenizer: PretrainedTokenizer): readonly [kind: string, read: Read] {
  return 'json' in tokenizer
    ? ['tokenizer.json', make => readEngine(tokenizer.json, make)]
    : ['SentencePiece model', make => readSentencePiece(tokenizer.sentencepiece, make)];
}

/**
 * Runs `act`. If it throws a KNESER_TOKENIZER, or the JavaScript engine's error for a text or expression that is too large, throws a
 * KNESER_TOKENIZER whose message has `failure` before the message of that error.
 *
 * @param failure says what failed, and names the file.
 */
function withFileName<T>(failure: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const isRefusal = error instanceof KneserError && error.code === 'KNESER_TOKENIZER';
    const isTooLarge = error instanceof RangeError && /string length|call stack/.test(error.message);
    if (!isRefusal && !isTooLarge) throw error;
    throw new KneserError('KNESER_TOKENIZER', `${failure}: ${error.message}`, { cause: error });
  }
}
