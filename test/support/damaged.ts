/** A byte string with one byte changed, at any place to any value. */
export function damaged(value: Uint8Array, place: number, flip: number): Uint8Array {
  const changed = value.slice();
  changed[place % value.length] ^= flip;
  return changed;
}
