import { seal, unseal } from '../base/sealed.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of a `tokenizer.json`: a checksum, and its text. */
export function encodeTokenizer(json: string): Uint8Array {
  return seal(encoder.encode(json));
}

/** The reverse. @throws BlockDamage */
export function decodeTokenizer(value: Uint8Array): string {
  return decoder.decode(unseal(value));
}
