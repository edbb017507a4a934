import { grown } from '../base/grown.js';
import { contiguous, isStep, span, tableName, type Pattern, type Stream } from '../tables/pattern.js';
import { BOS, NONE } from '../text/tokens.js';
import type { TupleSink } from './sort.js';
import { TableWriter, type EncodedBlock } from '../tables/table-writer.js';
import { DistinctTuples } from './distinct-tuples.js';
import { StepTally } from './step-tally.js';
import type { Tally } from './tally.js';
import { RowOutput, TrieOutput, type ContextOutput, type CountedBlock } from './context-output.js';

/** The patterns that one sort counts, longest first. */
export type Sort = readonly Pattern[];

/**
 * Plans the sorts that count `patterns` for a model of `order`. All contiguous patterns share one sort. A skip pattern whose
 * span (its largest distance) is order − 2 shares the sort of the pattern that also keeps the distance order − 1, if that pattern is
 * counted too. One sort can serve both, because both count the distinct sequences of order − 1 history words and a predicted word.
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

/**
 * Makes the tally of a sort.
 *
 * @param unigrams by word id (length: ids in use): the tally of the contiguous sort adds the number of distinct words that stand directly before the word.
 * @param emit takes each encoded block.
 * @param ranks by word id, the rank of the word in the table of unigrams. With it the tally of the contiguous sort makes blocks of tries,
 * without it blocks of rows. Skip patterns always get blocks of rows.
 */
export function createTally(
  sort: Sort,
  stream: Stream,
  order: number,
  unigrams: Uint32Array,
  emit: (block: CountedBlock) => void,
  ranks?: Uint32Array,
): Tally {
  if (isStep(stream)) return new StepTally(stream, order - 1, unigrams, emit);
  if (sort[0].length !== span(sort[0])) return new SkipTally(sort, stream, order, unigrams.length, emit);
  const width = order - 1;
  const output = ranks ? new TrieOutput(stream, width, ranks, emit) : new RowOutput(stream, width, emit);
  return new ContiguousTally(order, unigrams, output);
}

/**
 * When the list of a context's followers has at least this many entries, and at least as many as there are word ids, the followers are
 * counted in an array indexed by word id instead. So are followers that have at least this count.
 */
const MANY = 1 << 16;

/**
 * Collects the followers of one context in a list: either distinct words, ascending, with their counts; or words in any order, with
 * repetitions, which {@link Followers.countWords} sorts and counts.
 */
class Followers {
  /** Entries of the list that are in use. */
  length = 0;
  /** By entry, the word id. */
  words = new Uint32Array(64);
  /** By entry, the count; set by {@link push} and {@link countWords}. */
  counts = new Uint32Array(64);
  /** By word id, how often the word was moved from the list to this array; empty until words are moved. */
  private unlisted = new Uint32Array(0);

  /** @param types number of word ids in use, which is the length of `unlisted` once words are moved. */
  constructor(private readonly types: number) {}

  get empty(): boolean {
    return this.length === 0 && this.unlisted.length === 0;
  }

  push(word: number, count: number): void {
    if (this.length === this.words.length) this.grow(this.length + 1);
    this.words[this.length] = word;
    this.counts[this.length++] = count;
  }

  /** Appends each word of a longer context's list once, to be counted by {@link countWords}. */
  pushWords(from: Followers): void {
    if (this.length >= this.types && this.length >= MANY) this.unlist();
    const length = this.length + from.length;
    if (length > this.words.length) this.grow(length);
    if (from.length < 16) for (let i = 0; i < from.length; i++) this.words[this.length + i] = from.words[i];
    else this.words.set(from.words.subarray(0, from.length), this.length);
    this.length = length;
  }

  /** Appends each word of a longer context's list as often as its count there, to be counted by {@link countWords}. */
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

