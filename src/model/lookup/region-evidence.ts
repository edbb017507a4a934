import type { Batch } from '../../smoothing/batch.js';
import { COUNT, FIELDS, FOLLOWERS, ONES, PRUNED, TOTAL, TWOS } from '../../smoothing/evidence.js';
import {
  MOST_POSITIONS,
  otherRegions,
  regionPositions,
  regionRows,
  regionStarts,
  singleRegions,
} from './found-regions.js';
import { largeCount, LONG, mostCount, SHORT, SHORT_BITS, type TableMemory } from './regions.js';

// Writes what the regions that `findRegions` found say of words as evidence, whose numbers are 0 before.

/** Of the positions that are looked up at a time, the word that is to be scored there; −1 if none is. */
const wordsAt = new Int32Array(MOST_POSITIONS);

/**
 * Notes which words of a batch are to be scored at the positions `from` to `to` − 1.
 *
 * @param t the first word that may be there. @returns the first word that comes after them.
 */
export function noteWords({ targets, length }: Batch, t: number, from: number, to: number): number {
  for (let i = 0; i < to - from; i++) wordsAt[i] = -1;
  let next = t;
  for (; next < length && targets[next] < to; next++) wordsAt[targets[next] - from] = next;
  return next;
}

/** Writes the evidence of words whose context has a single follower. */
export function putSingles(
  { data, wordBits, large }: TableMemory,
  into: Uint32Array,
  place: number,
  from: number,
  singles: number,
): void {
  const most = mostCount(wordBits);
  for (let k = 0; k < singles; k++) {
    const i = singleRegions[k];
    const t = wordsAt[regionPositions[i] - from];
    if (t < 0) continue;
    const start = regionStarts[i];
    let total = data[start] >>> wordBits;
    if (total === most) total = largeCount(large, start);
    const at = place + t * FIELDS;
    into[at + COUNT] = regionRows[i] === 0 ? 0 : total;
    into[at + TOTAL] = total;
    into[at + ONES] = total === 1 ? 1 : 0;
    into[at + TWOS] = total === 2 ? 1 : 0;
    into[at + FOLLOWERS] = 1;
  }
}

/** @param numbers whether rows have the place of log10 p instead of a count. */
export function putOthers(
  { data, wordBits, large }: TableMemory,
  numbers: boolean,
  into: Uint32Array,
  place: number,
  from: number,
  others: number,
): void {
  const most = mostCount(wordBits);
  for (let k = 0; k < others; k++) {
    const i = otherRegions[k];
    const t = wordsAt[regionPositions[i] - from];
    if (t < 0) continue;
    const start = regionStarts[i];
    const row = regionRows[i];
    const at = place + t * FIELDS;
    let count = data[row] >>> wordBits;
    if (numbers) count = row === 0 ? 0 : data[row + 1];
    else if (count === most) count = largeCount(large, row);
    into[at + COUNT] = count;
    into[at + TOTAL] = data[start];
    const shape = data[start + 1] | 0;
    if (shape === LONG) {
      into[at + FOLLOWERS] = data[start + 2];
      into[at + ONES] = data[start + 3];
      into[at + TWOS] = data[start + 4];
      into[at + PRUNED] = data[start + 5];
    } else {
      into[at + FOLLOWERS] = shape & SHORT;
      into[at + ONES] = (shape >>> SHORT_BITS) & SHORT;
      into[at + TWOS] = shape >>> (2 * SHORT_BITS);
    }
  }
}
