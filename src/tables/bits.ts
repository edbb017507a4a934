/** Strings of bits in 32-bit words: bit i of a string is bit i mod 32 (the lowest bit is 0) of word ⌊i/32⌋ of the string. */

/** The number of set bits of a 32-bit word. */
export function countBits(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The index of the `n`-th set bit (n from 1) at or after bit `from` of the string that begins at word `base`. There must be one. */
export function nthSet(words: Uint32Array, base: number, from: number, n: number): number {
  let at = base + (from >>> 5);
  let word = words[at] & (-1 << (from & 31));
  let count = countBits(word);
  while (count < n && at < words.length) {
    n -= count;
    word = words[++at];
    count = countBits(word);
  }
  while (n-- > 1) word &= word - 1;
  return ((at - base) << 5) + 31 - Math.clz32(word & -word);
}

/** The index of the first set bit at or after bit `from`, if it is in the same 32-bit word or the next word; else −1. */
export function nextSetNearby(words: Uint32Array, base: number, from: number): number {
  const at = base + (from >>> 5);
  const word = words[at] & (-1 << (from & 31));
  if (word !== 0) return (from & ~31) + 31 - Math.clz32(word & -word);
  const next = words[at + 1];
  return next === 0 ? -1 : (from & ~31) + 63 - Math.clz32(next & -next);
}

/** The number of set bits of the string from the beginning of its word `first` to before bit `bit`. */
export function rankFrom(words: Uint32Array, base: number, first: number, bit: number): number {
  let count = 0;
  const end = base + (bit >>> 5);
  for (let at = base + first; at < end; at++) count += countBits(words[at]);
  return (bit & 31) === 0 ? count : count + countBits(words[end] & ~(-1 << (bit & 31)));
}
