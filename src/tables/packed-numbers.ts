/**
 * Packed numbers in 32-bit words. Any of the numbers can be read without unpacking the others.
 *
 * ```
 * ┌──────────────────────────────────────────┬──────────────────────────────────────┬───────────┐
 * │ heads: a word a group of 2^shift numbers │ data: each number in as many bits as │ one spare │
 * │ start of its data · 64 + bits a number   │ the largest of its group takes       │ word      │
 * └──────────────────────────────────────────┴──────────────────────────────────────┴───────────┘
 * ```
 *
 * The start of a group's data is an index of 32-bit words, counted from the first word of the data.
 */

/** The `shift` for word ids and ranks: groups of 2^6 numbers. */
export const WIDE_GROUPS = 6;
/** The `shift` for counts: groups of 2^4 numbers, which are smaller, because one large count makes all numbers of its group long. */
export const NARROW_GROUPS = 4;

/** MASKS[b] has the lowest b bits set. */
export const MASKS = Int32Array.from({ length: 33 }, (_, bits) => (bits === 32 ? -1 : (1 << bits) - 1));

/** ⌈length / 2^shift⌉: the number of groups of `length` numbers, and so of the 32-bit words that their heads take. */
export function headsOf(length: number, shift: number): number {
  return (length + (1 << shift) - 1) >>> shift;
}

/** The most 32-bit words that `length` packed numbers take. */
export function mostPackedWords(length: number, shift: number): number {
  return headsOf(length, shift) + length + 1;
}

/**
 * Packs `values[from, to)` into `out` from word `at` on.
 *
 * @returns the index of the word after the packed numbers.
 */
export function packNumbers(
  values: Uint32Array,
  from: number,
  to: number,
  shift: number,
  out: Uint32Array,
  at: number,
): number {
  const group = 1 << shift;
  const data = at + headsOf(to - from, shift);
  let used = 0;
  for (let start = from; start < to; start += group) {
    const end = Math.min(to, start + group);
    let all = 0;
    for (let i = start; i < end; i++) all |= values[i];
    const bits = 32 - Math.clz32(all);
    out[at++] = (used << 6) | bits;
    // The numbers of a word are collected before it is written.
    let word = data + used;
    let collected = 0;
    let filled = 0;
    for (let i = start; i < end; i++) {
      const value = values[i];
      collected |= value << filled;
      filled += bits;
      if (filled < 32) continue;
      out[word++] = collected;
      filled -= 32;
      collected = filled > 0 ? value >>> (bits - filled) : 0;
    }
    if (filled > 0) out[word++] = collected;
    used = word - data;
  }
  out[data + used] = 0;
  return data + used + 1;
}

/** Packed number i, as a signed 32-bit number (2^31 and more are negative). The heads begin at word `heads`, the data at word `data`. */
export function numberAt(words: Uint32Array, heads: number, data: number, shift: number, i: number): number {
  const head = words[heads + (i >>> shift)];
  const bits = head & 63;
  // Such a group has no data, and may lie behind the last word.
  if (bits === 0) return 0;
  const bit = (i & ((1 << shift) - 1)) * bits;
  const at = data + (head >>> 6) + (bit >>> 5);
  const shifted = bit & 31;
  return ((words[at] >>> shifted) | ((words[at + 1] << 1) << (31 - shifted))) & MASKS[bits];
}

/**
 * Searches ascending packed numbers `low` ≤ i < `high` for a number below 2^31.
 *
 * @returns its index i; −1 − i, where i is the index of the first greater number or `high`, if it is not there.
 */
export function findPacked(
  words: Uint32Array,
  heads: number,
  data: number,
  shift: number,
  low: number,
  high: number,
  wanted: number,
): number {
  const last = (1 << shift) - 1;
  // The number at index `high`, if the search has compared it.
  let above = -1;
  while (low < high) {
    // Not `>>> 1`: V8 would compute `low` as a double, because an unsigned number + 1 may have 33 bits.
    const middle = (low + high) >> 1;
    const head = words[heads + (middle >>> shift)];
    const bits = head & 63;
    // As `numberAt`, which V8 would not inline here.
    let number = 0;
    if (bits > 0) {
      const bit = (middle & last) * bits;
      const at = data + (head >>> 6) + (bit >>> 5);
      const shifted = bit & 31;
      number = ((words[at] >>> shifted) | ((words[at + 1] << 1) << (31 - shifted))) & MASKS[bits];
    }
    if (number < wanted) {
      low = middle + 1;
    } else {
      high = middle;
      above = number;
    }
  }
  return above === wanted ? low : -1 - low;
}

/** Unpacks the numbers `from` … `to` − 1 into `into`, from its first entry on. */
export function unpackNumbers(
  words: Uint32Array,
  heads: number,
  data: number,
  shift: number,
  from: number,
  to: number,
  into: Uint32Array,
): void {
  const last = (1 << shift) - 1;
  for (let i = from, n = 0; i < to;) {
    const head = words[heads + (i >>> shift)];
    const bits = head & 63;
    const mask = MASKS[bits];
    const bit = (i & last) * bits;
    let at = data + (head >>> 6) + (bit >>> 5);
    let shifted = bit & 31;
    let word = words[at] | 0;
    const end = Math.min(to, (i | last) + 1);
    for (const stop = n + end - i; n < stop; n++) {
      let number = word >>> shifted;
      shifted += bits;
      if (shifted >= 32) {
        // The rest of the number is in the next word. After the last number, this is the spare word.
        shifted -= 32;
        word = words[++at] | 0;
        if (shifted > 0) number |= word << (bits - shifted);
      }
      into[n] = number & mask;
    }
    i = end;
  }
}

/** Whether `length` packed numbers whose heads begin at word `heads` end before word `end`, with their spare word. */
export function fitsIn(words: Uint32Array, heads: number, end: number, shift: number, length: number): boolean {
  const count = headsOf(length, shift);
  const room = end - heads - count;
  if (room < 1) return false;
  for (let g = 0; g < count; g++) {
    const head = words[heads + g];
    const bits = head & 63;
    const numbers = Math.min(length - (g << shift), 1 << shift);
    if (bits > 32 || (head >>> 6) + ((numbers * bits + 31) >>> 5) >= room) return false;
  }
  return true;
}
