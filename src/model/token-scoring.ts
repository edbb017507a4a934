import type { TokenSpreads } from './prediction/token-spreads.js';
import type { TextCache } from '../smoothing/cache/text-cache.js';
import type { LoadedWords } from './lookup/words.js';
import type { GroupLimits } from './scoring/in-groups.js';
import type { ModelParts } from './scoring/parts.js';
import type { StretchSums, TokenScores } from './scoring/pieces.js';

/** Scores whole sentences token by token, many at a time. Its limits are those of the calls of `score` and `sums`. */
export interface TokenScoring extends GroupLimits {
  /** The model's words, which turn tokens into ids. */
  readonly words: LoadedWords;
  readonly parts: ModelParts;
  /**
   * Scores sentences.
   *
   * @param ids the ids of whole sentences, each ended by `EOS`.
   * @param cache the text so far; the sentences become part of it.
   */
  score(ids: Uint32Array, cache?: TextCache): Promise<TokenScores>;
  /**
   * Scores sentences, and adds up the scores of each stretch of them.
   *
   * @param ids as for `score`.
   * @param ends the end of each stretch in `ids`, ascending; a stretch is whole sentences, or empty.
   */
  sums(ids: Uint32Array, ends: Uint32Array): Promise<StretchSums>;
  /** For each token, figures of the exact distribution of the token after its history. @param ids as for `score`. */
  spreads(ids: Uint32Array): Promise<TokenSpreads>;
}
