import type { ModelStore } from '../store/store.js';
import { openTable, readBlocks } from './table-reader.js';

/** The words `from` ≤ w < `to`. */
export interface WordRange {
  readonly from: number;
  readonly to: number;
}

/** N-grams of two words whose first word is in one range, at least. */
export const BIGRAMS_A_RANGE = 1 << 16;

const ALL_WORDS = 2 ** 32;

/**
 * Divides the words of a model into ranges, which are indexed independently of each other: no block of a trie has contexts whose
 * nearest words are in two ranges. The ranges follow from the table of bigrams alone, so the same rows make the same blocks for
 * any number of threads.
 *
 * @param bigramsARange the least number of n-grams of two words whose first word is in one range, except the last range.
 * @param bigrams the name of the table of the nearest word; `undefined` in a model without one.
 * @throws KNESER_DAMAGED
 */
export async function findRanges(
  from: ModelStore,
  bigrams: string | undefined,
  bigramsARange: number,
): Promise<WordRange[]> {
  const ends: number[] = [];
  if (bigrams !== undefined) {
    let rows = 0;
    let next = 0;
    for await (const { block } of readBlocks(from, await openTable(from, bigrams, 1))) {
      const [words] = block.contexts;
      for (let c = 0; c < block.contextCount; c++) {
        // A wide context has several blocks.
        if (rows >= bigramsARange && words[c] >= next) {
          ends.push(words[c]);
          rows = 0;
        }
        rows += block.starts[c + 1] - block.starts[c];
        next = words[c] + 1;
      }
    }
  }
  return [...ends, ALL_WORDS].map((to, i) => ({ from: i === 0 ? 0 : ends[i - 1], to }));
}
