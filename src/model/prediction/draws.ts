import type { Term } from '../../smoothing/terms.js';
import { nameOf, RecentContexts } from './recent-contexts.js';
import type { WordLists } from './top-words.js';
import type { NextWord, Voter } from './voters.js';

/** The sums of contexts with more followers than this are kept in memory if the context is drawn from again soon. */
const KEPT_FROM = 512;
/** How many contexts are remembered that were drawn from once. */
const MOST_ONCE = 1 << 14;
/** The most followers of all contexts that were used last; a second generation can have the same number (96 MB together). */
const MOST_FOLLOWERS = 1 << 22;

/** The followers of a context in the order of their ids, with the sums of their discounted counts. */
interface FollowerSums {
  /** The ids of the followers, ascending. */
  readonly words: Uint32Array;
  /** By follower, the sum of the discounted counts of all followers from the first up to this one. */
  readonly sums: Float64Array;
}

/**
 * Draws the next word of a mixture without computing its distribution. The probability of a word is a sum of parts: from each context, from
 * the class model, from the unigrams, and from the uniform distribution. The unit interval is divided into these parts: first the parts of
 * each context, longest context first, by word id; then the parts of the classes and their words; then the parts of the unigrams, and of
 * the uniform distribution. The part of a context at a point is found by a selection among its followers ({@link Selection}) or, for
 * contexts with many followers that are drawn from again, by a binary search in sums that are kept.
 */
export class Draws {
  /** The sums of the contexts that were used last. */
  private readonly recent = new RecentContexts<FollowerSums>(MOST_FOLLOWERS, ({ words }) => words.length);
  /** By index in `byCount`, the sum of the discounted unigram counts of all words up to this one. */
  private unigramSums: Float64Array | undefined;
  /** The contexts with many followers that were drawn from once, by name. */
  private readonly once = new Set<number>();
  private readonly sorting: Sorting;
  private readonly selection: Selection;

  constructor(private readonly lists: WordLists) {
    this.sorting = new Sorting(lists.counts.length);
    this.selection = new Selection(lists.counts.length);
  }

  /** The word at a point of the unit interval. */
  at(next: NextWord, point: number): number {
    const { voters, unigrams, uniform, nextClasses } = next;
    const { byCount, clusterings } = this.lists;
    let remaining = point;
    for (let v = voters.length - 1; v >= 0; v--) {
      const { scale, mass } = voters[v].term;
      if (remaining >= mass) {
        remaining -= mass;
        continue;
      }
      // The mass is the sum of the parts of all followers.
      if (!this.isKept(voters[v])) return this.selection.at(voters[v], remaining / scale);
      const { words, sums } = this.sumsOf(voters[v]);
      return words[firstAbove(sums, remaining / scale)];
    }
    for (const [m, { probabilities, classes }] of nextClasses.entries()) {
      const { byClass, starts } = clusterings[m];
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
    const sums = (this.unigramSums ??= this.sumUnigrams(unigrams));
    const mass = unigrams.scale * sums[sums.length - 1];
    if (remaining < mass) return byCount[firstAbove(sums, Math.max(0, remaining) / unigrams.scale)];
    const at = uniform > 0 ? Math.floor((remaining - mass) / uniform) : 0;
    // By rounding, the parts may add up to a little less than the interval.
    return byCount[at < byCount.length ? at : 0];
  }

  /** The sums of discounted counts of the unigrams. */
  private sumUnigrams(unigrams: Term): Float64Array {
    const { counts, byCount } = this.lists;
    const sums = new Float64Array(byCount.length);
    let sum = 0;
    for (let i = 0; i < sums.length; i++) sums[i] = sum += unigrams.discounted(counts[byCount[i]]);
    return sums;
  }

  /** Whether the sums of a context are in memory or should be: the context has many followers, and this is not the first draw from them. */
  private isKept(voter: Voter): boolean {
    const { recent, once } = this;
    if (voter.followers.length <= KEPT_FROM) return false;
    if (recent.has(voter)) return true;
    const name = nameOf(voter);
    if (once.delete(name)) return true;
    if (once.size === MOST_ONCE) once.clear();
    once.add(name);
    return false;
  }

  /** The sums of a context, which are computed if they are not in memory. */
  private sumsOf(voter: Voter): FollowerSums {
    return this.recent.get(voter, absent => addUp(absent, this.sorting.sort));
  }
}

/** Computes the sums of a context. @param sort sorts words by id, with their counts. */
function addUp({ term, followers }: Voter, sort: (words: Uint32Array, counts: Uint32Array) => void): FollowerSums {
  const { length } = followers;
  const words = new Uint32Array(length);
  const counts = new Uint32Array(length);
  const sums = new Float64Array(length);
  followers.copy(words, counts);
  sort(words, counts);
  // The same sums, to the last bit, as those of a selection.
  let [ones, twos, others, rest] = [0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    const count = counts[i];
    if (count === 1) ones++;
    else if (count === 2) twos++;
    else {
      others++;
      rest += count;
    }
    sums[i] = term.discountedSum(ones, twos, others, rest);
  }
  return { words, sums };
}

/** A selection divides words by this many bits of their ids at a time. */
const DIGIT_BITS = 6;
const DIGITS = 1 << DIGIT_BITS;
/** At most this many words are sorted by insertion. */
const FEW = 24;

/**
 * Finds the follower of a context at a point of the sums of the discounted counts by word id, without sorting: it divides the followers by
 * the highest bits of their ids, adds up each part, and continues in the part that has the point. Time and memory are in proportion to
 * the number of followers. Sums are made of whole numbers, so that they do not depend on the sequence of the followers.
 */
class Selection {
  private words = new Uint32Array(KEPT_FROM);
  private counts = new Uint32Array(KEPT_FROM);
  /** By digit of the ids: how many words have the count 1, the count 2 and other counts, and the sum of these other counts. */
  private readonly ones = new Uint32Array(DIGITS);
  private readonly twos = new Uint32Array(DIGITS);
  private readonly others = new Uint32Array(DIGITS);
  private readonly rests = new Float64Array(DIGITS);
  /** How far ids are shifted to get their first digit [bits]. */
  private readonly firstShift: number;

