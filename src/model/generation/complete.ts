import { compareBytes } from '../../base/bytes.js';
import type { Splitter } from '../../text/splitter.js';
import type { LoadedWords } from '../lookup/words.js';
import type { NextWords } from '../prediction/next-words.js';
import type { WordProbability } from '../prediction/top-words.js';
import { beginsWith } from './letters.js';

const encoder = new TextEncoder();

/**
 * The `n` most probable next words whose text begins with letters. The probability of each of them is computed, so that the result is exact.
 *
 * @param letters as the model reads texts.
 */
export function completions(
  next: NextWords,
  words: LoadedWords,
  splitter: Splitter,
  letters: string,
  n: number,
): WordProbability[] {
  return [...(splitter.isSpaced ? wordsFrom(words, encoder.encode(letters)) : tokensFrom(words, splitter, letters))]
    .map(word => ({ word, probability: next.probability(word) }))
    .sort((a, b) => b.probability - a.probability || a.word - b.word)
    .slice(0, n);
}

/** The words that begin with bytes, by a binary search in the sorted vocabulary. */
function* wordsFrom({ sorted, list }: LoadedWords, beginning: Uint8Array): Generator<number, void, void> {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(list.bytes(sorted[middle]), beginning) < 0) low = middle + 1;
    else high = middle;
  }
  for (; low < sorted.length; low++) {
    const begin = list.bytes(sorted[low]).subarray(0, beginning.length);
    if (compareBytes(begin, beginning) !== 0) return;
    yield sorted[low];
  }
}

/** The tokens whose text begins with letters; how a token is written need not be its text. */
function tokensFrom(words: LoadedWords, splitter: Splitter, letters: string): Uint32Array {
  return words.sorted.filter(word => beginsWith(splitter.join([words.word(word)]), letters));
}
