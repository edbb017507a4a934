import { checksum } from './checksum.js';

/** Thrown by every decoder of a stored value: the bytes are not what they should be. The reader adds which value it was. */
export class BlockDamage extends Error {}

/** Puts a checksum before the bytes. */
export function seal(body: Uint8Array): Uint8Array {
  const value = new Uint8Array(body.length + 4);
  value.set(body, 4);
  new DataView(value.buffer).setUint32(0, checksum(body), true);
  return value;
}

/** The bytes behind a checksum that holds. @throws BlockDamage where it does not. */
export function unseal(value: Uint8Array): Uint8Array {
  if (value.length < 4) throw new BlockDamage('cut short');
  const expected = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
  const body = value.subarray(4);
  if (checksum(body) !== expected) throw new BlockDamage('checksum differs');
  return body;
}
