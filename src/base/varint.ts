/** Writes an unsigned 32-bit integer as LEB128: seven bits a byte, least significant first. @returns the offset after its last byte. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value > 0x7f) {
    bytes[at++] = value | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}

/** Reads an integer that {@link writeVarint} wrote, and moves the cursor to the byte after it. Bytes beyond the end count as zeros. */
export function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
  let byte = bytes[cursor.at++];
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  for (let shift = 7; byte >= 0x80 && shift < 35; shift += 7) {
    byte = bytes[cursor.at++];
    value |= (byte & 0x7f) << shift;
  }
  return value >>> 0;
}
