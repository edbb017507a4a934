/** The typed arrays that {@link grown} copies. */
type NumberArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

/** A longer copy of an array: the same numbers, then zeros. @param length of the copy, at least the length of the array. */
export function grown<T extends NumberArray>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}

/** As {@link grown}, with room for half as many numbers more, so that an array that grows step by step is seldom copied. */
export function grownAhead<T extends NumberArray>(array: T, length: number): T {
  return grown(array, length + (length >>> 1));
}
