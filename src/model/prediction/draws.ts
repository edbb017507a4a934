import type { Term } from '../../smoothing/terms.js';
import type { WordLists } from './top-words.js';
import type { NextWord, Voter } from './voters.js';

/** The sums of contexts with more followers than this are kept in memory. */
const KEPT_FROM = 32;
/** The most followers of all contexts in `young`; `old` can have the same number (48 MB together). */
const MOST_YOUNG = 1 << 21;

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
 * the uniform distribution. A binary search in the sums of a context finds the part at a point; the sums are kept for contexts with many
 * followers.
 */
export class Draws {
  /** The sums of the contexts that were used last, by table and key of the context. When these are too many, they become `old`. */
  private young = new Map<number, FollowerSums>();
  private old = new Map<number, FollowerSums>();
  /** The number of followers in `young`. */
  private size = 0;
  /** By index in `byCount`, the sum of the discounted unigram counts of all words up to this one. */
  private unigramSums: Float64Array | undefined;

  private readonly sorting: Sorting;

  constructor(private readonly lists: WordLists) {
    this.sorting = new Sorting(lists.counts.length);
  }

  /** The word at a point of the unit interval. */
  at(next: NextWord, point: number): number {
    const { voters, unigrams, uniform, nextClass } = next;
    const { byCount, byClass, starts } = this.lists;
    let remaining = point;
    for (let v = voters.length - 1; v >= 0; v--) {
      const { scale, mass } = voters[v].term;
      if (remaining >= mass) {
        remaining -= mass;
        continue;
      }
      const { words, sums } = this.sumsOf(voters[v]);
      const sum = sums.length > 0 ? scale * sums[sums.length - 1] : 0;
      // Rounding can make the mass larger than the sum.
      if (remaining < sum || (remaining < mass && sum > 0)) return words[firstAbove(sums, remaining / scale)];
      remaining -= sum;
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

  /** The sums of a context, which are computed if they are not in memory. */
  private sumsOf(voter: Voter): FollowerSums {
    const { length, key } = voter.followers;
    if (length <= KEPT_FROM) return addUp(voter, sortFew);
    const name = voter.term.table * 2 ** 32 + key;
    let found = this.young.get(name);
    if (found) return found;
    found = this.old.get(name) ?? addUp(voter, this.sorting.sort);
    if (this.size + length > MOST_YOUNG) {
      this.old = this.young;
      this.young = new Map<number, FollowerSums>();
      this.size = 0;
    }
    this.young.set(name, found);
    this.size += length;
    return found;
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
  let sum = 0;
  for (let i = 0; i < length; i++) sums[i] = sum += term.discounted(counts[i]);
  return { words, sums };
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

/** Sorts a few words by id, with their counts, by insertion. */
function sortFew(words: Uint32Array, counts: Uint32Array): void {
  for (let i = 1; i < words.length; i++) {
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
