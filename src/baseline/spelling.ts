import { nameSeparators } from '../text/names.js';
import type { TokenizationInfo } from '../text/tokenization.js';
import { codePoints } from './texts.js';

/** Code points, and bytes of UTF-8. */
export interface TextLength {
  readonly characters: number;
  readonly bytes: number;
}

const UNKNOWN_LENGTH: TextLength = { characters: NaN, bytes: NaN };
const SEPARATOR_NAMES = new Set(Array.from('\0\t\n\v\f\r ', nameSeparators));

/**
 * How much of a text a token takes, what separates it from the next one included. NaN where a token alone does not tell:
 * of a normalised text, of `words`, with or without a space between them, of a `tokenizer.json`, and how much of a
 * character one of `bytes` is.
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
      return () => UNKNOWN_LENGTH;
  }
}
