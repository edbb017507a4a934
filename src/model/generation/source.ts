import type { Sentence } from '../../text/sentences.js';
import type { LoadedWords } from '../lookup/words.js';
import type { NextWords } from '../prediction/next-words.js';
import type { ModelParts } from '../scoring/parts.js';

/** The parts of a model, paged or loaded, that making texts needs. */
export interface TextSource {
  readonly parts: ModelParts;
  readonly words: LoadedWords;
  /** The tokens of a text, as the model reads them. */
  readonly tokenize: (text: Sentence) => string[];
  /** The distribution after a history of at most order − 1 ids. @param withStart whether `<s>` stands before it. */
  readonly nextWords: (history: Uint32Array, withStart: boolean) => NextWords | Promise<NextWords>;
}

/** The last order − 1 ids, or all if there are fewer. */
export function historyOf(ids: readonly number[], order: number): Uint32Array {
  return Uint32Array.from(ids.slice(Math.max(0, ids.length - (order - 1))));
}
