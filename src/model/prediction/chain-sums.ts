import { log } from '../../base/elementary.js';
import type { Term } from '../../smoothing/terms.js';
import { RecentContexts } from './recent-contexts.js';
import type { CountGroups } from './spread.js';
import type { WordLists } from './top-words.js';
import type { ChainWord, Voter } from './voters.js';

/** The results for contexts with more followers than this are kept in memory. */
const KEPT_FROM = 16;
/** The most followers whose probabilities are kept; a second generation can have the same number (128 MB together). */
const MOST_FOLLOWERS = 1 << 22;
/** The most contexts whose sums are kept; a second generation can have the same number (about 20 MB together). */
const MOST_SUMS = 1 << 16;
/** Longer lists of probabilities are sorted when they are searched for the second time. */
const SORTED_FROM = 512;

/** Sums over the distribution of the next word after a context. */
interface Sums {
  /** Σ p. */
  readonly mass: number;
  /** Σ p ln p. */
  readonly logs: number;
  /** Σ p ln² p. */
  readonly squares: number;
}

/**
 * Sums over the distributions of a chain, and ranks in them. Let h' be the context h without its farthest word, F the followers of h, and
 * u(w) = γ(h) p(w|h'), which is p(w|h) for all words outside F. Then for every function f
 *
 *     Σ_w f(p(w|h)) = Σ_w f(u(w)) + Σ_{w∈F} [f(p(w|h)) − f(u(w))],
 *
 * and the sums over u follow from those over p(w|h'), such as Σ u ln u = γ (Σ p ln p + ln γ Σ p). So each context takes as many steps as it
 * has followers, and long contexts have few. The results for the contexts that were used last are kept. Nothing depends on the order in
 * which a table has the followers of a context, so that all results have the same bits wherever a model is read from.
 */
export class ChainSums {
  private unigrams: UnigramSums | undefined;
  private readonly recentFollowers = new RecentContexts<FollowerLists>(MOST_FOLLOWERS, ({ own }) => own.length);
  private readonly recentSums = new RecentContexts<Sums>(MOST_SUMS, () => 1);
  /** Working memory: the followers of a context, and their counts. */
  private words = new Uint32Array(1024);
  private counts = new Uint32Array(1024);

  constructor(
    private readonly lists: WordLists,
    private readonly groups: CountGroups,
  ) {}

  /** The count of a word in the table of unigrams. */
  unigramCount(word: number): number {
    return this.lists.counts[word];
  }

  /** The sums over the distribution of a next word. */
  sums(next: ChainWord): Sums {
    let sums: Sums = this.unigramSums(next);
    next.voters.forEach((voter, v) => {
      const below = sums;
      const make = (): Sums => sumsAfter(voter.term, below, this.followers(next, v));
      sums = isKept(voter) ? this.recentSums.get(voter, make) : make();
    });
    return sums;
  }

  /** How many words are more probable than `probability`. */
  above(next: ChainWord, probability: number): number {
    let count = 0;
    let limit = probability;
    for (let v = next.voters.length - 1; v >= 0; v--) {
      count += this.followers(next, v).above(limit);
      limit = unscaled(next.voters[v].term, limit);
    }
    return count + this.unigramSums(next).above(limit);
  }

  private unigramSums(next: ChainWord): UnigramSums {
    return (this.unigrams ??= new UnigramSums(next, this.lists, this.groups));
  }

  /** The probabilities of the followers of context `v` of a history. */
  private followers(next: ChainWord, v: number): FollowerLists {
    const voter = next.voters[v];
    const make = (): FollowerLists => this.interpolateFollowers(next, v);
    return isKept(voter) ? this.recentFollowers.get(voter, make) : make();
  }

  private interpolateFollowers(next: ChainWord, v: number): FollowerLists {
    const { term, followers } = next.voters[v];
    const { length } = followers;
    if (length > this.words.length) {
      this.words = new Uint32Array(2 * length);
      this.counts = new Uint32Array(2 * length);
    }
    const { words, counts } = this;
    followers.copy(words, counts);
    // p(w|h') at first.
    const scaled = new Float64Array(length);
    for (let i = 0; i < length; i++) scaled[i] = next.unigrams.interpolate(this.lists.counts[words[i]], next.floor);
    for (let shorter = 0; shorter < v; shorter++) interpolateAll(next.voters[shorter], words, scaled);
    const own = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const below = scaled[i];
      own[i] = term.interpolate(counts[i], below);
      scaled[i] = term.interpolate(0, below);
    }
    return new FollowerLists(own, scaled);
  }
}

/** Turns p(w|h') of words into p(w|h). */
function interpolateAll({ term, followers }: Voter, words: Uint32Array, probabilities: Float64Array): void {
  for (let i = 0; i < probabilities.length; i++) {
    probabilities[i] = term.interpolate(followers.countOf(words[i]), probabilities[i]);
  }
}

/** Whether the results for a context are kept. */
function isKept({ followers }: Voter): boolean {
  return followers.length > KEPT_FROM;
}

/** The followers of a context, in any order. */
class FollowerLists {
  private isAsked = false;
  private isSorted = false;

