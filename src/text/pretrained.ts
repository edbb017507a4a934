import { KneserError } from '../errors.js';
import { fixedToken, nameSeparators, type FixedToken } from './names.js';
import type { Splitter } from './splitter.js';
import { decode } from './surface.js';

/**
 * The tokens of a Hugging Face tokenizer (BPE, Unigram, WordPiece), without the special tokens that its template would
 * put around a text.
 *
 * @param json the text of a `tokenizer.json`.
 * @param name says in messages where it comes from.
 * @throws KNESER_TOKENIZER
 */
export async function pretrained(json: string, name: string): Promise<Splitter> {
  const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as Library;
  const tokenize = attempt(`${name}: is not a tokenizer.json that can be used`, () => {
    const tokenizer = new Tokenizer(JSON.parse(json) as object, {});
    return (text: string): string[] => tokenizer.tokenize(text);
  });
  const split = (text: Uint8Array, put: (token: string) => void): void => {
    const tokens = attempt(`${name}: this tokenizer fails on the text`, () => tokenize(decode(text)));
    for (const token of tokens as readonly (string | undefined)[]) {
      if (token === undefined) {
        throw new KneserError('KNESER_TOKENIZER', `${name}: the text needs an unknown token (unk_token); it has none`);
      }
      if (token !== '') put(token);
    }
  };
  // What is wrong with it is better said now than in the middle of a text.
  split(TRIAL, () => undefined);
  const known = new Map<string, FixedToken>();
  return {
    split(text, sink) {
      split(text, token => {
        let fixed = known.get(token);
        if (!fixed) {
          fixed = fixedToken(nameSeparators(token));
          if (known.size >= REMEMBERED) known.clear();
          if (token.length <= LONGEST_REMEMBERED) known.set(token, fixed);
        }
        sink.token(fixed.bytes, 0, fixed.bytes.length, fixed.hash);
      });
    },
    local: false,
  };
}

/** Tokens whose bytes are kept: more than most vocabularies have. */
const REMEMBERED = 1 << 18;
const LONGEST_REMEMBERED = 64;

/** What is used of the package, whose own types lead nowhere under Node's rules. */
interface Library {
  readonly Tokenizer: new (json: object, config: object) => { tokenize(text: string): string[] };
}

const TRIAL = new TextEncoder().encode('a');

function attempt<T>(failure: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    // What the library takes for granted is not always so: its own words are of no use then.
    const isShape = error instanceof TypeError || error instanceof RangeError;
    const reason = isShape
      ? 'its parts are not what they must be'
      : error instanceof Error
        ? error.message
        : String(error);
    throw new KneserError('KNESER_TOKENIZER', `${failure}: ${reason}`, { cause: error });
  }
}
