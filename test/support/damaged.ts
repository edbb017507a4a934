/** A copy of a byte string in which one byte is changed. @param place any number; its remainder is the index of the byte. */
export function damaged(value: Uint8Array, place: number, flip: number): Uint8Array {
  const changed = value.slice();
  changed[place % value.length] ^= flip;
  return changed;
}
