import { sharedMemory } from '../base/shared-memory.js';
import { BOS, EOS, NONE } from '../text/tokens.js';
import type { Chunk } from './layout.js';

/** Positions that a partition should hold at least: enough to amortise a task, few enough to balance the threads. */
const PARTITION_POSITIONS = 1 << 18;

/**
 * Splits the vocabulary into ranges of ids that occur about equally often as a context word. A table's rows whose first
 * context word falls into one range make up a partition: partitions are counted independently, and blocks never cross
 * them. The split depends on the text alone, not on threads or memory.
 */
export interface Partitions {
  readonly count: number;
  /** The partition of each id. */
  readonly of: Uint32Array;
}

/** @param frequencies how often each id occurs in the text; `<s>` occurs as often as `</s>`. */
export function planPartitions(frequencies: Float64Array): Partitions {
  const of = new Uint32Array(frequencies.length);
  let partition = 0;
  let filled = 0;
  for (let id = BOS; id < frequencies.length; id++) {
    of[id] = partition;
    filled += id === EOS ? 0 : frequencies[id === BOS ? EOS : id];
    if (filled >= PARTITION_POSITIONS && id + 1 < frequencies.length) {
      partition++;
      filled = 0;
    }
  }
  return { count: partition + 1, of };
}

/** The positions of a chunk grouped by partition: those of partition p are `positions[starts[p], starts[p + 1])`. */
export interface PartitionedPositions {
  readonly positions: Uint32Array;
  readonly starts: Uint32Array;
}

/**
 * Groups the words to be predicted by the partition of the word `distance` to their left; those that have none there are
 * left out. Two passes over the ids.
 *
 * @param reuse a shared array that is taken for the result when it is long enough.
 */
export function partitionPositions(
  chunk: Chunk,
  distance: number,
  partitions: Partitions,
  reuse?: Uint32Array,
): PartitionedPositions {
  const { ids, begin, end } = chunk;
  const { count, of } = partitions;
  const starts = new Uint32Array(count + 1);
  for (let at = begin; at < end; at++) {
    if (ids[at] === BOS || ids[at] === NONE) continue;
    const word = ids[at - distance];
    if (word !== NONE) starts[of[word] + 1]++;
  }
  for (let p = 0; p < count; p++) starts[p + 1] += starts[p];
  const total = starts[count];
  const positions =
    reuse && reuse.length >= total ? reuse : new Uint32Array(sharedMemory(4 * Math.max(total, end - begin)));
  const next = starts.slice();
  for (let at = begin; at < end; at++) {
    if (ids[at] === BOS || ids[at] === NONE) continue;
    const word = ids[at - distance];
    if (word !== NONE) positions[next[of[word]]++] = at;
  }
  return { positions, starts };
}
