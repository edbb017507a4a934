import { log } from '../../base/elementary.js';
import { NONE } from '../../text/tokens.js';
import { noWord } from './no-word.js';
import { isPredicted } from './predicted.js';
import { sortDescending } from './sort-descending.js';
import type { WordLists } from './top-words.js';
import { classPart, isChain, type ChainWord, type NextWord } from './voters.js';

/** The parts of contexts with more followers than this are added last, as in `TopWords.probability`, so that both sums have the same bits. */
const NARROW = 512;

/**
 * Words with the same unigram count that follow none of the contexts. All words of a group have the same probability, which depends on
 * the unigram count alone. They are the words of `byCount[from, to)`, without the words that follow a context.
 */
interface Group {
  /** The probability of each word of the group. */
  readonly probability: number;
  readonly from: number;
  readonly to: number;
  /** Number of words in the group. */
  readonly size: number;
}

/** Words by falling probability, as runs of equally probable words. A run has at least one word, and its probability is above 0. */
export interface Runs {
  /** By run, the probability of each of its words. */
  readonly probabilities: Float64Array;
  /** By run, its number of words. */
  readonly counts: Uint32Array;
  /** The sum of the probabilities of all words, with those of runs that were left out; missing if none may be left out. */
  readonly mass?: number;
  /** The id of word n of a run (n from 0), in the order of the ids. */
  readonly word: (run: number, n: number) => number;
}

/** How many runs are needed; see {@link SpreadWords.runs}. */
export interface RunLimit {
  readonly least?: number;
  readonly share?: number;
}

/** The distribution of the next word, by word id. */
export interface Spread {
  /** One more than the largest id. */
  readonly ids: number;
  /** −Σ p ln p [nats]. */
  readonly entropy: number;
  /** Σ p ln² p [nats²]. */
  readonly secondMoment: number;
  /** How many words are more probable than `probability`. */
  above(probability: number): number;
  /** p of a word; 0 for a word that cannot be predicted. */
  probability(word: number): number;
  /** All words by falling probability, equally probable words by id. */
  descending(): Generator<readonly [word: number, probability: number], void, void>;
  /**
   * The words by falling probability, as runs of equally probable words.
   *
   * @param except the id of a word to leave out.
   * @param limit if given, runs behind it may be left out, because the caller needs no more: runs with a smaller probability than `least`, and
   *   runs behind the first ones with the share `share` of the mass of all words but `except`. The first run is never left out.
   */
  runs(except: number, limit?: RunLimit): Runs;
  /**
   * The word at a point of the interval from 0 to 1, which is divided among the words by their probabilities: first the words that follow
   * a context, by id, then the groups of words that follow none.
   *
   * @param except the id of a word that gets no part of the interval.
   * @throws KNESER_OPTION if p = 0 for all other words.
   */
  at(point: number, except: number): number;
  /** By word id, p of the word; length: `ids`. */
  dense(): Float64Array;
}

/** A distribution over word ids: a probability for each word that follows a context, and one for each group of other words. */
export class SpreadWords implements Spread {
  /** The groups, when they were asked for. */
  private made: readonly Group[] | undefined;

  /**
   * @param words the ids of the words that follow a context, ascending.
   * @param probabilities for each of `words`, its probability.
   * @param groupProbabilities all other words form groups: by group, the probability of each of its words.
   * @param groupSizes by group, its number of words.
   * @param starts group k is `byCount[starts[k], starts[k + 1])`, without the words that follow a context.
   * @param byCount all words by falling unigram count.
   * @param groupOf by word id, the index of the word's group, whether or not the word follows a context.
   */
  constructor(
    private readonly words: Uint32Array,
    private readonly probabilities: Float64Array,
    private readonly groupProbabilities: Float64Array,
    private readonly groupSizes: Uint32Array,
    private readonly starts: Uint32Array,
    private readonly byCount: Uint32Array,
    private readonly groupOf: Uint32Array,
    /** One more than the largest id. */
    readonly ids: number,
  ) {}

  /** The groups as objects: there are thousands, and sums do not need them. */
  private get groups(): readonly Group[] {
    const { groupProbabilities, groupSizes, starts } = this;
    return (this.made ??= Array.from(groupProbabilities, (probability, k) => ({
      probability,
      from: starts[k],
      to: starts[k + 1],
      size: groupSizes[k],
    })));
  }

