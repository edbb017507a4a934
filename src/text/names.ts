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

function separatorOf(name: string): string {
  return name === '\u2581' ? ' ' : String.fromCharCode(name.charCodeAt(0) - 0x2400);
}

/** The token that names each separator, by its byte (256 entries); `undefined` for other bytes. */
export const SEPARATOR_TOKENS: readonly (FixedToken | undefined)[] = Array.from(ENDS_TOKEN, (ends, code) =>
  ends === 1 ? fixedToken(separatorName(code)) : undefined,
);

/** A token with each separator replaced by its name. */
export function nameSeparators(token: string): string {
  return token.replace(/[\0\t\n\v\f\r ]/g, separator => separatorName(separator.charCodeAt(0)));
}

const NAMES = /[\u2400\u2409-\u240d\u2581]/g;

/** A text with each name of a separator replaced by the separator. */
export function separate(text: string): string {
  return text.replace(NAMES, separatorOf);
}

/**
 * Makes the inverse of {@link nameSeparators} for the tokens of a vocabulary. A control picture in another token names a separator; `▁` stays, because it is
 * also a character of texts that tokenizers make.
 */
export function originalsOf(vocabulary: Iterable<string>): (token: string) => string {
  const originals = new Map<string, string>();
  for (const token of vocabulary) {
    const named = nameSeparators(token);
    if (named !== token && !originals.has(named)) originals.set(named, token);
    else if (named === token && token.search(NAMES) >= 0) originals.set(token, token);
  }
  return token => originals.get(token) ?? token.replace(PICTURES, separatorOf);
}

const PICTURES = /[\u2400\u2409-\u240d]/g;
