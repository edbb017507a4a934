import type { WordClasses } from '../../tables/classes.js';
import { classStream, isContiguous, tableName, type Stream } from '../../tables/pattern.js';
import type { Term } from '../../smoothing/terms.js';
import type { Explanation, PatternPart } from './prediction.js';
import type { Followers } from '../../smoothing/followers.js';

/** A pattern whose context was seen in training, and the followers of this context. */
export interface Voter {
  readonly term: Term;
  readonly followers: Followers;
}

/**
 * The parts of the probability of the word after a history: p(w) = Σ term(count of w) + uniform, where the sum has a term for each voter
 * and one for the unigrams. For each class model, p(w | class of w) times such a sum for the class of w is added.
 */
export interface NextWord {
  /** All patterns whose contexts were seen, except the empty pattern; patterns with fewer kept words first. */
  readonly voters: readonly Voter[];
  /** The term of the empty pattern. */
  readonly unigrams: Term;
  readonly uniform: number;
  /** By class model. */
  readonly nextClasses: readonly NextClass[];
  /** In a chain, whose contexts each back off to one shorter context: 1/V, with which the unigrams are interpolated. */
  readonly floor?: number | undefined;
}

/** The next word of a chain. */
export type ChainWord = NextWord & { readonly floor: number };

export function isChain(next: NextWord): next is ChainWord {
  return next.floor !== undefined;
}

/**
 * In a chain: p of a word, with the bits that scoring gives.
 *
 * @param unigramCount the word's count in the table of unigrams.
 */
export function chainProbability({ voters, unigrams, floor }: ChainWord, word: number, unigramCount: number): number {
  let probability = unigrams.interpolate(unigramCount, floor);
  for (const { term, followers } of voters) probability = term.interpolate(followers.countOf(word), probability);
  return probability;
}

/** The parts of the probability of the next word's class; all are multiplied by the weight of the class model. */
export interface NextClass {
  readonly classes: WordClasses;
  /** All patterns of classes whose contexts were seen, the empty pattern included. */
  readonly voters: readonly Voter[];
  readonly uniform: number;
  /** By class, its probability: the sum over the voters and the uniform distribution. */
  readonly probabilities: Float64Array;
}

/** The probability of each class: the sum over the voters and the uniform distribution. */
export function classProbabilities(voters: readonly Voter[], uniform: number, count: number): Float64Array {
  const probabilities = new Float64Array(count).fill(uniform);
  const classes = new Uint32Array(count);
  const counts = new Uint32Array(count);
  for (const { term, followers } of voters) {
    followers.copy(classes, counts);
    for (let i = 0; i < followers.length; i++) probabilities[classes[i]] += term.value(counts[i]);
  }
  return probabilities;
}

/** The part of a word's probability that the class models give. */
export function classPart(nextClasses: readonly NextClass[], word: number): number {
  let sum = 0;
  for (const { classes, probabilities } of nextClasses) sum += classes.share[word] * probabilities[classes.of[word]];
  return sum;
}

/** The length of the longest n-gram of the model that ends with the word after the history. */
export function matchedLength({ voters }: NextWord, word: number): number {
  let length = 1;
  for (const { term, followers } of voters) {
    if (isContiguous(term.pattern) && followers.countOf(word) > 0) length = Math.max(length, term.pattern.length + 1);
  }
  return length;
}

/** Explains a word's probability as a sum of parts, one for each pattern. @param unigramCount the word's count in the table of unigrams. */
export function explain(next: NextWord, word: number, unigramCount: number): Explanation {
  const { voters, unigrams, nextClasses } = next;
  const patterns: PatternPart[] = [];
  const add = (stream: Stream, { pattern }: Term, probability: number): void => {
    if (probability > 0) patterns.push({ pattern: tableName(pattern, stream), probability });
  };
  add('words', unigrams, unigrams.value(unigramCount));
  for (const { term, followers } of voters) add('words', term, term.value(followers.countOf(word)));
  let { uniform } = next;
  for (const [clustering, nextClass] of nextClasses.entries()) {
    const share = nextClass.classes.share[word];
    const ofWord = nextClass.classes.of[word];
    for (const { term, followers } of nextClass.voters) {
      add(classStream(clustering), term, share * term.value(followers.countOf(ofWord)));
    }
    uniform += share * nextClass.uniform;
  }
  patterns.sort((a, b) => b.probability - a.probability);
  return { patterns, uniform };
}
