import type { TokenSink } from './tokenizer.js';
import { ENDS_TOKEN } from './tokens.js';
import { hashBytes } from './wordlist.js';

/**
 * How tokens that are or hold white space are written, so that they survive wherever tokens are separated by it: a space
 * is `▁` (U+2581), as SentencePiece writes it, and NUL, tab, LF, VT, FF and CR are their control pictures `␀ ␉ ␊ ␋ ␌ ␍`.
 */
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

let scratch = new Uint8Array(1 << 10);

/** Gives a token that is a string, and not empty, to a sink. */
export function putToken(token: string, sink: TokenSink): void {
  if (3 * token.length > scratch.length) scratch = new Uint8Array(6 * token.length);
  const { written } = encoder.encodeInto(token, scratch);
  for (let i = 0; i < written; i++) {
    if (ENDS_TOKEN[scratch[i]] === 0) continue;
    const named = encoder.encode(nameSeparators(token));
    sink.token(named, 0, named.length, hashBytes(named, 0, named.length));
    return;
  }
  sink.token(scratch, 0, written, hashBytes(scratch, 0, written));
}
