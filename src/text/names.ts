/**
 * Names of white space in tokens. A token that holds white space is written with these names, so that it survives wherever white space
 * separates tokens: a space
 * is `▁` (U+2581), as SentencePiece writes it, and NUL, tab, LF, VT, FF and CR are their control pictures `␀ ␉ ␊ ␋ ␌ ␍`.
 */

import { ENDS_TOKEN } from './tokens.js';
import { hashBytes } from './word-list.js';

const encoder = new TextEncoder();

/** A token that is always the same: its bytes and their hash. */
export interface FixedToken {
  readonly bytes: Uint8Array;
  readonly hash: number;
}

export function fixedToken(text: string): FixedToken {
  const bytes = encoder.encode(text);
  return { bytes, hash: hashBytes(bytes, 0, bytes.length) };
}

function separatorName(code: number): string {
  return code === 0x20 ? '\u2581' : String.fromCharCode(0x2400 + code);
}

/** By byte: the token that stands for a separator, `undefined` for other bytes. */
export const SEPARATOR_TOKENS: readonly (FixedToken | undefined)[] = Array.from(ENDS_TOKEN, (ends, code) =>
  ends === 1 ? fixedToken(separatorName(code)) : undefined,
);

/** A token without separators: as it is, or with their names in their place. */
export function nameSeparators(token: string): string {
  return token.replace(/[\0\t\n\v\f\r ]/g, separator => separatorName(separator.charCodeAt(0)));
}