  get entropy(): number {
    return this.sum(entropyPart);
  }

  get secondMoment(): number {
    return this.sum(secondMomentPart);
  }

  /** Σ f(p) over all words. f(0) must be 0. */
  private sum(f: (probability: number) => number): number {
    let sum = 0;
    const { probabilities, groupProbabilities, groupSizes } = this;
    for (let i = 0; i < probabilities.length; i++) sum += f(probabilities[i]);
    for (let k = 0; k < groupSizes.length; k++) if (groupSizes[k] > 0) sum += groupSizes[k] * f(groupProbabilities[k]);
    return sum;
  }

  above(probability: number): number {
    let count = 0;
    const { probabilities, groupProbabilities, groupSizes } = this;
    for (let i = 0; i < probabilities.length; i++) if (probabilities[i] > probability) count++;
    for (let k = 0; k < groupSizes.length; k++) if (groupProbabilities[k] > probability) count += groupSizes[k];
    return count;
  }

  *descending(): Generator<readonly [word: number, probability: number], void, void> {
    const { words, probabilities } = this;
    const order = sortDescending(
      probabilities,
      Uint32Array.from({ length: words.length }, (_, i) => i),
    );
    const groups = this.groups.filter(({ size }) => size > 0).sort((a, b) => b.probability - a.probability);
    let next = 0;
    let at = 0;
    while (next < order.length || at < groups.length) {
      const probability = Math.max(
        next < order.length ? probabilities[order[next]] : -Infinity,
        at < groups.length ? groups[at].probability : -Infinity,
      );
      const first = next;
      while (next < order.length && probabilities[order[next]] === probability) next++;
      let alike: number[] = Array.from(order.subarray(first, next), i => words[i]);
      const own = alike.length;
      for (; at < groups.length && groups[at].probability === probability; at++) {
        alike = alike.concat(this.wordsOf(groups[at]));
      }
      if (alike.length > own) alike.sort((a, b) => a - b);
      for (const word of alike) yield [word, probability];
    }
  }

  runs(except: number, limit?: RunLimit): Runs {
    const { words, probabilities, groupProbabilities, groupSizes } = this;
    const own = words.length;
    const all = new Float64Array(own + groupSizes.length);
    all.set(probabilities);
    for (let k = 0; k < groupSizes.length; k++) all[own + k] = groupSizes[k] > 0 ? groupProbabilities[k] : 0;
    const exceptAt = indexOf(words, except);
    if (exceptAt >= 0) all[exceptAt] = 0;
    const exceptIn = this.groupAround(except);
    // An item is the index of a word in `words`, or `own` plus the index of a group.
    const sizeOf = (item: number): number =>
      item < own ? 1 : groupSizes[item - own] - (item - own === exceptIn ? 1 : 0);
    const firstOf = (item: number): number => (item < own ? words[item] : this.nthOf(item - own, 0, except));
    let size = 0;
    const items = new Uint32Array(all.length);
    for (let item = 0; item < own; item++) if (all[item] > 0) items[size++] = item;
    for (let item = own; item < all.length; item++) if (all[item] > 0 && sizeOf(item) > 0) items[size++] = item;
    const mass = limit && massOfItems(all, items.subarray(0, size), sizeOf);
    if (limit && mass) size = withinLimit(all, items, size, sizeOf, limit, mass);
    const order = sortDescending(all, items.subarray(0, size));
    sortTies(order, all, own, firstOf);
    const sorted = new Float64Array(size);
    const counts = new Uint32Array(size);
    for (let i = 0; i < size; i++) {
      sorted[i] = all[order[i]];
      counts[i] = order[i] < own ? 1 : sizeOf(order[i]);
    }
    return {
      ...(mass === undefined ? {} : { mass }),
      probabilities: sorted,
      counts,
      word: (run, n) => {
        const item = order[run];
        return item < own ? words[item] : this.nthOf(item - own, n, except);
      },
    };
  }

  /** The id of word n of a group (n from 0), in the order of the ids. @param except the id of a word that is not counted. */
  private nthOf(group: number, n: number, except: number): number {
    let remaining = n;
    for (let at = this.starts[group]; at < this.starts[group + 1]; at++) {
      const word = this.byCount[at];
      if (word !== except && indexOf(this.words, word) < 0 && remaining-- === 0) return word;
    }
    return except;
  }

