import type { ModelStore } from '../store/store.js';
import { BOS, EOS } from '../text/tokens.js';
import { openTable, readBlocks } from './table-reader.js';

/** The words with ids `from` ≤ id < `to`. */
export interface WordRange {
  readonly from: number;
  readonly to: number;
}

/** The least number of occurrences in the text of the words of one range: enough to amortise the cost of a task, few enough to balance the threads. */
export const POSITIONS_A_RANGE = 1 << 18;
/** The least number of distinct bigrams whose first word is in one range. */
export const BIGRAMS_A_RANGE = 1 << 16;

/** Above all word ids. */
const ALL_WORDS = 2 ** 32;

/**
 * Divides the words of a model of counts into ranges that occur about equally often. No block of a trie has contexts whose nearest words
 * are in two ranges. The ranges depend on the frequencies alone, so that the same counts make the same blocks, whatever they were counted
 * from and with any number of threads.
 *
 * @param frequencies by word id, the occurrences in the text; the entry of `<s>` is not read, because `<s>` occurs as often as `</s>`.
 * @param least the least number of occurrences of the words of each range except the last.
 */
export function divideWords(frequencies: Float64Array, least = POSITIONS_A_RANGE): WordRange[] {
  const ranges: WordRange[] = [];
  let from = 0;
  let filled = 0;
  for (let id = BOS; id + 1 < frequencies.length; id++) {
    filled += id === EOS ? 0 : frequencies[id === BOS ? EOS : id];
    if (filled < least) continue;
    ranges.push({ from, to: id + 1 });
    from = id + 1;
    filled = 0;
  }
  return [...ranges, { from, to: ALL_WORDS }];
}

/**
 * Divides classes, and the words of a back-off model, into ranges for the same purpose as {@link divideWords}. They have no frequencies, so
 * that the ranges depend on the table of bigrams alone.
 *
 * @param bigramsARange the least number of distinct bigrams whose first word is in one range, except the last range.
 * @param bigrams the name of the table of bigrams; `undefined` if the model has none.
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
        // A range does not end within a wide context, which comes in several blocks.
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
