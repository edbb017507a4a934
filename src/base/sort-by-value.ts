/** Lists of up to this length are sorted by insertion, longer ones by the digits of the values, from the lowest digit up (radix sort). */
const SHORT = 40;
/** Up to this length, digits have {@link FEW_BITS}, so that counting them takes little time beside the list; then {@link MANY_BITS}. */
const MEDIUM = 1 << 12;
const FEW_BITS = 8;
const MANY_BITS = 11;

/** Working memory: by digit, the index in the sorted list at which its entries begin. */
const starts = new Uint32Array((1 << MANY_BITS) + 1);
/** Working memory: a copy of the list. */
let copy = new Uint32Array(MEDIUM);

/**
 * Sorts the places `order[from, to)` by their values. Places with equal values stay in their sequence.
 *
 * @param values by place, a whole number from −1 to 2^31 − 2.
 */
export function sortByValue(order: Uint32Array, from: number, to: number, values: Uint32Array | Int32Array): void {
  const length = to - from;
  if (length <= SHORT) sortByInsertion(order, from, to, values);
  else sortByDigits(order, from, length, values, length <= MEDIUM ? FEW_BITS : MANY_BITS);
}

// Each loop below is a function of its own: V8 compiles a function while its first loop runs, and would have to compile it again for the
// next loop, of which it has seen nothing yet.

function sortByInsertion(order: Uint32Array, from: number, to: number, values: Uint32Array | Int32Array): void {
  for (let i = from + 1; i < to; i++) {
    const place = order[i];
    const value = values[place];
    let j = i;
    for (; j > from && values[order[j - 1]] > value; j--) order[j] = order[j - 1];
    order[j] = place;
  }
}

/** @param bits of a digit. */
function sortByDigits(
  order: Uint32Array,
  from: number,
  length: number,
  values: Uint32Array | Int32Array,
  bits: number,
): void {
  if (copy.length < length) copy = new Uint32Array(2 * length);
  const mask = (1 << bits) - 1;
  const largest = largestValue(order, from, length, values);
  for (let shift = 0; shift < 32 && largest >>> shift > 0; shift += bits) {
    starts.fill(0, 0, mask + 2);
    countDigits(order, from, length, values, shift, mask);
    addUp(starts, mask);
    for (let i = 0; i < length; i++) copy[i] = order[from + i];
    distribute(order, from, length, values, shift, mask);
  }
}

/** 1 + the largest value of the places. */
function largestValue(order: Uint32Array, from: number, length: number, values: Uint32Array | Int32Array): number {
  let largest = 0;
  for (let i = from; i < from + length; i++) largest = Math.max(largest, values[order[i]] + 1);
  return largest;
}

/** Adds 1 to `starts[d + 1]` for each place with the digit d. */
function countDigits(
  order: Uint32Array,
  from: number,
  length: number,
  values: Uint32Array | Int32Array,
  shift: number,
  mask: number,
): void {
  for (let i = from; i < from + length; i++) starts[(((values[order[i]] + 1) >>> shift) & mask) + 1]++;
}

/** Adds up the entries for the digits up to `last`. */
function addUp(counts: Uint32Array, last: number): void {
  for (let digit = 1; digit <= last; digit++) counts[digit] += counts[digit - 1];
}

/** Moves the places in `copy` to `order`, by their digits. */
function distribute(
  order: Uint32Array,
  from: number,
  length: number,
  values: Uint32Array | Int32Array,
  shift: number,
  mask: number,
): void {
  for (let i = 0; i < length; i++) {
    const place = copy[i];
    order[from + starts[((values[place] + 1) >>> shift) & mask]++] = place;
  }
}
