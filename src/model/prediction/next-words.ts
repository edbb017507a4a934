import type { Spreading, SpreadWords } from './spread.js';
import type { TopWords, WordLists, WordProbability } from './top-words.js';
import type { Explanation } from './prediction.js';
import { explain, matchedLength, type NextWord, type Voter } from './voters.js';

/**
 * The distribution of the word after one history, by word id. `predict` reads it; `model.distribution(history)` is the same by token.
 */
export interface NextWords {
  /** p(word | history); 0 for `<s>`, which never comes next. */
  probability(word: number): number;
  /** The `n` most probable words by falling probability, equally probable words by id. @param except the id of a word to leave out. */
  top(n: number, except?: number): WordProbability[];
  /**
   * Draws a word with its probability. The same random numbers give the same words, whether tables are paged or loaded.
   *
   * @param random returns a number from 0 to below 1.
   */
  sample(random: () => number): number;
  /** The probability of a word as a sum of parts, one for each pattern. */
  explain(word: number): Explanation;
  /** The length of the longest n-gram of the model that ends with the word after this history [words]: at least 1. */
  matched(word: number): number;
  /** The whole distribution, for sums, ranks and lists of all words. */
  spread(): SpreadWords;
}

/** The next words of a mixture. The followers of all contexts of the history are in memory, so that no file is read. */
export class MixtureNextWords implements NextWords {
  /** The parts of the contexts, longest context first; made for the first sample. */
  private parts: readonly ContextPart[] | undefined;

  constructor(
    private readonly next: NextWord,
    private readonly lists: WordLists,
    private readonly search: TopWords,
    private readonly spreading: Spreading,
  ) {}

  spread(): SpreadWords {
    return this.spreading.spread(this.next);
  }

  probability(word: number): number {
    return this.search.probability(this.next, word);
  }

  top(n: number, except?: number): WordProbability[] {
    return this.search.find(this.next, n, except);
  }

  /**
   * Finds the word at a random point of the unit interval, which is divided by the parts of the words' probabilities: first the parts of
   * each context, longest context first, by word id; then the parts of the classes and their words; then, for all words, the part of the
   * empty pattern and the uniform distribution. Takes O(V) steps at worst.
   */
  sample(random: () => number): number {
    const { unigrams, uniform, nextClass } = this.next;
    const { counts, byCount, byClass, starts } = this.lists;
    let remaining = random();
    this.parts ??= this.next.voters.map(partOf).reverse();
    for (const { words, values } of this.parts) {
      for (let i = 0; i < words.length; i++) {
        remaining -= values[i];
        if (remaining < 0) return words[i];
      }
    }
    if (nextClass) {
      const { probabilities, classes } = nextClass;
      for (let c = 0; c < classes.count; c++) {
        if (starts[c] === starts[c + 1]) continue;
        if (remaining >= probabilities[c]) {
          remaining -= probabilities[c];
          continue;
        }
        for (let i = starts[c]; i < starts[c + 1]; i++) {
          remaining -= probabilities[c] * classes.share[byClass[i]];
          if (remaining < 0) return byClass[i];
        }
      }
    }
    for (const word of byCount) {
      remaining -= unigrams.value(counts[word]) + uniform;
      if (remaining < 0) return word;
    }
    // By rounding, the parts may add up to a little less than the interval.
    return byCount[0];
  }

  explain(word: number): Explanation {
    return explain(this.next, word, this.lists.counts[word]);
  }

  matched(word: number): number {
    return matchedLength(this.next, word);
  }
}

/** The part of one context in the probabilities of the words that follow it, ascending by word id. */
interface ContextPart {
  readonly words: Uint32Array;
  /** By word, its part of p(word | history). */
  readonly values: Float64Array;
}

function partOf({ term, followers }: Voter): ContextPart {
  const words = new Uint32Array(followers.length);
  const counts = new Uint32Array(followers.length);
  followers.copy(words, counts);
  const order = Uint32Array.from(words.keys()).sort((a, b) => words[a] - words[b]);
  return { words: order.map(i => words[i]), values: Float64Array.from(order, i => term.value(counts[i])) };
}
