import { KneserError } from '../base/errors.js';
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
    const config = JSON.parse(json) as { normalizer?: unknown; pre_tokenizer?: unknown };
    if (growth(config.normalizer) * growth(config.pre_tokenizer) > MOST_GROWTH) {
      throw new Error('its steps make the text many times as long');
    }
    const tokenizer = new Tokenizer(config, {});
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

/** So many times may the steps before the model lengthen a text: they follow each other, and each works on all of it. */
const MOST_GROWTH = 1000;

/** How many times a step makes a text longer at most, as far as that can be told from it. */
function growth(step: unknown): number {
  if (typeof step !== 'object' || step === null) return 1;
  const { type, normalizers, pretokenizers, content, prepend } = step as Readonly<Record<string, unknown>>;
  const parts: unknown = normalizers ?? pretokenizers;
  if (Array.isArray(parts)) return parts.reduce<number>((product, part) => product * growth(part), 1);
  if (typeof content === 'string') return Math.max(1, content.length);
  if (typeof prepend === 'string') return 1 + prepend.length;
  return type === 'ByteLevel' ? BYTE_GROWTH : 1;
}

/** A character is two bytes or more, each of which becomes a character of its own. */
const BYTE_GROWTH = 3;

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