  at(point: number, except: number): number {
    const { words, probabilities, groupProbabilities, groupSizes } = this;
    let remaining = point * (this.sum(probability => probability) - this.probability(except));
    let last = NONE;
    for (let i = 0; i < words.length; i++) {
      if (words[i] === except || probabilities[i] === 0) continue;
      last = words[i];
      remaining -= probabilities[i];
      if (remaining < 0) return last;
    }
    const exceptIn = this.groupAround(except);
    const sizeOf = (group: number): number => groupSizes[group] - (group === exceptIn ? 1 : 0);
    let lastGroup = -1;
    for (let k = 0; k < groupSizes.length; k++) {
      const all = groupProbabilities[k] * sizeOf(k);
      if (all === 0) continue;
      if (remaining < all) {
        const n = Math.floor(remaining / groupProbabilities[k]);
        return this.nthOf(k, Math.min(sizeOf(k) - 1, n), except);
      }
      lastGroup = k;
      remaining -= all;
    }
    // Rounding can leave a little of the interval that belongs to no word.
    if (lastGroup >= 0) return this.nthOf(lastGroup, sizeOf(lastGroup) - 1, except);
    if (last === NONE) throw noWord(this, except);
    return last;
  }

  probability(word: number): number {
    const i = indexOf(this.words, word);
    if (i >= 0) return this.probabilities[i];
    const group = this.groupAround(word);
    return group < 0 ? 0 : this.groupProbabilities[group];
  }

  /** The index of the group of a word that follows no context; −1 for any other word. */
  private groupAround(word: number): number {
    return isPredicted(word) && indexOf(this.words, word) < 0 ? (this.groupOf[word] ?? -1) : -1;
  }

  dense(): Float64Array {
    const all = new Float64Array(this.ids);
    for (const { from, to, probability } of this.groups) {
      for (let at = from; at < to; at++) all[this.byCount[at]] = probability;
    }
    this.words.forEach((word, i) => (all[word] = this.probabilities[i]));
    return all;
  }

  /** The words of a group. */
  private wordsOf({ from, to }: Group): number[] {
    const others: number[] = [];
    for (const word of this.byCount.subarray(from, to)) if (indexOf(this.words, word) < 0) others.push(word);
    return others;
  }
}

/** Σ of the probabilities of the words of items. @param all by item, the probability of each of its words. */
function massOfItems(all: Float64Array, items: Uint32Array, sizeOf: (item: number) => number): number {
  let mass = 0;
  for (const item of items) mass += sizeOf(item) * all[item];
  return mass;
}

/** The binary exponents of numbers, as their IEEE 754 form has them, are below this. */
const EXPONENTS = 1 << 11;

/** Moves the items within a limit to the front. @returns how many there are. */
function withinLimit(
  all: Float64Array,
  items: Uint32Array,
  size: number,
  sizeOf: (item: number) => number,
  { least = 0, share = 1 }: RunLimit,
  mass: number,
): number {
  const bits = new Uint32Array(all.buffer, all.byteOffset, 2 * all.length);
  let [lowest, highest] = [0, 0];
  for (let i = 0; i < size; i++) highest = Math.max(highest, all[items[i]]);
  if (share < 1) {
    // Whole exponents are kept until they have the share. The sum has rounding errors of far less than a part in 2^32.
    const masses = new Float64Array(EXPONENTS);
    for (let i = 0; i < size; i++) masses[bits[2 * items[i] + 1] >>> 20] += sizeOf(items[i]) * all[items[i]];
    lowest = EXPONENTS - 1;
    for (let sum = masses[lowest]; lowest > 0 && sum < share * mass * (1 + 2 ** -32); sum += masses[lowest]) lowest--;
  }
  let kept = 0;
  for (let i = 0; i < size; i++) {
    const item = items[i];
    const isWithin = all[item] >= least && bits[2 * item + 1] >>> 20 >= lowest;
    if (isWithin || all[item] === highest) items[kept++] = item;
  }
  return kept;
}

/**
 * Sorts items of the same probability by their first words. Words are in the order of their ids already; groups of words are not.
 *
 * @param order the items by falling probability; changed.
 * @param all by item, its probability.
 * @param own the number of items that are words; larger items are groups.
 */
