import { contiguous, span, tableName, type Pattern, type Stream } from '../tables/pattern.js';
import { BOS, NONE } from '../text/tokens.js';
import type { TupleSink } from './sort.js';
import { TableWriter, type EncodedBlock } from '../tables/table-writer.js';

/**
 * Counting: from text to the rows of count tables. `token-stream` numbers the words of a text, `vocabulary` gives them ids, `layout` arranges
 * the ids in chunks, `partition` divides the positions into tasks, `sort` (and `runs`, on disk) sorts them so that equal n-grams are
 * neighbours, and `adjust` (this file) counts the n-grams. `counter` runs one task, `pool` all tasks, on threads. `bigrams` and
 * `exchange` group words into classes.
 */

/**
 * From sorted tuples to count tables, with adjusted counts (Heafield et al. 2013, section 3.2).
 *
 * - Input: the tuples of one partition of one sort, ascending.
 * - Output: blocks of the tables of the sort. One sort serves several tables: its tuples are grouped by the words of the longest pattern,
 *   and the groups of shorter patterns are unions of those groups.
 * - Order: `add` for all tuples, then `end`; afterwards the tally is ready for another partition.
 */
export interface Tally {
  /** For each column of the tuples, the distance of its word to the left of the predicted word; 0 for the predicted word itself. */
  readonly distances: readonly number[];
  readonly writers: readonly TableWriter[];
  readonly add: TupleSink;
  /** Writes the last groups, and emits the last, unfilled block of each table. */
  end(): void;
}

/** The patterns that one sort counts, longest first. */
export type Sort = readonly Pattern[];

/**
 * The sorts that count the given patterns, for models of `order`. All contiguous patterns share one sort. A pattern whose
 * span is order − 2 shares the sort of the longer pattern made by adding the distance order − 1, if that pattern is counted too:
 * for both patterns, every distinct history of order − 1 words is one event.
 */
export function planSorts(patterns: readonly Pattern[], order: number): Sort[] {
  const sorts: Sort[] = [];
  const skipping = patterns.filter(pattern => pattern.length !== span(pattern));
  if (order > 1) sorts.push(patterns.filter(p => p.length > 0 && p.length === span(p)).reverse());
  const shared = new Set<string>();
  for (const pattern of skipping) {
    if (span(pattern) < order - 1) continue;
    const shorter = pattern.slice(0, -1);
    const partner = skipping.find(p => span(p) === order - 2 && p.join() === shorter.join());
    sorts.push(partner ? [pattern, partner] : [pattern]);
    if (partner) shared.add(partner.join());
  }
  for (const pattern of skipping) {
    if (span(pattern) < order - 1 && !shared.has(pattern.join())) sorts.push([pattern]);
  }
  return sorts;
}

/** Makes the tally of a sort. The tally of the contiguous sort also adds the number of distinct words before w to `unigrams[w]`. */
export function createTally(
  sort: Sort,
  stream: Stream,
  order: number,
  unigrams: Uint32Array,
  emit: (block: EncodedBlock) => void,
): Tally {
  return sort[0].length === span(sort[0])
    ? new ContiguousTally(stream, order, unigrams, emit)
    : new SkipTally(sort, stream, order, unigrams.length, emit);
}

/** A context with more unsorted followers than this is counted in an array indexed by word id instead of a list, provided that the array is no larger. */
const MANY = 1 << 16;

/** The followers of one context during collection: either ascending words with counts, or words in any order, repeated, which {@link Followers.countWords} counts. */
class Followers {
  length = 0;
  words = new Uint32Array(64);
  counts = new Uint32Array(64);
  /** For each word id, how often the word was moved from the list to this array; empty until words are moved. */
  private unlisted = new Uint32Array(0);

  /** @param types number of word ids: the length of `unlisted` once it is used. */
  constructor(private readonly types: number) {}

  get empty(): boolean {
    return this.length === 0 && this.unlisted.length === 0;
  }

  push(word: number, count: number): void {
    if (this.length === this.words.length) this.grow(this.length + 1);
    this.words[this.length] = word;
    this.counts[this.length++] = count;
  }

