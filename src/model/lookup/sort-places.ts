/** Lists of up to this length are sorted by insertion. */
const SHORT = 24;

/** Lists of more than this length are sorted by the digits of the numbers, from the lowest digit up. */
const LONG = 1 << 12;
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** Other lists are sorted as keys (number + 1) · PLACES + index in the list, which are exact in doubles. */
const PLACES = LONG;

const keys = new Float64Array(LONG);
const starts = new Uint32Array(DIGITS + 1);
let copy = new Uint32Array(LONG);

/**
 * Sorts the places `order[from, to)` by `numbers`. Places with equal numbers stay in their sequence.
 *
 * @param numbers by place, a number from −1 to 2^31 − 2.
 */
export function sortByNumber(order: Uint32Array, from: number, to: number, numbers: Uint32Array | Int32Array): void {
  const length = to - from;
  if (length <= SHORT) sortByInsertion(order, from, to, numbers);
  else if (length <= LONG) sortByKeys(order, from, length, numbers);
  else sortByDigits(order, from, length, numbers);
}

function sortByInsertion(order: Uint32Array, from: number, to: number, numbers: Uint32Array | Int32Array): void {
  for (let i = from + 1; i < to; i++) {
    const place = order[i];
    const number = numbers[place];
    let j = i;
    for (; j > from && numbers[order[j - 1]] > number; j--) order[j] = order[j - 1];
    order[j] = place;
  }
}

function sortByKeys(order: Uint32Array, from: number, length: number, numbers: Uint32Array | Int32Array): void {
  makeKeys(order, from, length, numbers);
  keys.subarray(0, length).sort();
  for (let i = 0; i < length; i++) order[from + i] = copy[keys[i] % PLACES];
}

// Each loop below is a function of its own: V8 compiles a function while its first loop runs, and would have to compile it again for the
// next loop, of which it has seen nothing yet.

function makeKeys(order: Uint32Array, from: number, length: number, numbers: Uint32Array | Int32Array): void {
  for (let i = 0; i < length; i++) {
    const place = order[from + i];
    copy[i] = place;
    keys[i] = (numbers[place] + 1) * PLACES + i;
  }
}

function sortByDigits(order: Uint32Array, from: number, length: number, numbers: Uint32Array | Int32Array): void {
  if (copy.length < length) copy = new Uint32Array(2 * length);
  const largest = largestNumber(order, from, length, numbers);
  for (let shift = 0; largest >>> shift > 0 && shift < 32; shift += DIGIT_BITS) {
    countDigits(order, from, length, numbers, shift);
    copy.set(order.subarray(from, from + length));
    distribute(order, from, length, numbers, shift);
  }
}

/** The largest number of the places, plus 1. */
function largestNumber(order: Uint32Array, from: number, length: number, numbers: Uint32Array | Int32Array): number {
  let largest = 0;
  for (let i = from; i < from + length; i++) largest = Math.max(largest, numbers[order[i]] + 1);
  return largest;
}

/** Sets `starts` to the index in the sorted list at which each digit begins. */
function countDigits(
  order: Uint32Array,
  from: number,
  length: number,
  numbers: Uint32Array | Int32Array,
  shift: number,
): void {
  starts.fill(0);
  for (let i = from; i < from + length; i++) starts[(((numbers[order[i]] + 1) >>> shift) & (DIGITS - 1)) + 1]++;
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
  numbers: Uint32Array | Int32Array,
  shift: number,
): void {
  for (let i = 0; i < length; i++) {
    const place = copy[i];
    order[from + starts[((numbers[place] + 1) >>> shift) & (DIGITS - 1)]++] = place;
  }
}
