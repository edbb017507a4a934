import { isPredicted } from './predicted.js';
import type { ChainSums } from './chain-sums.js';
import { ChainSpread } from './chain-spread.js';
import type { Spread, Spreading } from './spread.js';
import type { TopWords, WordLists, WordProbability } from './top-words.js';
import type { Explanation } from './prediction.js';
import { explain, isChain, matchedLength, type NextWord } from './voters.js';
import type { Draws } from './draws.js';

/**
 * The distribution of the word after one history, by word id. `predict` uses it; `model.distribution(history)` gives the same distribution
 * by token.
 */
export interface NextWords {
  /** How many words have p > 0. @param except the id of a word that is not counted; `NONE` for none. */
  possible(except: number): number;
  /** p(word | history); 0 for `<s>`, which never comes next. */
  probability(word: number): number;
  /** The `n` most probable words by falling probability, equally probable words by id. @param except the id of a word to leave out. */
  top(n: number, except?: number): WordProbability[];
  /**
   * All words with a probability of at least `least`, sorted as those of `top`; missing where they cannot be found without the whole distribution.
   */
  atLeast?(least: number, except?: number): WordProbability[];
  /**
   * Draws a word with its probability. The same random numbers give the same words, whether tables are paged or loaded.
   *
   * @param random returns a number from 0 to below 1.
   * @throws KNESER_OPTION if p = 0 for all words.
   */
  sample(random: () => number): number;
  /** The probability of a word as a sum of parts, one for each pattern. */
  explain(word: number): Explanation;
  /** The length of the longest n-gram of the model that ends with the word after this history [words]: at least 1, and 1 for an OOV. */
  matched(word: number): number;
  /** The whole distribution, for sums, ranks and lists of all words. */
  spread(): Spread;
}

/** The next words of a mixture. The followers of all contexts of the history are in memory, so that no file is read. */
export class MixtureNextWords implements NextWords {
  constructor(
    private readonly next: NextWord,
    private readonly lists: WordLists,
    private readonly search: TopWords,
    private readonly spreading: Spreading,
    private readonly chainSums: ChainSums,
    private readonly draws: Draws,
    /** The share of Model M, whose part is not in these probabilities; 0 without it. */
    readonly shareOfModelM: number,
  ) {}

  possible(except: number): number {
    return this.lists.byCount.length - (isPredicted(except) ? 1 : 0);
  }

  spread(): Spread {
    const { next, spreading, chainSums } = this;
    return isChain(next) ? new ChainSpread(next, chainSums, spreading) : spreading.spread(next);
  }

  probability(word: number): number {
    return this.search.probability(this.next, word);
  }

  top(n: number, except?: number): WordProbability[] {
    return this.search.find(this.next, n, except);
  }

  atLeast(least: number, except?: number): WordProbability[] {
    return this.search.atLeast(this.next, least, except);
  }

  sample(random: () => number): number {
    return this.draws.at(this.next, random());
  }

  explain(word: number): Explanation {
    return explain(this.next, word, this.lists.counts[word]);
  }

  matched(word: number): number {
    return matchedLength(this.next, word);
  }
}
