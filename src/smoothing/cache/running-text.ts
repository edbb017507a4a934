import { NONE } from '../../text/tokens.js';
import type { Batch } from '../batch.js';

/** A running text so far, with which the probabilities of its next words are mixed. */
export interface RunningText {
  /** The probability of the next word, mixed with the text so far; the word then becomes part of the text. */
  mix(next: NextWord): number;
  /** Forgets the text. */
  clear(): void;
}

/** The next word of a running text, its history, and its probabilities by the model. */
export interface NextWord {
  word: number;
  /** The word before; NONE at the beginning of a sentence. */
  first: number;
  /** The word before `first`; NONE if the history is shorter. */
  second: number;
  /** Whether the word is outside the vocabulary; `word` is then `<unk>`. */
  unknown: boolean;
  /** p by the model. */
  probability: number;
  /** p by the class model: p(class | history) · p(word | class); 0 without one. */
  classProbability: number;
}

/** Sets `next` to word `t` of a batch. */
export function readWord(
  next: NextWord,
  { ids, targets, available, oov }: Batch,
  t: number,
  probability: number,
  classProbability: number,
): void {
  const position = targets[t];
  next.word = ids[position];
  next.first = available[t] > 0 ? ids[position - 1] : NONE;
  next.second = available[t] > 1 ? ids[position - 2] : NONE;
  next.unknown = oov[t] === 1;
  next.probability = probability;
  next.classProbability = classProbability;
}

/** A word that `readWord` overwrites. */
export function emptyWord(): NextWord {
  return { word: NONE, first: NONE, second: NONE, unknown: false, probability: 1, classProbability: 0 };
}

/** The number of limits that a value exceeds; limits ascend. */
export function bucketOf(limits: readonly number[], value: number): number {
  let i = 0;
  while (i < limits.length && value > limits[i]) i++;
  return i;
}
