import type { WordClasses } from '../../tables/classes.js';
import { BOS, NONE } from '../../text/tokens.js';
import type { Followers } from '../../smoothing/followers.js';

/** A model's words in the orders that do not depend on the history. */
export interface WordLists {
  /** The count of each word id in the table of unigrams. */
  readonly counts: Uint32Array;
  /** All words that can be predicted, by falling count. */
  readonly byCount: Uint32Array;
  /** The same by class, and within a class by falling share; the words of class c begin at `starts[c]`. */
  readonly byClass: Uint32Array;
  readonly starts: Uint32Array;
}

/** @param ids the ids of words are below this. */
export function wordLists(ids: number, unigrams: Followers, classes: WordClasses | undefined): WordLists {
  const words = new Uint32Array(unigrams.length);
  const found = new Uint32Array(unigrams.length);
  unigrams.copy(words, found);
  const counts = new Uint32Array(ids);
  words.forEach((word, i) => (counts[word] = found[i]));
  const all = Uint32Array.from({ length: ids }, (_, id) => id).filter(id => id !== NONE && id !== BOS);
  const byCount = all.slice().sort((a, b) => counts[b] - counts[a] || a - b);
  if (!classes) return { counts, byCount, byClass: new Uint32Array(0), starts: new Uint32Array(0) };
  const { of, share, count } = classes;
  const byClass = all.sort((a, b) => of[a] - of[b] || share[b] - share[a] || a - b);
  const starts = new Uint32Array(count + 1);
  for (const word of byClass) starts[of[word] + 1]++;
  for (let c = 0; c < count; c++) starts[c + 1] += starts[c];
  return { counts, byCount, byClass, starts };
}
