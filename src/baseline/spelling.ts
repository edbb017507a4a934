import { nameSeparators } from '../text/names.js';
import type { TokenizationInfo } from '../text/tokenization.js';
import { codePoints } from './texts.js';

/** The length of a text in code points and in bytes of UTF-8. */
export interface TextLength {
  readonly characters: number;
  readonly bytes: number;
}

const UNKNOWN_LENGTH: TextLength = { characters: NaN, bytes: NaN };
/** The tokens by which the tokenizer `characters` names white space and NUL: each stands for one byte. */
const SEPARATOR_NAMES = new Set(Array.from('\0\t\n\v\f\r ', nameSeparators));

/**
 * A function that gives the length of a token in the text, with the separator after the token. The length is NaN where the token does
 * not tell it: in normalised text, for `words` (a space may follow a word or not), for a tokenizer file, and for the characters of a
 * token of `bytes`.
 */
export function spelledLength({ tokenizer, normalize }: TokenizationInfo): (token: string) => TextLength {
  if (normalize !== 'none') return () => UNKNOWN_LENGTH;
  switch (tokenizer) {
    case 'whitespace':
      return token => ({ characters: codePoints(token) + 1, bytes: Buffer.byteLength(token) + 1 });
    case 'characters':
      return token => ({ characters: 1, bytes: SEPARATOR_NAMES.has(token) ? 1 : Buffer.byteLength(token) });
    case 'bytes':
      return () => ({ characters: NaN, bytes: 1 });
    case 'words':
    case 'tokenizer.json':
    case 'sentencepiece':
      return () => UNKNOWN_LENGTH;
  }
}
