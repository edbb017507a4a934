/**
 * The alphabet of byte-level tokenizers, GPT-2's: a printable character for each byte of the text's UTF-8. The 188 bytes that
 * Latin-1 prints are themselves; the others follow from U+0100, in order.
 */
const ALPHABET: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrinted = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(isPrinted ? byte : next++);
  });
})();

const encoder = new TextEncoder();

/** A text with a character of the alphabet for each of its bytes. */
export function byteLevel(text: string): string {
  let result = '';
  for (const byte of encoder.encode(text)) result += ALPHABET[byte];
  return result;
}
