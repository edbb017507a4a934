/**
 * Names of separators in tokens. A separator (NUL or white space) inside a token is replaced by a character that names it, so that
 * files in which white space separates tokens can hold the token: `▁` (U+2581) names a space, as in SentencePiece; the control
 * pictures `␀ ␉ ␊ ␋ ␌ ␍` name NUL, tab, LF, VT, FF and CR.
 */

import { ENDS_TOKEN } from './tokens.js';
import { hashBytes } from './word-list.js';

const encoder = new TextEncoder();

/** A token whose bytes and hash are computed once. */
export interface FixedToken {
  readonly bytes: Uint8Array;
  readonly hash: number;
}

/** The token of a text. */
export function fixedToken(text: string): FixedToken {
  const bytes = encoder.encode(text);
  return { bytes, hash: hashBytes(bytes, 0, bytes.length) };
}

function separatorName(code: number): string {
  return code === 0x20 ? '\u2581' : String.fromCharCode(0x2400 + code);
}

/** The token that names each separator, by its byte (256 entries); `undefined` for other bytes. */
export const SEPARATOR_TOKENS: readonly (FixedToken | undefined)[] = Array.from(ENDS_TOKEN, (ends, code) =>
  ends === 1 ? fixedToken(separatorName(code)) : undefined,
);

/** A token with each separator replaced by its name. */
export function nameSeparators(token: string): string {
  return token.replace(/[\0\t\n\v\f\r ]/g, separator => separatorName(separator.charCodeAt(0)));
}
