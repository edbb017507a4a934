import { log } from '../../base/elementary.js';
import type { WordClasses } from '../../tables/classes.js';
import { NONE } from '../../text/tokens.js';
import { WORD_BUCKETS, wordBucket } from '../parameters.js';
import { LEAST_MATCH, LongestMatch } from './longest-match.js';
import { RecentNgrams } from './recent-ngrams.js';
import { bucketOf, type NextWord } from './running-text.js';

/**
 * The memories of a cache, by kind. Each memory is an expert of its own; its number is the number of words after which the weight of an
 * occurrence has faded to 1/e.
 */
export interface CacheMemories {
  /** Words of the text; an occurrence weighs (ln p)² at first, where p is the probability that the model gave it. */
  readonly unigrams: readonly number[];
  /** Words of the text within their class; none without classes. */
  readonly classes: readonly number[];
  /** Words of the text after the word before. */
  readonly bigrams: readonly number[];
  /** Words of the text after the two words before. */
  readonly trigrams: readonly number[];
}

/** The memories of a cache that is learned now. */
export const MEMORIES: CacheMemories = {
  unigrams: [64, 512],
  classes: [512, 8192],
  bigrams: [64, 1000, 16000],
  trigrams: [16000],
};

/** Upper bounds of the values of two features: the weight of the bigrams, and of the trigrams, that begin with the words before. */
const WEIGHTS = [0, 0.25, 0.5, 1, 2, 4, 8, 16];
/** Upper bounds of the values of a feature: the number of last words that match an earlier place; 0 without a match. */
const LENGTHS = [0, LEAST_MATCH, LEAST_MATCH + 1, LEAST_MATCH + 2, 8, 12, 20];
/** Number of values of the feature that tells how well the cache predicted the last words. */
const SUCCESSES = 16;
/** The share of the weight that a word keeps, from word to word, in that feature. */
const SUCCESS_KEPT = 0.98;

/** Below this share of the weight of a new occurrence, an n-gram is forgotten: after 14 memories. It bounds the memory of a long text. */
const FADED = 1e-6;
/** The least weight of a word of the unigrams: a word that the model was certain of weighs almost nothing. */
const LEAST_WEIGHT = 1e-6;

/** By feature of the gate, its number of values. @param classes number of class ids; 0 without classes. */
export function cacheFeatures(classes: number): number[] {
  return [WORD_BUCKETS, Math.max(1, classes), WEIGHTS.length + 1, WEIGHTS.length + 1, LENGTHS.length + 1, SUCCESSES];
}

/** The number of experts, the model included. */
export function cacheExperts({ unigrams, classes, bigrams, trigrams }: CacheMemories): number {
  return 1 + unigrams.length + classes.length + bigrams.length + trigrams.length + 1;
}

/**
 * The text so far as experts beside the model, which is expert 0. The experts of a kind stand together, in the
 * sequence of {@link CacheMemories}; the last expert is the word after the longest match. Words outside the vocabulary are not held.
 */
export class CacheExperts {
  /** By expert: p of the word that was looked up last. */
  readonly probabilities: Float64Array;
  /** By expert: 1 if it has a distribution after the history that was looked up last, else 0. */
  readonly present: Uint8Array;
  /** By feature of the gate: its value for that history. */
  readonly features: Uint32Array;
  private readonly unigrams: RecentNgrams;
  private readonly inClasses: RecentNgrams;
  private readonly bigrams: RecentNgrams;
  private readonly trigrams: RecentNgrams;
  private readonly match = new LongestMatch();
  /** Whether the cache holds no word yet. */
  private isEmpty = true;
  /** The mean of c/(c + p) over the last words: p by the model, and c the mean of the experts beside it. */
  private success = 0;
  private successWeight = 0;

  constructor(
    memories: CacheMemories,
    private readonly classes: WordClasses | undefined,
  ) {
    const experts = cacheExperts(memories);
    this.probabilities = new Float64Array(experts);
    this.present = new Uint8Array(experts);
    this.features = new Uint32Array(cacheFeatures(0).length);
    this.unigrams = new RecentNgrams(memories.unigrams, FADED);
    this.inClasses = new RecentNgrams(memories.classes, FADED);
    this.bigrams = new RecentNgrams(memories.bigrams, FADED);
    this.trigrams = new RecentNgrams(memories.trigrams, FADED);
  }