  /** Appends the words of a longer context, each once. {@link countWords} counts them. */
  pushWords(from: Followers): void {
    if (this.length >= this.types && this.length >= MANY) this.unlist();
    const length = this.length + from.length;
    if (length > this.words.length) this.grow(length);
    if (from.length < 16) for (let i = 0; i < from.length; i++) this.words[this.length + i] = from.words[i];
    else this.words.set(from.words.subarray(0, from.length), this.length);
    this.length = length;
  }

  /** Appends the words of a longer context, each as often as its count there. */
  pushTimes(from: Followers): void {
    for (let i = 0; i < from.length; i++) {
      const count = from.counts[i];
      if (count >= MANY) {
        this.unlist();
        this.unlisted[from.words[i]] += count;
        continue;
      }
      if (this.length >= this.types && this.length >= MANY) this.unlist();
      for (let c = 0; c < count; c++) this.push(from.words[i], 1);
    }
  }

  /** Sorts the words, removes repetitions, and sets `counts` to how often each word was appended. */
  countWords(): void {
    if (this.unlisted.length > 0) {
      this.listCounts();
      return;
    }
    const { words, counts, length } = this;
    if (length === 1) {
      counts[0] = 1;
      return;
    }
    if (length > 24) words.subarray(0, length).sort();
    else insertionSort(words, length);
    let last = 0;
    counts[0] = 1;
    for (let i = 1; i < length; i++) {
      if (words[i] === words[last]) counts[last]++;
      else {
        words[++last] = words[i];
        counts[last] = 1;
      }
    }
    this.length = last + 1;
  }

  /** Moves the words from the list to the array by word, whose size does not depend on how often words are appended. */
  private unlist(): void {
    if (this.unlisted.length === 0) this.unlisted = new Uint32Array(this.types);
    for (let i = 0; i < this.length; i++) this.unlisted[this.words[i]]++;
    this.length = 0;
  }

  /** Moves the words back to the list, ascending with counts. */
  private listCounts(): void {
    this.unlist();
    const { unlisted } = this;
    this.unlisted = new Uint32Array(0);
    for (let word = 0; word < unlisted.length; word++) if (unlisted[word] > 0) this.push(word, unlisted[word]);
  }

  private grow(length: number): void {
    const larger = Math.max(length, 2 * this.words.length);
    const words = new Uint32Array(larger);
    words.set(this.words.subarray(0, this.length));
    this.words = words;
    const counts = new Uint32Array(larger);
    counts.set(this.counts.subarray(0, this.length));
    this.counts = counts;
  }
}

function insertionSort(values: Uint32Array, length: number): void {
  for (let i = 1; i < length; i++) {
    const value = values[i];
    let j = i;
    for (; j > 0 && values[j - 1] > value; j--) values[j] = values[j - 1];
    values[j] = value;
  }
}

/**
 * All contiguous tables from one sort by (previous word, the word before it …, predicted word).
 *
 * N-grams of the highest order, and those that begin with `<s>`, keep their frequencies. The count of every other n-gram is the number of
 * distinct words to its left: the number of next longer contexts in which it occurs (adjusted counts as in KenLM).
 */
class ContiguousTally implements Tally {
  readonly distances: readonly number[];
  readonly writers: readonly TableWriter[];
  private readonly width: number;
  private readonly current: Uint32Array;
  private readonly levels: readonly Followers[];
  private run = 0;

  constructor(
    stream: Stream,
    order: number,
    private readonly unigrams: Uint32Array,
    emit: (block: EncodedBlock) => void,
  ) {
    this.width = order - 1;
    this.distances = [...contiguous(order), 0];
    this.current = new Uint32Array(order);
    // Level k collects the followers of contexts of k words. Level 0 is not used: unigrams are counted in an array.
    this.levels = Array.from({ length: order }, () => new Followers(unigrams.length));
    this.writers = this.levels.map(
      (_, level) => new TableWriter(tableName(contiguous(level + 1), stream), level, emit),
    );
  }