function sortTies(order: Uint32Array, all: Float64Array, own: number, firstOf: (item: number) => number): void {
  for (let i = 0; i < order.length; i++) {
    if (order[i] < own) continue;
    let from = i;
    while (from > 0 && all[order[from - 1]] === all[order[i]]) from--;
    let to = i + 1;
    while (to < order.length && all[order[to]] === all[order[i]]) to++;
    if (to - from > 1) order.subarray(from, to).sort((a, b) => firstOf(a) - firstOf(b));
    i = to - 1;
  }
}

/** The index of a word in an ascending list; −1 if the list lacks it. */
function indexOf(words: Uint32Array, word: number): number {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (words[middle] < word) low = middle + 1;
    else high = middle;
  }
  return words[low] === word ? low : -1;
}

/** Words with the same unigram count form a group; groups by falling count. Group k is `byCount[starts[k], starts[k + 1])`. */
export interface CountGroups {
  readonly starts: Uint32Array;
  /** By group, its number of words. */
  readonly sizes: Uint32Array;
  /** By word id, the index of the word's group. */
  readonly of: Uint32Array;
}

/** Groups words by their unigram counts. */
export function countGroups({ counts, byCount }: WordLists): CountGroups {
  const of = new Uint32Array(counts.length);
  const starts: number[] = [];
  for (let at = 0; at < byCount.length; at++) {
    if (at === 0 || counts[byCount[at]] !== counts[byCount[at - 1]]) starts.push(at);
    of[byCount[at]] = starts.length - 1;
  }
  starts.push(byCount.length);
  const sizes = Uint32Array.from({ length: starts.length - 1 }, (_, k) => starts[k + 1] - starts[k]);
  return { starts: Uint32Array.from(starts), sizes, of };
}

/**
 * Makes {@link SpreadWords} of the next words of a mixture. Let F be the set of words that follow any context of the history. The
 * probability of a word outside F depends only on its unigram count c: p = uniform + term(c) =: g(c). If n(c) words have the unigram
 * count c, and n_F(c) of them are in F, then
 *
 *     Σ_w f(p(w)) = Σ_{w∈F} f(p(w)) + Σ_c (n(c) − n_F(c)) · f(g(c)).
 *
 * The sum takes |F| steps plus one for each distinct count, not one for each word of the vocabulary. With a class model the probability
 * of each word depends on its class too, so that F is the whole vocabulary.
 */
export class Spreading {
  /** By word id, the word's probability, or the sum of some of its parts; 0 between calls. */
  private readonly sums: Float64Array;
  /** By word id, not 0 if the word is in `touched`; 0 between calls. */
  private readonly seen: Uint8Array;
  /** The ids of the words that follow a context of the history. */
  private readonly touched: Uint32Array;
  /** A bit for each word id; 0 between calls. */
  private readonly bits: Uint32Array;
  /** In a chain: by group of words with the same unigram count, p of each of its words after the empty context. */
  private unigramProbabilities: Float64Array | undefined;

  constructor(
    private readonly lists: WordLists,
    private readonly groups: CountGroups,
  ) {
    const { counts } = lists;
    this.sums = new Float64Array(counts.length);
    this.seen = new Uint8Array(counts.length);
    this.touched = new Uint32Array(counts.length);
    this.bits = new Uint32Array((counts.length >>> 5) + 1);
  }

  /** The distribution of the next word. */
  spread(next: NextWord): SpreadWords {
    const { sums, seen, lists, groups } = this;
    const { counts, byCount } = lists;
    const { starts, of: groupOf } = groups;
    const size = isChain(next) ? this.gatherChain(next) : this.gatherSums(next);
    const words = this.sortedByBits(size);
    const probabilities = new Float64Array(size);
    const remaining = groups.sizes.slice();
    for (let i = 0; i < size; i++) {
      const word = words[i];
      probabilities[i] = sums[word];
      sums[word] = 0;
      seen[word] = 0;
      remaining[groupOf[word]]--;
    }
    const others = new Float64Array(remaining.length);
    for (let k = 0; k < others.length; k++) others[k] = otherProbability(next, counts[byCount[starts[k]]]);
    return new SpreadWords(words, probabilities, others, remaining, starts, byCount, groupOf, counts.length);
  }