  /** Sets `probabilities`, `present` and `features`. @returns false if the cache holds no word yet. */
  look(next: NextWord): boolean {
    if (this.isEmpty) return false;
    const { probabilities, present, features, unigrams, bigrams, trigrams, match, classes } = this;
    const { word, first, second } = next;
    probabilities[0] = next.probability;
    present[0] = 1;
    let expert = 1;
    unigrams.look(NONE, NONE, word);
    expert = this.put(expert, unigrams);
    expert = this.putClasses(expert, next);
    bigrams.look(NONE, first, word);
    expert = this.put(expert, bigrams);
    trigrams.look(second, first, word);
    expert = this.put(expert, trigrams);
    const matched = match.predicted === NONE ? 0 : match.length;
    present[expert] = matched > 0 ? 1 : 0;
    probabilities[expert] = matched > 0 && match.predicted === word ? 1 : 0;
    features[0] = wordBucket(first);
    features[1] = classes ? classes.of[first] : 0;
    features[2] = bucketOf(WEIGHTS, bigrams.total);
    features[3] = bucketOf(WEIGHTS, trigrams.total);
    features[4] = bucketOf(LENGTHS, matched);
    features[5] = this.successWeight === 0 ? 0 : Math.floor((SUCCESSES * this.success) / this.successWeight);
    if (features[5] === SUCCESSES) features[5]--;
    return true;
  }

  /** Adds the word that was looked up last. */
  add({ word, first, second, unknown, probability }: NextWord): void {
    const { unigrams, inClasses, bigrams, trigrams, match, classes } = this;
    if (!this.isEmpty && !unknown) this.addSuccess(probability);
    match.add(unknown ? NONE : word);
    if (unknown) return;
    this.isEmpty = false;
    for (const ngrams of [unigrams, inClasses, bigrams, trigrams]) ngrams.step();
    const surprise = log(probability);
    unigrams.add(NONE, NONE, word, Math.max(surprise * surprise, LEAST_WEIGHT));
    if (classes) inClasses.add(NONE, classes.of[word], word, 1);
    if (first !== NONE) bigrams.add(NONE, first, word, 1);
    if (second !== NONE) trigrams.add(second, first, word, 1);
  }

  /** Forgets the text. */
  clear(): void {
    const { unigrams, inClasses, bigrams, trigrams, match } = this;
    for (const part of [unigrams, inClasses, bigrams, trigrams, match]) part.clear();
    this.isEmpty = true;
    this.success = this.successWeight = 0;
  }

  /** Sets the experts from `expert` on to the n-grams of the table that were looked up last. @returns the next expert. */
  private put(expert: number, { shares, totals }: RecentNgrams): number {
    for (let m = 0; m < shares.length; m++, expert++) {
      this.present[expert] = totals[m] > 0 ? 1 : 0;
      this.probabilities[expert] = shares[m];
    }
    return expert;
  }

  /** As `put`, for P(class | history) · (n + p(word | class))/(N + 1): n is the weight of the word, N that of its class. */
  private putClasses(expert: number, { word, classProbability }: NextWord): number {
    const { classes, inClasses } = this;
    if (!classes) return expert;
    const share = classes.share[word];
    inClasses.look(NONE, classes.of[word], word);
    const { shares, totals } = inClasses;
    for (let m = 0; m < shares.length; m++, expert++) {
      this.present[expert] = 1;
      this.probabilities[expert] = ((classProbability / share) * (shares[m] * totals[m] + share)) / (totals[m] + 1);
    }
    return expert;
  }

  private addSuccess(probability: number): void {
    const { probabilities } = this;
    let sum = 0;
    for (let expert = 1; expert < probabilities.length; expert++) sum += probabilities[expert];
    const mean = sum / (probabilities.length - 1);
    this.success = this.success * SUCCESS_KEPT + mean / (mean + probability);
    this.successWeight = this.successWeight * SUCCESS_KEPT + 1;
  }
}
