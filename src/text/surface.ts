const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** The word to look up in the vocabulary for a token whose own bytes differ from the word's. */
export interface Surface {
  /** The word as UTF-8. */
  readonly bytes: Uint8Array;
  /** How many invalid sequences of the token were replaced by U+FFFD. */
  readonly replaced: number;
  /**
   * How much longer the replacements made the token: in bytes, and in code points as {@link countCharacters} counts them. Lower
   * case changes neither figure.
   */
  readonly extraBytes: number;
  readonly extraCharacters: number;
}

/** Decodes UTF-8; each invalid sequence becomes U+FFFD, as the WHATWG encoding standard defines. */
export function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The number of code points in `bytes[from, to)`, UTF-8: each byte but a continuation byte (10xxxxxx) begins one. */
export function countCharacters(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if ((bytes[i] & 0xc0) !== 0x80) count++;
  return count;
}

/**
 * The word of a token: the token with invalid UTF-8 replaced and, with `lowercase`, in lower case. `undefined` in the usual case
 * that the word has the same bytes as the token.
 */
export function canonicalSurface(token: Uint8Array, lowercase: boolean): Surface | undefined {
  let ascii = true;
  let upper = false;
  for (const byte of token) {
    if (byte >= 0x80) ascii = false;
    else if (byte >= 0x41 && byte <= 0x5a) upper = true;
  }
  if (ascii && !(lowercase && upper)) return undefined;
  let text: string;
  let replaced = 0;
  let extraBytes = 0;
  let extraCharacters = 0;
  try {
    text = strict.decode(token);
  } catch {
    text = decoder.decode(token);
    replaced = count(text, '\ufffd') - literalReplacements(token);
    const valid = encoder.encode(text);
    extraBytes = valid.length - token.length;
    extraCharacters = countCharacters(valid, 0, valid.length) - countCharacters(token, 0, token.length);
  }
  const word = lowercase ? text.toLowerCase() : text;
  if (word === text && replaced === 0) return undefined;
  return { bytes: encoder.encode(word), replaced, extraBytes, extraCharacters };
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** How many characters U+FFFD the token itself holds, valid UTF-8 of three bytes. */
function literalReplacements(token: Uint8Array): number {
  let found = 0;
  for (let i = 0; i + 2 < token.length; i++) {
    if (token[i] === 0xef && token[i + 1] === 0xbf && token[i + 2] === 0xbd) found++;
  }
  return found;
}