  /** Sorts the list, leaves each word once, and sets `counts` to how often each word was appended. */
  countWords(): void {
    if (this.unlisted.length > 0) {
      this.relist();
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

  /** Empties the list into `unlisted`, whose size does not depend on how often words are appended. */
  private unlist(): void {
    if (this.unlisted.length === 0) this.unlisted = new Uint32Array(this.types);
    for (let i = 0; i < this.length; i++) this.unlisted[this.words[i]]++;
    this.length = 0;
  }

  /** Moves the words of `unlisted` back to the list, ascending, with their counts. */
  private relist(): void {
    this.unlist();
    const { unlisted } = this;
    this.unlisted = new Uint32Array(0);
    for (let word = 0; word < unlisted.length; word++) if (unlisted[word] > 0) this.push(word, unlisted[word]);
  }

  private grow(length: number): void {
    const larger = Math.max(length, 2 * this.words.length);
    this.words = grown(this.words, larger);
    this.counts = grown(this.counts, larger);
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
 * Counts all contiguous tables from one sort, whose columns are the words at the distances 1, 2 … order − 1, then the predicted word.
 *
 * N-grams of the highest order, and n-grams that begin with `<s>`, have raw counts. The count of every other n-gram is the number of
 * distinct words that precede it (adjusted counts as in KenLM): each distinct n-gram one word longer adds 1.
 */
class ContiguousTally extends DistinctTuples implements Tally {
  readonly distances: readonly number[];
  /** Level k collects the followers of the current context of k words; level 0 is not used, because `unigrams` counts without a list. */
  private readonly levels: readonly Followers[];

  constructor(
    order: number,
    private readonly unigrams: Uint32Array,
    private readonly output: ContextOutput,
  ) {
    super(order - 1);
    this.distances = [...contiguous(order), 0];
    this.levels = Array.from({ length: order }, () => new Followers(unigrams.length));
  }

  get tables(): Tally['tables'] {
    return this.output.tables;
  }

  end(): void {
    this.endTuples();
    this.output.end();
  }

  protected override follow(level: number, id: number, weight: number): void {
    this.levels[level].push(id, weight);
  }

  /** Gives the current context of a level to the output, and appends its followers to the context one word shorter. */
  protected override close(level: number): void {
    const followers = this.levels[level];
    if (followers.empty) return;
    const isRaw = level === this.width || this.current[level - 1] === BOS;
    if (!isRaw) followers.countWords();
    this.output.put(level, this.current, followers.words, followers.counts, followers.length);
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
 * Counts the table of a skip pattern from one sort. The columns are the words of the pattern, nearest first; the predicted word; then the
 * skipped words, and the word one beyond the span of the pattern (if the order reaches so far). The count of a row is the number of
 * distinct tuples that begin with the row: the continuation count of Pickhardt et al. 2014. If the sort has a second pattern, the
 * partner, which is the first pattern without its farthest word, each distinct tuple counts in both tables.
 */
class SkipTally implements Tally {
  readonly distances: readonly number[];
  readonly tables: readonly TableWriter[];
  /** Words of a context; also the index of the predicted word's column. */
  private readonly width: number;
  /** The columns of the last tuple. */
  private readonly current: Uint32Array;
  /** The followers of the current context of the first pattern. */
  private readonly followers: Followers;
  /** The followers of the current context of the partner. */
  private readonly partnerFollowers: Followers;
  /** Distinct tuples of the current row so far. */
  private count = 0;

  constructor(sort: Sort, stream: Stream, order: number, types: number, emit: (block: EncodedBlock) => void) {
    const [pattern] = sort;
    this.followers = new Followers(types);
    this.partnerFollowers = new Followers(types);
    const reached = contiguous(Math.min(span(pattern) + 2, order));
    this.width = pattern.length;
    this.distances = [...pattern, 0, ...reached.filter(distance => !pattern.includes(distance))];
    this.current = new Uint32Array(this.distances.length);
    this.tables = sort.map(p => new TableWriter(tableName(p, stream), p.length, emit));
  }

  readonly add: TupleSink = (columns, order, length) => {
    const { current, width } = this;
    const columnCount = current.length;
    for (let i = 0; i < length; i++) {
      const at = order[i];
      let different = 0;
      while (different < columnCount && columns[different][at] === current[different]) different++;
      if (different === columnCount) continue;
      if (different <= width && this.count > 0) this.advance(different);
      for (let j = different; j < columnCount; j++) current[j] = columns[j][at];
      this.count++;
    }
  };

  end(): void {
    if (this.count > 0) this.advance(0);
    this.current.fill(0);
    for (const table of this.tables) table.flush();
  }

  /** Adds the current row to its context, and writes the contexts that the next tuple does not share. @param different the first column in which the next tuple differs. */
  private advance(different: number): void {
    const { current, width, followers, partnerFollowers, tables } = this;
    followers.push(current[width], this.count);
    this.count = 0;
    if (different < width) {
      // The farthest word is NONE if the sentence is too short for the first pattern; it may be long enough for the partner.
      if (current[width - 1] !== NONE) tables[0].group(current, followers.words, followers.counts, followers.length);
      if (tables.length > 1 && current[width - 2] !== NONE) {
        partnerFollowers.pushTimes(followers);
      }
      followers.length = 0;
    }
    if (different < width - 1 && !partnerFollowers.empty) {
      partnerFollowers.countWords();
      tables[1].group(current, partnerFollowers.words, partnerFollowers.counts, partnerFollowers.length);
      partnerFollowers.length = 0;
    }
  }
}
