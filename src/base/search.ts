/** The index of the first entry of `ascending[0, length)` that is at least `least`; `length` if there is none. */
export function firstAtLeast(ascending: Uint32Array, length: number, least: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
