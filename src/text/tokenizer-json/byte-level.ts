/**
 * The alphabet of byte-level tokenizers (GPT-2): one printable character for each byte (256 entries). The 188 bytes that are
 * printable in Latin-1 have their Latin-1 character; the others have U+0100, U+0101, … in order.
 */
const ALPHABET: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrinted = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(isPrinted ? byte : next++);
  });
})();

/** By character of the alphabet, its byte. */
const BYTES = new Map(ALPHABET.map((character, byte) => [character, byte]));

const encoder = new TextEncoder();

/** Writes a text with one character of the alphabet for each byte of its UTF-8. */
export function byteLevel(text: string): string {
  let result = '';
  for (const byte of encoder.encode(text)) result += ALPHABET[byte];
  return result;
}

/** The bytes that a text of characters of the alphabet stands for; `undefined` if it has another character. */
export function bytesOfCharacters(text: string): number[] | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const byte = BYTES.get(character);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes;
}
