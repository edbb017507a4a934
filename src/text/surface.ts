/**
 * src/text: bytes to tokens. Tokenizers (`tokenizer.ts` for white space, the others in `tokenization.ts`) cut a text into
 * tokens and sentences; `feeder.ts` chooses one; `surface.ts`, this file, turns the bytes of a token into the word that the
 * vocabulary has; `word-list.ts` numbers words. Files become text in `formats/`.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** The word that is looked up in the vocabulary for a token, where it differs from the token's own bytes. */
export interface Surface {
  /** UTF-8 of the word. */
  readonly bytes: Uint8Array;
  /** Invalid sequences replaced by U+FFFD. */
  readonly replaced: number;
  /**
   * How much longer the decoded token is than the bytes read (U+FFFD replaces invalid ones). `extraBytes`: UTF-8 bytes of
   * the token minus bytes read; `extraCharacters`: its code points minus those counted by `countCharacters`.
   */
  readonly extraBytes: number;
  readonly extraCharacters: number;
}

/** Decodes UTF-8; each invalid sequence becomes U+FFFD, as the WHATWG encoding standard defines. */
export function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The number of code points in UTF-8 bytes: every byte but continuation bytes (10xxxxxx) begins one. */
export function countCharacters(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if ((bytes[i] & 0xc0) !== 0x80) count++;
  return count;
}

/**
 * The word of a token: its bytes with invalid UTF-8 replaced and, with `lowercase`, in lower case. `undefined` in the usual
 * case: the word has the same bytes as the token.
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
