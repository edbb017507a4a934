import type { Directory } from '#kneser/src/tables/directory.js';

/**
 * The index of the block that can have a context's followers; for a wide context, of the block that can have `word`; −1 if no block can.
 * Word j of the context is `ids[position − distances[j]]`.
 */
export function findBlock(
  directory: Directory,
  ids: Uint32Array,
  position: number,
  distances: readonly number[],
  word: number,
): number {
  const { columns, words } = directory;
  let low = 0;
  let high = words.length;
  // The first block whose first row is after (context, word).
  while (low < high) {
    const middle = (low + high) >>> 1;
    const compared = compareContext(columns, middle, ids, position, distances);
    if (compared < 0 || (compared === 0 && words[middle] <= word)) low = middle + 1;
    else high = middle;
  }
  // A context at the beginning of a block is in the block before only if the context is wide.
  const begins = low < words.length && compareContext(columns, low, ids, position, distances) === 0;
  if (begins && (low === 0 || compareContext(columns, low - 1, ids, position, distances) !== 0)) return low;
  return low - 1;
}

/** Compares context `row` of the columns with the context of a position in `ids`: negative if it comes before, 0 if equal, else positive. */
function compareContext(
  columns: readonly Uint32Array[],
  row: number,
  ids: Uint32Array,
  position: number,
  distances: readonly number[],
): number {
  for (let j = 0; j < columns.length; j++) {
    const difference = columns[j][row] - ids[position - distances[j]];
    if (difference !== 0) return difference;
  }
  return 0;
}
