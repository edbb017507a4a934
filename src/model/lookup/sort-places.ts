/** Shorter lists are sorted by insertion. */
const SHORT = 24;

/** Word and place make one number, which a double holds exactly: lists are at most this long. */
export const MOST_PLACES = 2 ** 21;

let keys = new Float64Array(1 << 10);
let copy = new Uint32Array(1 << 10);

/**
 * Sorts the places `order[from, to)` by a number of each, keeping the order of those whose numbers are equal.
 *
 * @param numbers by place, from −1 to 2^31 − 1.
 */
export function sortByNumber(order: Uint32Array, from: number, to: number, numbers: Uint32Array | Int32Array): void {
  const length = to - from;
  if (length <= SHORT) {
    for (let i = from + 1; i < to; i++) {
      const place = order[i];
      const number = numbers[place];
      let j = i;
      for (; j > from && numbers[order[j - 1]] > number; j--) order[j] = order[j - 1];
      order[j] = place;
    }
    return;
  }
  if (keys.length < length) {
    keys = new Float64Array(2 * length);
    copy = new Uint32Array(2 * length);
  }
  for (let i = 0; i < length; i++) {
    const place = order[from + i];
    copy[i] = place;
    keys[i] = (numbers[place] + 1) * MOST_PLACES + i;
  }
  keys.subarray(0, length).sort();
  for (let i = 0; i < length; i++) order[from + i] = copy[keys[i] % MOST_PLACES];
}
