import type { TextCache } from '../../smoothing/cache.js';
import type { LoadedWords } from '../lookup/words.js';
import type { ModelParts } from './parts.js';
import type { TokenScores } from './pieces.js';

/** Scores whole sentences token by token, many at a time. */
export interface TokenScoring {
  /** The model's words, by which tokens become ids. */
  readonly words: LoadedWords;
  readonly parts: ModelParts;
  /** So many calls of `score` may wait for their answers, so that no thread is idle. */
  readonly waiting: number;
  /**
   * @param ids those of whole sentences, each ended by `EOS`; the memory may be taken away.
   * @param cache the text so far, which the sentences become part of.
   */
  score(ids: Uint32Array<ArrayBuffer>, cache?: TextCache): Promise<TokenScores>;
}