  /** The first `size` words of `touched`, ascending, in time proportional to `size` plus 1/32 of the vocabulary. */
  private sortedByBits(size: number): Uint32Array {
    const { bits, touched } = this;
    for (let i = 0; i < size; i++) bits[touched[i] >>> 5] |= 1 << (touched[i] & 31);
    const words = new Uint32Array(size);
    for (let at = 0, i = 0; i < size; at++) {
      for (let rest = bits[at]; rest !== 0; rest &= rest - 1) words[i++] = (at << 5) + 31 - Math.clz32(rest & -rest);
      bits[at] = 0;
    }
    return words;
  }

  /** Puts the words that follow a context into `touched`, and their probabilities into `sums`. @returns how many words are in `touched`. */
  private gatherSums({ voters, unigrams, uniform, nextClasses }: NextWord): number {
    const { sums, lists, touched } = this;
    let size = 0;
    if (nextClasses.length > 0) for (const word of lists.byCount) size = this.touch(word, size);
    const ordered = [...voters].sort(
      (a, b) => Number(a.followers.length > NARROW) - Number(b.followers.length > NARROW),
    );
    for (const { term, followers } of ordered) {
      const words = new Uint32Array(followers.length);
      const counts = new Uint32Array(followers.length);
      followers.copy(words, counts);
      for (let i = 0; i < words.length; i++) {
        size = this.touch(words[i], size);
        sums[words[i]] += term.value(counts[i]);
      }
    }
    for (let i = 0; i < size; i++) {
      const word = touched[i];
      sums[word] += unigrams.value(lists.counts[word]) + uniform;
      sums[word] += classPart(nextClasses, word);
    }
    return size;
  }

  /**
   * As `gatherSums`, in a chain: each context, the shortest first, turns p(w|h') of its followers, which follow h' too, into p(w|h); at the
   * end, p of each word is multiplied by γ of the longer contexts that it does not follow. Until then `seen` has 1 + the index of the longest
   * context that a word follows.
   */
  private gatherChain({ voters, unigrams, floor }: ChainWord): number {
    const { sums, touched, seen, lists, groups } = this;
    const { counts: ofAll, byCount } = lists;
    const base = (this.unigramProbabilities ??= Float64Array.from(groups.sizes, (_, k) =>
      unigrams.interpolate(ofAll[byCount[groups.starts[k]]], floor),
    ));
    let size = 0;
    for (let v = 0; v < voters.length; v++) {
      const { term, followers } = voters[v];
      const words = new Uint32Array(followers.length);
      const counts = new Uint32Array(followers.length);
      followers.copy(words, counts);
      for (let i = 0; i < words.length; i++) {
        const word = words[i];
        size = this.touch(word, size);
        sums[word] = term.interpolate(counts[i], v === 0 ? base[groups.of[word]] : sums[word]);
        seen[word] = v + 1;
      }
    }
    const freed = voters.map(({ term }) => term.freed);
    const totals = voters.map(({ term }) => term.total);
    for (let i = 0; i < size; i++) {
      const word = touched[i];
      let probability = sums[word];
      for (let v = seen[word]; v < freed.length; v++) probability = (freed[v] * probability) / totals[v];
      sums[word] = probability;
    }
    return size;
  }

  /** Puts a word into `touched`, unless it is there. @returns how many words are in `touched`. */
  private touch(word: number, size: number): number {
    if (this.seen[word] !== 0) return size;
    this.seen[word] = 1;
    this.touched[size] = word;
    return size + 1;
  }
}

/** p of the words that follow no context and have a unigram count. */
function otherProbability(next: NextWord, unigramCount: number): number {
  if (!isChain(next)) return next.unigrams.value(unigramCount) + next.uniform;
  let probability = next.unigrams.interpolate(unigramCount, next.floor);
  for (const { term } of next.voters) probability = term.interpolate(0, probability);
  return probability;
}

/** −p ln p, or 0 for p = 0: a word's part of the entropy [nats]. */
function entropyPart(probability: number): number {
  return probability > 0 ? -probability * log(probability) : 0;
}

/** p ln² p, or 0 for p = 0: a word's part of the second moment of ln p [nats²]. */
function secondMomentPart(probability: number): number {
  return probability > 0 ? probability * log(probability) ** 2 : 0;
}
