import { decode } from '../text/surface.js';
import { HASH_PRIME, HASH_START, hashBytes, type WordList } from '../text/word-list.js';

/** How text is compared: `gpt3` lower-cases it and deletes punctuation (Brown et al. 2020, appendix C); `none` only splits at white space. */
export type Normalization = 'gpt3' | 'none';

const encoder = new TextEncoder();

/** By byte: 0 as it is, 1 an upper-case letter, 2 punctuation, which is deleted, 3 not ASCII. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return 3;
  const character = String.fromCharCode(byte);
  if (/[A-Z]/.test(character)) return 1;
  return /[!-/:-@[-`{-~]/.test(character) ? 2 : 0;
});

/** Looks tokens up as they are compared, without making strings of those in ASCII. */
export class TokenLookup {
  private buffer = new Uint8Array(256);

  constructor(private readonly words: WordList) {}

  /**
   * Finds the word of a white-space token.
   *
   * @param ownHash the `hashBytes` of the token.
   * @param found called with the number of the word, 0 for one that is not in the list; not called for a token of punctuation alone.
   */
  find(bytes: Uint8Array, from: number, to: number, ownHash: number, found: (word: number) => void): void {
    // Most tokens are compared as they are: 60 MB of books take 1.6 s of a core instead of 1.9.
    let kinds = 0;
    for (let i = from; i < to; i++) kinds |= KINDS[bytes[i]];
    if (kinds === 0) {
      found(this.words.find(bytes, from, to, ownHash));
      return;
    }
    if (to - from > this.buffer.length) this.buffer = new Uint8Array(2 * (to - from));
    const { buffer, words } = this;
    let length = 0;
    let hash = HASH_START;
    for (let i = from; i < to; i++) {
      let byte = bytes[i];
      const kind = KINDS[byte];
      if (kind === 2) continue;
      if (kind === 3) {
        for (const word of normalizedTokens(decode(bytes.subarray(from, to)))) found(this.findWord(word));
        return;
      }
      if (kind === 1) byte += 0x20;
      buffer[length++] = byte;
      hash = Math.imul(hash ^ byte, HASH_PRIME);
    }
    if (length > 0) found(words.find(buffer, 0, length, hash));
  }

  private findWord(word: string): number {
    const bytes = encoder.encode(word);
    return this.words.find(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
  }
}

/** The tokens of a text in lower case without punctuation of ASCII. */
export function normalizedTokens(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll(/[!-/:-@[-`{-~]/g, '')
    .split(/\s+/)
    .filter(token => token !== '');
}