  readonly add: TupleSink = (columns, order, length, weight) => {
    const { current } = this;
    const columnCount = current.length;
    for (let i = 0; i < length; i++) {
      const at = order[i];
      let different = 0;
      while (different < columnCount && columns[different][at] === current[different]) different++;
      if (different === columnCount) {
        this.run += weight;
        continue;
      }
      if (this.run > 0) this.advance(different);
      for (let j = different; j < columnCount; j++) current[j] = columns[j][at];
      this.run = weight;
    }
  };

  end(): void {
    if (this.run > 0) this.advance(0);
    this.run = 0;
    this.current.fill(0);
    for (const writer of this.writers) writer.flush();
  }

  /** Adds the current tuple to its longest context, and closes the contexts that the next tuple does not share. @param different the first column in which it differs. */
  private advance(different: number): void {
    const { current, width } = this;
    let level = width;
    while (current[level - 1] === NONE) level--;
    this.levels[level].push(current[width], this.run);
    for (let k = width; k > different; k--) this.close(k);
  }

  /** Writes the rows of the current context of a level, and appends its followers to the next shorter context. */
  private close(level: number): void {
    const followers = this.levels[level];
    if (followers.empty) return;
    const raw = level === this.width || this.current[level - 1] === BOS;
    if (!raw) followers.countWords();
    this.writers[level].group(this.current, followers.words, followers.counts, followers.length);
    if (level > 1) {
      this.levels[level - 1].pushWords(followers);
    } else {
      const { unigrams } = this;
      for (let i = 0; i < followers.length; i++) unigrams[followers.words[i]]++;
    }
    followers.length = 0;
  }
}

/**
 * The table of a skip pattern, from a sort by (the words of the pattern, nearest first; the predicted word; all other words up to one beyond
 * the span of the pattern). The count of a row is the number of distinct tuples that begin with it: the continuation count of
 * Pickhardt et al. 2014. A second pattern of the sort is the first pattern without its farthest word; each tuple
 * counts in both tables.
 */
class SkipTally implements Tally {
  readonly distances: readonly number[];
  readonly writers: readonly TableWriter[];
  private readonly kept: number;
  private readonly current: Uint32Array;
  private readonly followers: Followers;
  private readonly partnerFollowers: Followers;
  private count = 0;

  constructor(sort: Sort, stream: Stream, order: number, types: number, emit: (block: EncodedBlock) => void) {
    const [pattern] = sort;
    this.followers = new Followers(types);
    this.partnerFollowers = new Followers(types);
    const filled = contiguous(Math.min(span(pattern) + 2, order));
    this.kept = pattern.length;
    this.distances = [...pattern, 0, ...filled.filter(distance => !pattern.includes(distance))];
    this.current = new Uint32Array(this.distances.length);
    this.writers = sort.map(p => new TableWriter(tableName(p, stream), p.length, emit));
  }

  readonly add: TupleSink = (columns, order, length) => {
    const { current, kept } = this;
    const columnCount = current.length;
    for (let i = 0; i < length; i++) {
      const at = order[i];
      let different = 0;
      while (different < columnCount && columns[different][at] === current[different]) different++;
      if (different === columnCount) continue;
      if (different <= kept && this.count > 0) this.advance(different);
      for (let j = different; j < columnCount; j++) current[j] = columns[j][at];
      this.count++;
    }
  };

  end(): void {
    if (this.count > 0) this.advance(0);
    this.current.fill(0);
    for (const writer of this.writers) writer.flush();
  }

  /** Adds the current row to its context, and writes the contexts that the next tuple does not share. @param different the first column in which it differs. */
  private advance(different: number): void {
    const { current, kept, followers, partnerFollowers, writers } = this;
    followers.push(current[kept], this.count);
    this.count = 0;
    if (different < kept) {
      // The farthest word is NONE if the sentence is too short for the first pattern; it may be long enough for the second.
      if (current[kept - 1] !== NONE) writers[0].group(current, followers.words, followers.counts, followers.length);
      if (writers.length > 1 && current[kept - 2] !== NONE) {
        partnerFollowers.pushTimes(followers);
      }
      followers.length = 0;
    }
    if (different < kept - 1 && !partnerFollowers.empty) {
      partnerFollowers.countWords();
      writers[1].group(current, partnerFollowers.words, partnerFollowers.counts, partnerFollowers.length);
      partnerFollowers.length = 0;
    }
  }
}