  /**
   * @param own by follower, p(w|h).
   * @param scaled by follower, in any order too, u(w).
   */
  constructor(
    readonly own: Float64Array,
    readonly scaled: Float64Array,
  ) {}

  /** The number of followers with p(w|h) above a limit, minus the number of followers with u(w) above it. */
  above(limit: number): number {
    const { own, scaled } = this;
    if (this.isAsked && !this.isSorted && own.length > SORTED_FROM) {
      own.sort();
      scaled.sort();
      this.isSorted = true;
    }
    this.isAsked = true;
    if (this.isSorted) return firstAbove(scaled, limit) - firstAbove(own, limit);
    let count = 0;
    for (let i = 0; i < own.length; i++) {
      if (own[i] > limit) count++;
      if (scaled[i] > limit) count--;
    }
    return count;
  }
}

/** The sums after a context h. @param below the sums after h'. */
function sumsAfter({ freed, total }: Term, below: Sums, { own, scaled }: FollowerLists): Sums {
  const gamma = freed / total;
  const logGamma = gamma > 0 ? log(gamma) : 0;
  const mass = new Sum();
  const logs = new Sum();
  const squares = new Sum();
  for (let i = 0; i < own.length; i++) {
    const [p, u] = [own[i], scaled[i]];
    const logP = p > 0 ? log(p) : 0;
    const logU = u > 0 ? log(u) : 0;
    mass.add(p);
    mass.add(-u);
    logs.add(p * logP);
    logs.add(-u * logU);
    squares.add(p * logP * logP);
    squares.add(-u * logU * logU);
  }
  return {
    mass: gamma * below.mass + mass.value,
    logs: gamma * (below.logs + logGamma * below.mass) + logs.value,
    squares: gamma * (below.squares + logGamma * (2 * below.logs + logGamma * below.mass)) + squares.value,
  };
}

/** The sums after the empty context. */
class UnigramSums implements Sums {
  readonly mass: number;
  readonly logs: number;
  readonly squares: number;
  /** The probabilities of the groups of words with the same count, ascending. */
  private readonly probabilities: Float64Array;
  /** By group in this order, how many words are in the groups from it on; and 0. */
  private readonly words: Uint32Array;

  constructor({ unigrams, floor }: ChainWord, { counts, byCount }: WordLists, { starts, sizes }: CountGroups) {
    const all = Float64Array.from(sizes, (_, k) => unigrams.interpolate(counts[byCount[starts[k]]], floor));
    let [mass, logs, squares] = [0, 0, 0];
    all.forEach((p, k) => {
      const logP = p > 0 ? log(p) : 0;
      mass += sizes[k] * p;
      logs += sizes[k] * p * logP;
      squares += sizes[k] * p * logP * logP;
    });
    [this.mass, this.logs, this.squares] = [mass, logs, squares];
    // The sequence of the counts need not be that of the probabilities.
    const order = Uint32Array.from(all.keys()).sort((a, b) => all[a] - all[b]);
    this.probabilities = Float64Array.from(order, k => all[k]);
    this.words = new Uint32Array(order.length + 1);
    for (let i = order.length - 1; i >= 0; i--) this.words[i] = this.words[i + 1] + sizes[order[i]];
  }

  /** How many words are more probable than a limit. */
  above(limit: number): number {
    return this.words[firstAbove(this.probabilities, limit)];
  }
}

/**
 * A sum with the same bits in whichever order its numbers are added. Each number is divided into a multiple of 2^−30 and a rest, which is
 * rounded to a multiple of 2^−60: the sums of both are exact, if they are below 2^22 and have at most 2^23 numbers. The error of the whole
 * is at most 2^−61 a number.
 */
class Sum {
  private upper = 0;
  private lower = 0;

  add(number: number): void {
    const upper = number + UPPER - UPPER;
    this.upper += upper;
    this.lower += number - upper + LOWER - LOWER;
  }

  get value(): number {
    return this.upper + this.lower;
  }
}

/** Doubles near 1.5 · 2^22 are multiples of 2^−30, doubles near 1.5 · 2^−8 multiples of 2^−60. */
const UPPER = 1.5 * 2 ** 22;
const LOWER = 1.5 * 2 ** -8;

/** 2^−53 and a little more: x + x · STEP is the double after x, and x − x · STEP the double before it (Rump et al. 2009). */
const STEP = 2 ** -53 * (1 + 2 ** -52);

/**
 * The largest p(w|h') whose γ(h) p(w|h'), as it is computed, is at most `probability`: a word outside the followers of h is above
 * `probability` if, and only if, its p(w|h') is above the result.
 */
function unscaled(term: Term, probability: number): number {
  if (term.freed === 0) return Infinity;
  if (probability === 0) return 0;
  let most = (probability * term.total) / term.freed;
  while (term.interpolate(0, most) > probability) most -= most * STEP;
  for (let more = most + most * STEP; term.interpolate(0, more) <= probability; more += more * STEP) most = more;
  return most;
}

/** The index of the first of ascending numbers that is above a limit; their number if none is. */
function firstAbove(numbers: Float64Array, limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
