import type { Term } from '../../smoothing/terms.js';
import { Heads, type Followers, type Head } from '../../smoothing/followers.js';
import { Heap } from './heap.js';
import { isPredicted, predictedIds } from './predicted.js';
import { chainProbability, classPart, isChain, type NextClass, type NextWord, type Voter } from './voters.js';
import type { WordClasses } from '../../tables/classes.js';
import { NONE } from '../../text/tokens.js';

/**
 * A context with at most this many followers is narrow: the parts of all its followers are computed. The followers of wider contexts are
 * read by falling count, as far as needed.
 */
const NARROW = 512;
/** The largest relative difference that rounding causes between two sums of the same parts, added in another sequence. */
const ROUNDING = 1e-12;

/** Searches have the numbers 1 … `LAST_SEARCH`, then from 1 again. */
const LAST_SEARCH = 2 ** 32 - 1;

/** A list of words, sorted by one part of their probability, the highest part first. */
interface RankedWords {
  /** An upper bound of this part for the next word of the list, and for every word after it; 0 at the end of the list. */
  readonly bound: number;
  /** Takes the next word of the list, which must not be at its end. */
  next(): number;
}

/** A word and its probability. */
export interface WordProbability {
  /** The id of the word. */
  readonly word: number;
  readonly probability: number;
  /** log10 of the probability, as a back-off model has it. Without it, take the logarithm of `probability`. */
  readonly log10Prob?: number;
}

/** The words of a model, sorted in ways that do not depend on the history. */
export interface WordLists {
  /** By word id, the count in the table of unigrams. */
  readonly counts: Uint32Array;
  /** The ids of all words that can be predicted, by falling count. */
  readonly byCount: Uint32Array;
  /** For each class model, the words by class. */
  readonly clusterings: readonly ClassList[];
}

/** The words that can be predicted by class. */
export interface ClassList {
  /** Their ids by class, and within a class by falling p(word | class). */
  readonly byClass: Uint32Array;
  /** By class, where its words begin in `byClass`; one entry more than there are classes. */
  readonly starts: Uint32Array;
}

/**
 * Finds the most probable next words without computing the probability of all words, by the threshold algorithm (Fagin, Lotem & Naor 2003).
 *
 * 1. The parts that narrow contexts give are added up for all their followers. The words with the highest sums are computed.
 * 2. The other parts come from ranked lists: the followers of each wide context and all words, both by falling count, and for each class
 *    model the words by falling probability in it. The word that is next in the list with the highest bound is computed, again and again.
 * 3. A word that no list has given so far is at most as probable as the bounds of all lists and its sum of step 1 together, with the
 *    uniform part that every word has. The lists are left when this is below the least probability that is still wanted for a word without
 *    such a sum. Then the words with a sum are computed for which it is not.
 */
export class TopWords {
  /** By word id, the sum of its parts from the narrow contexts; 0 for all words that are not in `touched`. */
  private readonly sums: Float64Array;
  /** The words that follow a narrow context. */
  private readonly touched: Uint32Array;
  /** By word id, the number of the last search that computed the word's probability. */
  private readonly computed: Uint32Array;
  /** The number of the last search. */
  private searches = 0;
  private readonly heads = new Heads();
  /** Working memory: the followers of a narrow context, and their counts. */
  private readonly words = new Uint32Array(NARROW);
  private readonly counts = new Uint32Array(NARROW);

  constructor(private readonly lists: WordLists) {
    const ids = lists.counts.length;
    this.sums = new Float64Array(ids);
    this.touched = new Uint32Array(ids);
    this.computed = new Uint32Array(ids);
  }

  /** The probability of one word, with the same bits as `find` gives; in a chain, these are the bits that scoring gives. */
  probability(next: NextWord, word: number): number {
    if (!isPredicted(word)) return 0;
    if (isChain(next)) return chainProbability(next, word, this.lists.counts[word]);
    const { voters, unigrams, uniform, nextClasses } = next;
    const isWide = ({ followers }: Voter): boolean => followers.length > NARROW;
    const ordered = [...voters.filter(voter => !isWide(voter)), ...voters.filter(isWide)];
    let probability = 0;
    for (const { term, followers } of ordered) probability += term.value(followers.countOf(word));
    probability += unigrams.value(this.lists.counts[word]) + uniform;
    probability += classPart(nextClasses, word);
    return probability;
  }

