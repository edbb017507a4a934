import { discountIndex, discountsAt } from '../../smoothing/parameters.js';
import { NONE } from '../../text/tokens.js';
import { otherRegions, regionPositions, regionRows, regionStarts, singleRegions } from './found-regions.js';
import { largeCount, LONG, mostCount, SHORT, SHORT_BITS, type TableMemory } from './regions.js';
import { EMPTY_HEADER } from './table-room.js';

// Interpolates the probabilities of words with the regions that `findRegions` found: p(w|h) = (c − D(c) + taken · p(w|h')) / Σc, where `taken`
// is the sum of the counts that discounts and pruning took away.

/**
 * Of the table of the empty pattern: the probability of each word by its own count, interpolated with the uniform distribution.
 *
 * @param uniform the probability of a word in the uniform distribution.
 * @param discounts of {@link Chain}.
 * @returns by id; also for ids that are no words, which have the count 0.
 */
export function unigramProbabilities(
  { data, stride }: TableMemory,
  uniform: number,
  discounts: Float64Array,
): Float64Array {
  const [total, ones, twos, followers, pruned] = data;
  const [, d1, d2, d3] = discounts.subarray(discountsAt(total, discounts));
  const taken = d1 * ones + d2 * twos + d3 * (followers - ones - twos) + pruned;
  const probabilities = new Float64Array(Math.floor((data.length - EMPTY_HEADER) / stride));
  for (let id = 0; id < probabilities.length; id++) {
    const count = id === NONE ? 0 : data[EMPTY_HEADER + id * stride];
    const kept = count - (count === 0 ? 0 : count === 1 ? d1 : count === 2 ? d2 : d3);
    probabilities[id] = (kept + taken * uniform) / total;
  }
  return probabilities;
}

/** Interpolates where the context has a single follower: its count is the total, and it is one of N1, N2 or N3+. */
export function interpolateSingles(
  { data, wordBits, large }: TableMemory,
  values: Float64Array,
  discounts: Float64Array,
  singles: number,
): void {
  const most = mostCount(wordBits);
  for (let k = 0; k < singles; k++) {
    const i = singleRegions[k];
    const position = regionPositions[i];
    const start = regionStarts[i];
    let total = data[start] >>> wordBits;
    if (total === most) total = largeCount(large, start);
    const taken = discounts[discountsAt(total, discounts) + discountIndex(total)];
    const kept = total - taken;
    const isFound = ((0 - regionRows[i]) >> 31) & 1;
    values[position] = (kept * isFound + taken * values[position]) / total;
  }
}

export function interpolateOthers(
  { data, wordBits, large }: TableMemory,
  values: Float64Array,
  discounts: Float64Array,
  others: number,
): void {
  const most = mostCount(wordBits);
  for (let k = 0; k < others; k++) {
    const i = otherRegions[k];
    const position = regionPositions[i];
    const start = regionStarts[i];
    const total = data[start];
    const shape = data[start + 1] | 0;
    let followers = shape & SHORT;
    let ones = (shape >>> SHORT_BITS) & SHORT;
    let twos = shape >>> (2 * SHORT_BITS);
    let pruned = 0;
    if (shape === LONG) {
      followers = data[start + 2];
      ones = data[start + 3];
      twos = data[start + 4];
      pruned = data[start + 5];
    }
    const d = discountsAt(total, discounts);
    const taken =
      discounts[d + 1] * ones + discounts[d + 2] * twos + discounts[d + 3] * (followers - ones - twos) + pruned;
    // Row 0 stands for a word that the context lacks: its count is 0.
    const row = regionRows[i];
    let count = data[row] >>> wordBits;
    if (count === most) count = largeCount(large, row);
    const kept = count - discounts[d + discountIndex(count)];
    values[position] = (kept + taken * values[position]) / total;
  }
}

/** Makes `length` the length of the longest n-gram at the positions whose words were found. */
export function raiseMatched(matched: Uint8Array, length: number, regions: number): void {
  for (let i = 0; i < regions; i++) {
    const position = regionPositions[i];
    const isFound = (0 - regionRows[i]) >> 31;
    matched[position] = (length & isFound) | (matched[position] & ~isFound);
  }
}
