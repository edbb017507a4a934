import { exp10 } from '../../base/elementary.js';
import { formatPattern, type Pattern } from '../../tables/pattern.js';
import { BOS, NONE, UNK } from '../../text/tokens.js';
import type { Explanation } from './prediction.js';
import type { NextWords } from './next-words.js';
import { SpreadWords } from './spread.js';
import type { WordProbability } from './top-words.js';

const NO_WORDS = new Uint32Array(0);
/** No words: a back-off model has no groups of words that share a probability. */
const NO_GROUPS = [new Float64Array(0), NO_WORDS, NO_WORDS] as const;

/** A context of the history in a back-off model, with its followers. */
export interface BackoffLevel {
  /** The pattern of the context's table. */
  readonly pattern: Pattern;
  /** Σ log10 of the back-offs of all longer contexts of the history, added up from the longest. */
  readonly backoffs: number;
  /** The ids of the followers of the context, in any sequence. */
  readonly words: Uint32Array;
  /** By follower, log10 p as the table has it, without back-offs. */
  readonly log10Probs: Float64Array;
}

/** The unigrams of a back-off model. */
export interface BackoffUnigrams {
  /** By word id, log10 p; −∞ for a word that the model lacks. */
  readonly log10Probs: Float64Array;
  /** The ids of all words that can be predicted, ascending. */
  readonly words: Uint32Array;
  /** The same ids by falling probability, equally probable words by id. */
  readonly byProbability: Uint32Array;
}

/** A word that the model has after a context of the history. */
interface SeenWord {
  /** log10 p(word | history). */
  readonly log10Prob: number;
  /** The pattern of the longest context after which the model has the word. */
  readonly pattern: Pattern;
}

/**
 * The next words of a back-off model (Katz 1987): the probability of a word is p(w|h') in the longest context h' after which the
 * model has it, times the back-offs of all longer contexts of the history.
 */
export class BackoffNextWords implements NextWords {
  /** By word id, the words that the model has after a context of the history. */
  private readonly seen = new Map<number, SeenWord>();
  /** The probability of every word, once it was asked for. */
  private whole: SpreadWords | undefined;

  /**
   * @param levels the contexts of the history that the model has, the longest first.
   * @param backoffs Σ log10 of the back-offs of all contexts of the history.
   */
  constructor(
    levels: readonly BackoffLevel[],
    private readonly unigrams: BackoffUnigrams,
    private readonly backoffs: number,
  ) {
    for (const { pattern, backoffs, words, log10Probs } of levels) {
      words.forEach((word, i) => {
        if (!this.seen.has(word)) this.seen.set(word, { log10Prob: backoffs + log10Probs[i], pattern });
      });
    }
  }

  possible(except: number): number {
    return this.spread().above(0) - (this.probability(except) > 0 ? 1 : 0);
  }

  probability(word: number): number {
    return word === BOS ? 0 : exp10(this.log10Prob(word));
  }

  top(n: number, except?: number): WordProbability[] {
    const { seen, unigrams } = this;
    const candidates = [...seen.keys()];
    // Words that were not seen after the history have the order of their unigrams, but back-offs can make them equally probable: all, if 0.
    let others = 0;
    let least = Infinity;
    for (const word of unigrams.byProbability) {
      if (seen.has(word)) continue;
      const log10Prob = this.log10Prob(word);
      if (others > n && log10Prob < least) break;
      candidates.push(word);
      least = log10Prob;
      others++;
    }
    return candidates
      .filter(word => word !== except && word !== BOS)
      .map(word => ({ word, probability: this.probability(word), log10Prob: this.log10Prob(word) }))
      .sort((a, b) => b.log10Prob - a.log10Prob || a.word - b.word)
      .slice(0, n);
  }

  /** Draws a word. The probabilities are divided by their sum, because the probabilities of an ARPA file need not add up to 1. */
  sample(random: () => number): number {
    return this.spread().at(random(), NONE);
  }

  /** Computes the probability of every word. */
  spread(): SpreadWords {
    return (this.whole ??= this.spreadAll());
  }

  private spreadAll(): SpreadWords {
    const { words, log10Probs } = this.unigrams;
    const probabilities = Float64Array.from(words, word => this.probability(word));
    return new SpreadWords(words, probabilities, ...NO_GROUPS, words, NO_WORDS, log10Probs.length);
  }

  explain(word: number): Explanation {
    const pattern = formatPattern(this.seen.get(word)?.pattern ?? []);
    return { patterns: [{ pattern, probability: this.probability(word) }], uniform: 0 };
  }

  matched(word: number): number {
    // An imported model knows no text, so that its <unk> is always a token outside the vocabulary, as in scoring.
    return word === UNK ? 1 : (this.seen.get(word)?.pattern.length ?? 0) + 1;
  }

  private log10Prob(word: number): number {
    return this.seen.get(word)?.log10Prob ?? this.backoffs + this.unigrams.log10Probs[word];
  }
}
