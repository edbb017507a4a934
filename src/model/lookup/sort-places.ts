/** Lists of up to this length are sorted by insertion. */
const SHORT = 24;

/** Lists of more than this length are sorted by the digits of the values, from the lowest digit up (radix sort). */
const LONG = 1 << 12;
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** Other lists are sorted as keys (value + 1) · INDICES + index in the list, which are exact in doubles. */
const INDICES = LONG;

/** Working memory: by entry of a list, its key. */
const keys = new Float64Array(LONG);
/** Working memory: by digit, the index in the sorted list at which its entries begin. */
const starts = new Uint32Array(DIGITS + 1);
/** Working memory: a copy of the list. */
let copy = new Uint32Array(LONG);

/**
 * Sorts the places `order[from, to)` by their values. Places with equal values stay in their sequence.
 *
 * @param values by place, a whole number from −1 to 2^31 − 2.
 */
export function sortByValue(order: Uint32Array, from: number, to: number, values: Int32Array): void {
  const length = to - from;
  if (length <= SHORT) sortByInsertion(order, from, to, values);
  else if (length <= LONG) sortByKeys(order, from, length, values);
  else sortByDigits(order, from, length, values);
}

function sortByInsertion(order: Uint32Array, from: number, to: number, values: Int32Array): void {
  for (let i = from + 1; i < to; i++) {
    const place = order[i];
    const value = values[place];
    let j = i;
    for (; j > from && values[order[j - 1]] > value; j--) order[j] = order[j - 1];
    order[j] = place;
  }
}

function sortByKeys(order: Uint32Array, from: number, length: number, values: Int32Array): void {
  makeKeys(order, from, length, values);
  keys.subarray(0, length).sort();
  for (let i = 0; i < length; i++) order[from + i] = copy[keys[i] % INDICES];
}

// Each loop below is a function of its own: V8 compiles a function while its first loop runs, and would have to compile it again for the
// next loop, of which it has seen nothing yet.

function makeKeys(order: Uint32Array, from: number, length: number, values: Int32Array): void {
  for (let i = 0; i < length; i++) {
    const place = order[from + i];
    copy[i] = place;
    keys[i] = (values[place] + 1) * INDICES + i;
  }
}

function sortByDigits(order: Uint32Array, from: number, length: number, values: Int32Array): void {
  if (copy.length < length) copy = new Uint32Array(2 * length);
  const largest = largestValue(order, from, length, values);
  for (let shift = 0; largest >>> shift > 0 && shift < 32; shift += DIGIT_BITS) {
    countDigits(order, from, length, values, shift);
    copy.set(order.subarray(from, from + length));
    distribute(order, from, length, values, shift);
  }
}

/** 1 + the largest value of the places. */
function largestValue(order: Uint32Array, from: number, length: number, values: Int32Array): number {
  let largest = 0;
  for (let i = from; i < from + length; i++) largest = Math.max(largest, values[order[i]] + 1);
  return largest;
}

/** Sets `starts` to the index in the sorted list at which each digit begins. */
function countDigits(
  order: Uint32Array,
  from: number,
  length: number,
  values: Int32Array,
  shift: number,
): void {
  starts.fill(0);
  for (let i = from; i < from + length; i++) starts[(((values[order[i]] + 1) >>> shift) & (DIGITS - 1)) + 1]++;
  addUp(starts);
}

function addUp(counts: Uint32Array): void {
  for (let digit = 1; digit < counts.length; digit++) counts[digit] += counts[digit - 1];
}

/** Moves the places in `copy` to `order`, by their digits. */
function distribute(
  order: Uint32Array,
  from: number,
  length: number,
  values: Int32Array,
  shift: number,
): void {
  for (let i = 0; i < length; i++) {
    const place = copy[i];
    order[from + starts[((values[place] + 1) >>> shift) & (DIGITS - 1)]++] = place;
  }
}