  /**
   * The `k` most probable words by falling probability, equally probable words by id.
   *
   * @param except the id of a word to leave out.
   */
  find(next: NextWord, k: number, except: number = NONE): WordProbability[] {
    const top = new Heap(Math.min(k, this.lists.byCount.length));
    this.search(next, except, top.items.length, {
      offer: (word, probability) => {
        top.offer(word, probability);
      },
      least: () => (top.full ? top.value : -Infinity),
    });
    return sorted(Array.from({ length: top.size }, (_, i) => ({ word: top.items[i], probability: top.values[i] })));
  }

  /**
   * All words with a probability of at least `least`, by falling probability, equally probable words by id. Takes time in proportion to
   * their number, rather than to the number of all words.
   *
   * @param except the id of a word to leave out.
   */
  atLeast(next: NextWord, least: number, except: number = NONE): WordProbability[] {
    const found: WordProbability[] = [];
    this.search(next, except, 0, {
      offer: (word, probability) => {
        if (probability >= least) found.push({ word, probability });
      },
      least: () => least,
    });
    return sorted(found);
  }

  /**
   * Offers words to a collector, until every other word is less probable than the collector's `least`.
   *
   * @param most the number of words, those with the highest sums from narrow contexts, that are offered first.
   */
  private search(next: NextWord, except: number, most: number, collector: Collector): void {
    const { lists, sums, computed } = this;
    const { voters, unigrams, uniform, nextClasses } = next;
    if (this.searches === LAST_SEARCH) {
      computed.fill(0);
      this.searches = 0;
    }
    const search = ++this.searches;
    computed[except] = search;
    const wide = voters.filter(({ followers }) => followers.length > NARROW);
    const compute = (word: number): void => {
      if (computed[word] === search) return;
      computed[word] = search;
      if (isChain(next)) {
        collector.offer(word, chainProbability(next, word, lists.counts[word]));
        return;
      }
      let probability = sums[word];
      for (const { term, followers } of wide) probability += term.value(followers.countOf(word));
      probability += unigrams.value(lists.counts[word]) + uniform;
      probability += classPart(nextClasses, word);
      collector.offer(word, probability);
    };

    const touched = this.addNarrow(voters);
    if (most > 0) for (const word of mostOf(touched, sums, most)) compute(word);
    const all = new RankedUnigrams(unigrams, lists);
    const sources: RankedWords[] = [all, ...wide.map(voter => new RankedFollowers(voter, this.heads))];
    nextClasses.forEach((nextClass, m) => sources.push(new RankedByClass(nextClass, lists.clusterings[m])));
    // An upper bound of the probability of every word that was not computed yet, without the word's sum from narrow contexts.
    let rest = Infinity;
    const isBehind = (sum: number): boolean => (sum + rest) * (1 + ROUNDING) < collector.least();
    while (!all.ended) {
      let best: RankedWords = all;
      rest = uniform;
      for (const source of sources) {
        rest += source.bound;
        if (source.bound > best.bound) best = source;
      }
      if (isBehind(0)) break;
      compute(best.next());
    }
    for (const word of touched) if (!isBehind(sums[word])) compute(word);
    for (const word of touched) sums[word] = 0;
  }

  /** Adds the parts of narrow contexts to `sums`. @returns the words that have such parts. */
  private addNarrow(voters: readonly Voter[]): Uint32Array {
    const { sums, touched, words, counts } = this;
    let size = 0;
    for (const { term, followers } of voters) {
      const { length } = followers;
      if (length > NARROW) continue;
      followers.copy(words, counts);
      for (let i = 0; i < length; i++) {
        const word = words[i];
        const value = term.value(counts[i]);
        if (value === 0) continue;
        if (sums[word] === 0) touched[size++] = word;
        sums[word] += value;
      }
    }
    return touched.subarray(0, size);
  }
}

/** Takes the words of a search. */
interface Collector {
  offer(word: number, probability: number): void;
  /** Words with a smaller probability are not wanted; it never falls. */
  least(): number;
}

/** Sorts words by falling probability, equally probable words by id. */
function sorted(words: WordProbability[]): WordProbability[] {
  return words.sort((a, b) => b.probability - a.probability || a.word - b.word);
}

