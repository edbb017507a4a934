import { compareBytes } from '../../base/bytes.js';
import type { LoadedWords } from '../lookup/words.js';
import type { NextWords } from '../prediction/next-words.js';
import type { WordProbability } from '../prediction/top-words.js';

/**
 * The `n` most probable next words that begin with a text. A binary search in the sorted vocabulary finds all words with this beginning,
 * and the probability of each of them is computed, so that the result is exact.
 *
 * @param beginning the text as UTF-8, lower-cased if the model lower-cases text.
 */
export function completions(next: NextWords, words: LoadedWords, beginning: Uint8Array, n: number): WordProbability[] {
  const { sorted } = words;
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(words.list.bytes(sorted[middle]), beginning) < 0) low = middle + 1;
    else high = middle;
  }
  const found: WordProbability[] = [];
  for (; low < sorted.length; low++) {
    const word = sorted[low];
    const begin = words.list.bytes(word).subarray(0, beginning.length);
    if (compareBytes(begin, beginning) !== 0) break;
    found.push({ word, probability: next.probability(word) });
  }
  return found.sort((a, b) => b.probability - a.probability || a.word - b.word).slice(0, n);
}
