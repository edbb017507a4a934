import type { Tokenization } from '../../text/tokenization.js';
import type { Sentence } from '../../text/sentences.js';
import type { LoadedWords } from '../lookup/words.js';
import type { NextWords } from '../prediction/next-words.js';

/** The parts of a model, paged or loaded, that making texts needs. */
export interface TextSource {
  readonly order: number;
  /** How many types the model predicts, `<unk>` among them. */
  readonly types: number;
  /** How the model cuts texts into tokens, and in which order it reads these. */
  readonly tokenization: Pick<Tokenization, 'splitter' | 'order'>;
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
