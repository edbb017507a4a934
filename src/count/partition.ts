import { sharedMemory } from '../base/shared-memory.js';
import { divideWords } from '../tables/word-ranges.js';
import { BOS, NONE } from '../text/tokens.js';
import type { Chunk } from './ngram-source.js';

/**
 * The vocabulary divided into ranges of ids, such that the words of each range together occur about equally often. A partition is the
 * set of positions whose nearest context word is in one range. Partitions are counted independently, and no block has rows of two
 * partitions. The ranges depend on the text alone, not on threads or memory: they are those of {@link divideWords}.
 */
export interface Partitions {
  /** Number of partitions. */
  readonly count: number;
  /** By word id, the partition of the word: 0 … `count` − 1. */
  readonly of: Uint32Array;
}

/**
 * Chooses partitions.
 *
 * @param frequencies by id, the occurrences in the text; its entry of `<s>` is not read, because `<s>` occurs as often as `</s>`.
 * @param ids number of ids in use, at least the length of `frequencies`. Ids from that length on, which have no frequency, are words whose
 * counts were subtracted completely; they belong to the last partition.
 * @param least the least number of positions in each partition except the last.
 */
export function planPartitions(frequencies: Float64Array, ids = frequencies.length, least?: number): Partitions {
  const of = new Uint32Array(ids);
  const ranges = divideWords(frequencies, least);
  for (const [partition, { from, to }] of ranges.entries()) of.fill(partition, from, Math.min(to, ids));
  return { count: ranges.length, of };
}

/** Positions of a chunk grouped by partition: `positions[starts[p], starts[p + 1])` are the positions of partition p. */
export interface PartitionedPositions {
  /** Indices into the chunk's `ids`. */
  readonly positions: Uint32Array;
  /** Length: the number of partitions + 1. */
  readonly starts: Uint32Array;
}

/**
 * Groups the positions of predicted words by the partition of the word at `distance` before them, in two passes over the ids. Positions
 * whose sentence has no word there are left out.
 *
 * @param reuse an array in shared memory that takes the positions if it is long enough.
 * @param classOf by word id, the id of its class, if `partitions` divides the classes.
 */
export function partitionPositions(
  chunk: Chunk,
  distance: number,
  partitions: Partitions,
  reuse?: Uint32Array,
  classOf?: Uint32Array,
): PartitionedPositions {
  const { ids, begin, end, step } = chunk;
  const { count, of } = partitions;
  const starts = new Uint32Array(count + 1);
  for (let at = begin; at < end; at += step) {
    if (ids[at] === BOS || ids[at] === NONE) continue;
    const word = ids[at - distance];
    if (word !== NONE) starts[of[classOf ? classOf[word] : word] + 1]++;
  }
  for (let p = 0; p < count; p++) starts[p + 1] += starts[p];
  const total = starts[count];
  const positions =
    reuse && reuse.length >= total
      ? reuse
      : new Uint32Array(sharedMemory(4 * Math.max(total, Math.ceil((end - begin) / step))));
  const next = starts.slice();
  for (let at = begin; at < end; at += step) {
    if (ids[at] === BOS || ids[at] === NONE) continue;
    const word = ids[at - distance];
    if (word !== NONE) positions[next[of[classOf ? classOf[word] : word]]++] = at;
  }
  return { positions, starts };
}
