/** The digits by which numbers are sorted have 11 bits: 6 digits for 64 bits. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const PASSES = 6;

/**
 * The indices of numbers, sorted by falling number; equal numbers stay in the order of their indices. The numbers are positive, so that the
 * bits of their IEEE 754 form, read as a whole number, ascend with them. A radix sort of these bits takes a tenth of the time of a sort
 * with a comparison function.
 *
 * @param numbers positive numbers, 0 included; the function reads nothing but `indices` of them.
 * @param indices the indices to sort; overwritten.
 * @returns `indices`, or an array of the same length.
 */
export function sortDescending(numbers: Float64Array, indices: Uint32Array): Uint32Array {
  const { length } = indices;
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, 2 * numbers.length);
  const starts = new Uint32Array(PASSES * DIGITS);
  for (let i = 0; i < length; i++) {
    const at = 2 * indices[i];
    for (let pass = 0; pass < PASSES; pass++) starts[pass * DIGITS + digitOf(bits[at], bits[at + 1], pass)]++;
  }
  let from = indices;
  let to = new Uint32Array(length);
  for (let pass = 0; pass < PASSES; pass++) {
    const first = pass * DIGITS;
    const counts = starts.subarray(first, first + DIGITS);
    if (length === 0 || counts[digitOf(bits[2 * from[0]], bits[2 * from[0] + 1], pass)] === length) continue;
    // The highest digit comes first.
    for (let digit = DIGITS - 1, sum = 0; digit >= 0; digit--) {
      const count = counts[digit];
      counts[digit] = sum;
      sum += count;
    }
    for (let i = 0; i < length; i++) {
      const index = from[i];
      to[counts[digitOf(bits[2 * index], bits[2 * index + 1], pass)]++] = index;
    }
    [from, to] = [to, from as Uint32Array<ArrayBuffer>];
  }
  return from;
}

/** Digit `pass` of 64 bits, the lowest digit first. */
function digitOf(low: number, high: number, pass: number): number {
  switch (pass) {
    case 0:
      return low & (DIGITS - 1);
    case 1:
      return (low >>> 11) & (DIGITS - 1);
    case 2:
      return (low >>> 22) | ((high & 1) << 10);
    case 3:
      return (high >>> 1) & (DIGITS - 1);
    case 4:
      return (high >>> 12) & (DIGITS - 1);
    default:
      return high >>> 23;
  }
}
