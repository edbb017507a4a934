import { seal, unseal } from '../base/sealed.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of a `tokenizer.json` in the store: a checksum, and its text in UTF-8. */
export function encodeTokenizer(json: string): Uint8Array {
  return seal(encoder.encode(json));
}

/** The reverse of {@link encodeTokenizer}. @throws BlockDamage */
export function decodeTokenizer(value: Uint8Array): string {
  return decoder.decode(unseal(value));
}