/** The `most` words with the highest values, in no particular sequence. @param values by word id. */
function mostOf(words: Uint32Array, values: Float64Array, most: number): Uint32Array {
  if (words.length <= most) return words;
  const heap = new Heap(most);
  for (const word of words) heap.offer(word, values[word]);
  return heap.items;
}

/** All words, by falling count in the table of unigrams. */
class RankedUnigrams implements RankedWords {
  /** Where the next word is in `byCount`. */
  private at = 0;

  constructor(
    private readonly term: Term,
    private readonly lists: WordLists,
  ) {}

  get ended(): boolean {
    return this.at === this.lists.byCount.length;
  }

  get bound(): number {
    const { counts, byCount } = this.lists;
    return this.ended ? 0 : this.term.bound(counts[byCount[this.at]]);
  }

  next(): number {
    return this.lists.byCount[this.at++];
  }
}

/** The followers of a context, by falling count. At first only the followers with the highest counts (the head) are sorted, the others when they are needed. */
class RankedFollowers implements RankedWords {
  bound: number;
  private at = 0;
  private head: Head;

  constructor(
    private readonly voter: Voter,
    private readonly heads: Heads,
  ) {
    this.head = heads.get(voter.term.table, voter.followers, false);
    this.bound = this.nextBound();
  }

  next(): number {
    const { term, followers } = this.voter;
    if (this.at === this.head.words.length) this.head = this.heads.get(term.table, followers, true);
    const word = this.head.words[this.at++];
    this.bound = this.nextBound();
    return word;
  }

  private nextBound(): number {
    const { at, head, voter } = this;
    return voter.term.bound(at < head.words.length ? head.counts[at] : head.rest);
  }
}

/** The words of all classes, by falling probability in the class model. */
class RankedByClass implements RankedWords {
  /** By class, the index in `byClass` of its next word. */
  private readonly nextWords: Uint32Array;
  /** The classes, with the negative probability of each class's next word as value: the class with the most probable next word is on top. */
  private readonly heap: Heap;

  constructor(
    private readonly nextClass: NextClass,
    private readonly lists: ClassList,
  ) {
    this.nextWords = lists.starts.slice();
    const { count } = nextClass.classes;
    this.heap = new Heap(count);
    for (let c = 0; c < count; c++) {
      if (lists.starts[c] < lists.starts[c + 1]) this.heap.push(c, -this.nextProbability(c));
    }
  }

  get bound(): number {
    return this.heap.size > 0 ? -this.heap.value : 0;
  }

  next(): number {
    const { heap, nextWords, lists } = this;
    const c = heap.item;
    const word = lists.byClass[nextWords[c]++];
    if (nextWords[c] < lists.starts[c + 1]) heap.replace(c, -this.nextProbability(c));
    else heap.pop();
    return word;
  }

  /** The probability of the next word of class c in the class model. */
  private nextProbability(c: number): number {
    const { probabilities, classes } = this.nextClass;
    return probabilities[c] * classes.share[this.lists.byClass[this.nextWords[c]]];
  }
}

/** Sorts the words of a model. @param ids number of word ids: all ids are below it. @param unigrams the followers of the empty context. */
export function wordLists(ids: number, unigrams: Followers, clusterings: readonly WordClasses[]): WordLists {
  const words = new Uint32Array(unigrams.length);
  const found = new Uint32Array(unigrams.length);
  unigrams.copy(words, found);
  const counts = new Uint32Array(ids);
  words.forEach((word, i) => (counts[word] = found[i]));
  const all = predictedIds(ids);
  const byCount = all.slice().sort((a, b) => counts[b] - counts[a] || a - b);
  return { counts, byCount, clusterings: clusterings.map(classes => classList(all, classes)) };
}

/** Sorts words by class. */
function classList(words: Uint32Array, { of, share, count }: WordClasses): ClassList {
  const byClass = words.slice().sort((a, b) => of[a] - of[b] || share[b] - share[a] || a - b);
  const starts = new Uint32Array(count + 1);
  for (const word of byClass) starts[of[word] + 1]++;
  for (let c = 0; c < count; c++) starts[c + 1] += starts[c];
  return { byClass, starts };
}