  /** @param ids one more than the largest id. */
  constructor(ids: number) {
    let shift = 0;
    while ((ids - 1) >>> shift >= DIGITS) shift += DIGIT_BITS;
    this.firstShift = shift;
  }

  /** The first word, by id, up to which the sum of discounted counts is above a value; the last word if rounding made the value too large. */
  at({ term, followers }: Voter, value: number): number {
    let size = followers.length;
    if (size > this.words.length) {
      this.words = new Uint32Array(2 * size);
      this.counts = new Uint32Array(2 * size);
    }
    const { words, counts, ones, twos, others, rests } = this;
    followers.copy(words, counts);
    let [sumOnes, sumTwos, sumOthers, sumRests] = [0, 0, 0, 0];
    for (let shift = this.firstShift; size > FEW; shift -= DIGIT_BITS) {
      ones.fill(0);
      twos.fill(0);
      others.fill(0);
      rests.fill(0);
      let last = 0;
      for (let i = 0; i < size; i++) {
        const digit = (words[i] >>> shift) & (DIGITS - 1);
        const count = counts[i];
        if (digit > last) last = digit;
        if (count === 1) ones[digit]++;
        else if (count === 2) twos[digit]++;
        else {
          others[digit]++;
          rests[digit] += count;
        }
      }
      let digit = 0;
      for (; digit < last; digit++) {
        const [withOnes, withTwos] = [sumOnes + ones[digit], sumTwos + twos[digit]];
        const [withOthers, withRests] = [sumOthers + others[digit], sumRests + rests[digit]];
        if (term.discountedSum(withOnes, withTwos, withOthers, withRests) > value) break;
        sumOnes = withOnes;
        sumTwos = withTwos;
        sumOthers = withOthers;
        sumRests = withRests;
      }
      let kept = 0;
      for (let i = 0; i < size; i++) {
        if (((words[i] >>> shift) & (DIGITS - 1)) !== digit) continue;
        words[kept] = words[i];
        counts[kept++] = counts[i];
      }
      size = kept;
    }
    sortFew(words, counts, size);
    for (let i = 0; i + 1 < size; i++) {
      const count = counts[i];
      if (count === 1) sumOnes++;
      else if (count === 2) sumTwos++;
      else {
        sumOthers++;
        sumRests += count;
      }
      if (term.discountedSum(sumOnes, sumTwos, sumOthers, sumRests) > value) return words[i];
    }
    return words[size - 1];
  }
}

/** Sorts distinct words by id, with their counts, in time proportional to the number of words plus 1/32 of the vocabulary. */
class Sorting {
  /** A bit for each word id; 0 between calls. */
  private readonly bits: Uint32Array;
  /** By word id, the count of the words of the last call. */
  private readonly counts: Uint32Array;

  /** @param ids one more than the largest id. */
  constructor(ids: number) {
    this.bits = new Uint32Array((ids >>> 5) + 1);
    this.counts = new Uint32Array(ids);
  }

  readonly sort = (words: Uint32Array, counts: Uint32Array): void => {
    const { bits } = this;
    for (let i = 0; i < words.length; i++) {
      const word = words[i];
      bits[word >>> 5] |= 1 << (word & 31);
      this.counts[word] = counts[i];
    }
    let size = 0;
    for (let at = 0; size < words.length; at++) {
      for (let rest = bits[at]; rest !== 0; rest &= rest - 1) {
        const word = (at << 5) + 31 - Math.clz32(rest & -rest);
        words[size] = word;
        counts[size++] = this.counts[word];
      }
      bits[at] = 0;
    }
  };
}

/** Sorts the first `size` words by id, with their counts, by insertion. */
function sortFew(words: Uint32Array, counts: Uint32Array, size: number): void {
  for (let i = 1; i < size; i++) {
    const word = words[i];
    const count = counts[i];
    let at = i;
    for (; at > 0 && words[at - 1] > word; at--) {
      words[at] = words[at - 1];
      counts[at] = counts[at - 1];
    }
    words[at] = word;
    counts[at] = count;
  }
}

/** The first index whose sum is above a value; the last index if rounding made the value too large. */
function firstAbove(sums: Float64Array, value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
