/** How the bytes of a token become the word that the vocabulary knows. */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** A token as it is read: what becomes of its bytes before they are looked up. */
export interface Surface {
  /** UTF-8 of the word. */
  readonly bytes: Uint8Array;
  /** Invalid sequences replaced by U+FFFD. */
  readonly replaced: number;
  /** How many more bytes, and code points, the decoded token has than bytes, and starting bytes, were read. */
  readonly extraBytes: number;
  readonly extraCharacters: number;
}

/** Decodes UTF-8; each invalid sequence becomes U+FFFD, as the WHATWG encoding standard has it. */
export function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Code points in UTF-8 bytes, counted as the bytes that do not continue one. */
export function countCharacters(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if ((bytes[i] & 0xc0) !== 0x80) count++;
  return count;
}

/**
 * The word a token stands for: its bytes with invalid UTF-8 replaced and, if asked for, in lower case. `undefined` where
 * that is the token itself, which is nearly always.
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

function literalReplacements(token: Uint8Array): number {
  let found = 0;
  for (let i = 0; i + 2 < token.length; i++) {
    if (token[i] === 0xef && token[i + 1] === 0xbf && token[i + 2] === 0xbd) found++;
  }
  return found;
}
