import { contiguous, tableName, type StepStream } from '../tables/pattern.js';
import { TableWriter, type EncodedBlock } from '../tables/table-writer.js';
import { DistinctTuples } from './distinct-tuples.js';
import type { Tally } from './tally.js';

/** The columns of the tuples of a step of Model M: the ids of the longest context, nearest first, then the predicted id. */
export interface StepColumns {
  /** By column, the distance of its word to the left of the predicted word. */
  readonly distances: readonly number[];
  /** By column, whether it has the class of that word in place of the word. */
  readonly ofClass: readonly boolean[];
}

/** The columns of a step. @param width ids of the longest context. */
export function stepColumns(step: StepStream, width: number): StepColumns {
  const distances =
    step === 'class-step'
      ? [...Array.from({ length: width }, (_, i) => i + 1), 0]
      : [...Array.from({ length: width }, (_, i) => i), 0];
  return { distances, ofClass: distances.map((_, i) => i === (step === 'class-step' ? width : 0)) };
}

/**
 * Counts all tables of a step of Model M from one sort. Counts are raw: how often the words stand in the text. In the context of
 * the word step that is a class alone, the count of a word is the number of distinct words before it. The counts of the empty context,
 * which no probability is computed from, are the numbers of contexts of one id that have the follower.
 */
export class StepTally extends DistinctTuples implements Tally {
  readonly distances: readonly number[];
  readonly tables: readonly TableWriter[];
  /** Level k collects the followers of the current context of k ids. */
  private readonly levels: readonly FollowerSums[];

  /** @param width ids of the longest context. @param unigrams by predicted id: gets the counts of the empty context. */
  constructor(
    private readonly step: StepStream,
    width: number,
    private readonly unigrams: Uint32Array,
    emit: (block: EncodedBlock) => void,
  ) {
    super(width);
    this.distances = stepColumns(step, width).distances;
    this.levels = Array.from({ length: width + 1 }, () => new FollowerSums(unigrams.length));
    this.tables = Array.from(
      { length: width },
      (_, i) => new TableWriter(tableName(contiguous(i + 2), step), i + 1, emit),
    );
  }

  end(): void {
    this.endTuples();
    for (const table of this.tables) table.flush();
  }

  protected override follow(level: number, id: number, weight: number): void {
    this.levels[level].add(id, weight);
  }

  /** Writes the current context of a level, and adds its followers to the context that is shorter by the farthest id. */
  protected override close(level: number): void {
    const { step, levels, unigrams } = this;
    const { words, counts, length } = levels[level].sort();
    if (length === 0) return;
    this.tables[level - 1].group(this.current, words, counts, length);
    if (level === 1) {
      for (let i = 0; i < length; i++) unigrams[words[i]]++;
    } else {
      const isRaw = step === 'class-step' || level > 2;
      for (let i = 0; i < length; i++) levels[level - 1].add(words[i], isRaw ? counts[i] : 1);
    }
    levels[level].clear();
  }
}

/** A list of up to this length is sorted by insertion. */
const FEW = 24;

/** The followers of one context, with the sums of their counts. */
class FollowerSums {
  /** Number of distinct followers. */
  length = 0;
  /** The followers: in the order in which they came, after {@link sort} by id. */
  words = new Uint32Array(64);
  /** By follower, its count; set by {@link sort}. */
  counts = new Uint32Array(64);
  /** By id, the sum of the counts so far; 0 for other ids. */
  private readonly sums: Uint32Array;

  constructor(ids: number) {
    this.sums = new Uint32Array(ids);
  }

  add(word: number, count: number): void {
    const { sums } = this;
    if (sums[word] === 0) {
      if (this.length === this.words.length) this.grow();
      this.words[this.length++] = word;
    }
    sums[word] += count;
  }

  /** Sorts the followers by id, and writes their counts. */
  sort(): this {
    const { words, length, sums, counts } = this;
    if (length > FEW) words.subarray(0, length).sort();
    else {
      for (let i = 1; i < length; i++) {
        const word = words[i];
        let j = i;
        for (; j > 0 && words[j - 1] > word; j--) words[j] = words[j - 1];
        words[j] = word;
      }
    }
    for (let i = 0; i < length; i++) counts[i] = sums[words[i]];
    return this;
  }

  clear(): void {
    const { words, sums } = this;
    for (let i = 0; i < this.length; i++) sums[words[i]] = 0;
    this.length = 0;
  }

  private grow(): void {
    const words = new Uint32Array(2 * this.words.length);
    words.set(this.words);
    this.words = words;
    this.counts = new Uint32Array(words.length);
  }
}
