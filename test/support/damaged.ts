/** A byte string with one byte changed, anywhere and anyhow. */
export function damaged(value: Uint8Array, place: number, flip: number): Uint8Array {
  const changed = value.slice();
  changed[place % value.length] ^= flip;
  return changed;
}
