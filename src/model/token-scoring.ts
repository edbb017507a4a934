import type { TokenSpreads } from './prediction/token-spreads.js';
import type { TextCache } from '../smoothing/cache.js';
import type { LoadedWords } from './lookup/words.js';
import type { ModelParts } from './scoring/parts.js';
import type { TokenScores } from './scoring/pieces.js';

/** Scores whole sentences token by token, many at a time. */
export interface TokenScoring {
  /** The model's words, by which tokens become ids. */
  readonly words: LoadedWords;
  readonly parts: ModelParts;
  /** How many calls of `score` may run at the same time, so that no thread is idle. */
  readonly waiting: number;
  /**
   * @param ids the ids of whole sentences, each ended by `EOS`; the array may be moved to another thread.
   * @param cache the text so far; the sentences become part of it.
   */
  score(ids: Uint32Array<ArrayBuffer>, cache?: TextCache): Promise<TokenScores>;
  /** Figures of the exact distribution before each token. @param ids as for `score`. */
  spreads(ids: Uint32Array<ArrayBuffer>): Promise<TokenSpreads>;
}
