import { checksum } from './checksum.js';

/** The error of all decoders of stored values for damaged bytes. Its message says what is wrong; the caller adds the name of the value. */
export class BlockDamage extends Error {}

/** The checksum of the bytes (4 bytes, little-endian), then the bytes. */
export function seal(body: Uint8Array): Uint8Array {
  const value = new Uint8Array(body.length + 4);
  value.set(body, 4);
  new DataView(value.buffer).setUint32(0, checksum(body), true);
  return value;
}

/** The bytes after the checksum, as a view. @throws BlockDamage if the checksum differs. */
export function unseal(value: Uint8Array): Uint8Array {
  if (value.length < 4) throw new BlockDamage('cut short');
  const expected = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
  const body = value.subarray(4);
  if (checksum(body) !== expected) throw new BlockDamage('checksum differs');
  return body;
}
