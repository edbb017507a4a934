const PRIME1 = 0x9e3779b1;
const PRIME2 = 0x85ebca77;
const PRIME3 = 0xc2b2ae3d;
const PRIME4 = 0x27d4eb2f;
const PRIME5 = 0x165667b1;

/**
 * The hash XXH32 (Y. Collet, the xxHash specification) of `bytes[from, to)` with seed 0. Each step maps its four input bytes one to one,
 * so that damage within four aligned bytes always changes the hash. About 1.5 GB/s.
 */
export function checksum(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const length = to - from;
  let at = from;
  let hash: number;
  if (length >= 16) {
    let a = (PRIME1 + PRIME2) | 0;
    let b = PRIME2 | 0;
    let c = 0;
    let d = -PRIME1 | 0;
    for (const limit = to - 16; at <= limit; at += 16) {
      a = round(a, uint32At(bytes, at));
      b = round(b, uint32At(bytes, at + 4));
      c = round(c, uint32At(bytes, at + 8));
      d = round(d, uint32At(bytes, at + 12));
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
  } else {
    hash = PRIME5;
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= to; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(uint32At(bytes, at), PRIME3)) | 0, 17), PRIME4);
  }
  for (; at < to; at++) hash = Math.imul(rotate((hash + Math.imul(bytes[at], PRIME5)) | 0, 11), PRIME1);
  return mixed(hash);
}

/** The last step: mixes the bits of the hash. */
function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 15), PRIME2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** {@link checksum} of the little-endian bytes of the numbers from index `from` on, two to three times as fast. */
export function checksumOfUint32(numbers: Uint32Array, from: number): number {
  const { length } = numbers;
  const count = length - from;
  let at = from;
  let hash: number;
  if (count >= 4) {
    let a = (PRIME1 + PRIME2) | 0;
    let b = PRIME2 | 0;
    let c = 0;
    let d = -PRIME1 | 0;
    for (const limit = length - 4; at <= limit; at += 4) {
      a = round(a, numbers[at] | 0);
      b = round(b, numbers[at + 1] | 0);
      c = round(c, numbers[at + 2] | 0);
      d = round(d, numbers[at + 3] | 0);
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
  } else {
    hash = PRIME5;
  }
  hash = (hash + 4 * count) | 0;
  for (; at < length; at++) hash = Math.imul(rotate((hash + Math.imul(numbers[at] | 0, PRIME3)) | 0, 17), PRIME4);
  return mixed(hash);
}

function uint32At(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function round(state: number, input: number): number {
  return Math.imul(rotate((state + Math.imul(input, PRIME2)) | 0, 13), PRIME1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
