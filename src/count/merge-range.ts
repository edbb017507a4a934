import type { ModelStore } from '../store/store.js';
import type { RangeBlock } from '../tables/index-range.js';
import { addCounts, emptySummary, type TableSummary } from '../tables/table-writer.js';
import { TrieWriter, type ContextColumns, type EncodedTrieBlock } from '../tables/trie-writer.js';
import type { WordRange } from '../tables/word-ranges.js';
import { BOS } from '../text/tokens.js';
import { grown, Level, SubtreeReader, type SubtreeModel } from './subtrees.js';

/** The models whose tables are merged, as if their texts were one text. */
export interface MergePlan {
  readonly order: number;
  readonly models: readonly (SubtreeModel & {
    /** How often the model's text counts: 1 or more. */ readonly times: number;
  })[];
  /**
   * By rank among the followers of the merged empty context, the number of distinct words before the word; in memory that threads share:
   * all of them add to it.
   */
  readonly unigrams: Uint32Array;
}

/** Consecutive ranges of words that are merged at once. No block has contexts of two of them. */
export interface MergeUnit extends WordRange {
  /** The first word of each range but the first, ascending. */
  readonly cuts: readonly number[];
}

/** The part of the tables of contexts that a unit has, shorter contexts first. */
export type MergedFigures = readonly TableSummary[];

/** Encoded blocks are given to `take` when at least this many wait. */
const BLOCKS_A_TAKE = 64;
/** Stands for the end of a list; greater than all word ids. */
const NO_WORD = 0xffffffff;

/**
 * Merges all contexts of models whose nearest words are in a unit of new ids. The merged counts are the counts of the joined texts.
 *
 * - Input: the tries of models that have contiguous tables only.
 * - Output: blocks of the tries of all tables except the table of unigrams, given to `take`: ascending in every table, with the numbers of
 *   contexts counted from the first one of the unit; the summaries of the tables.
 * - Works from shorter contexts to longer ones. A level is the contexts of one length; it is merged when the level before is, since the ranks of its
 *   rows are among the followers of that level's merged contexts.
 *
 * Raw counts add up. The count of any other n-gram is the number of distinct words that precede it: the sum of its counts in the models,
 * minus one for each further model in which the same word precedes it. So the blocks of a level are made when the next level is merged.
 *
 * @param stores the store of each model, in the sequence of `plan.models`.
 * @param onRows called with the number of rows of each block that was read.
 * @param memory the levels of an earlier call, which are overwritten.
 * @throws KNESER_DAMAGED
 */
export async function mergeUnit(
  stores: readonly ModelStore[],
  { order, models, unigrams }: MergePlan,
  unit: MergeUnit,
  take: (blocks: RangeBlock[]) => Promise<void>,
  onRows: (rows: number) => void,
  memory = new MergeMemory(models.length),
): Promise<MergedFigures> {
  const readers = models.map((model, i) => {
    const { ids, nearest } = model;
    const places: number[] = [];
    for (let place = 0; place < nearest.length; place++) {
      const id = ids[nearest[place]];
      if (id >= unit.from && id < unit.to) places.push(place);
    }
    return new SubtreeReader(stores[i], model, places);
  });
  const times = models.map(model => model.times);
  const blocks: RangeBlock[] = [];
  const summaries: TableSummary[] = [];
  const write = async (table: number, level: MergedLevel): Promise<void> => {
    const writing = new LevelWriting(level, block => void blocks.push({ table, ...block }));
    while (writing.advance(() => blocks.length >= BLOCKS_A_TAKE)) await take(blocks.splice(0));
    summaries.push(writing.summary);
  };
  let merged = memory.root;
  merged.beRoot();
  let parents: readonly Level[] = readers.map(reader => reader.root);
  for (let depth = 0; depth < order - 1; depth++) {
    const levels = memory.levels[depth % 2];
    const longer = memory.merged[depth % 2];
    for (const [i, reader] of readers.entries()) await reader.read(depth, levels[i], parents[i], onRows);
    const isFirst = depth === 0;
    new LevelMerge(longer, merged, levels, parents, { times, isFirst, isLast: depth === order - 2 }).run();
    longer.rangeStarts = isFirst
      ? startsOf(longer.words, longer.contexts, unit.cuts)
      : startsOf(longer.parents, longer.contexts, merged.rangeStarts);
    if (isFirst) addUnigrams(unigrams, longer);
    // The counts of a level are complete when the next level is merged.
    if (depth > 0) await write(depth - 1, merged);
    parents = levels;
    merged = longer;
  }
  await write(order - 2, merged);
  await take(blocks);
  return summaries;
}

/** Adds for each follower of contexts of one word that one more word precedes it. */
function addUnigrams(unigrams: Uint32Array, { ranks, rows }: MergedLevel): void {
  const counts = new Uint32Array(unigrams.length);
  for (let row = 0; row < rows; row++) counts[ranks[row]]++;
  for (let rank = 0; rank < counts.length; rank++) if (counts[rank] > 0) Atomics.add(unigrams, rank, counts[rank]);
}

/** The levels of models and the merged ones: two of each, since only two lengths of contexts are in memory. */
export class MergeMemory {
  /** By parity of the depth, then by model. */
  readonly levels: readonly (readonly Level[])[];
  /** By parity of the depth. */
  readonly merged: readonly MergedLevel[];
  /** The merged empty context. */
  readonly root: MergedLevel;

  /** @param models number of models. */
  constructor(models: number) {
    this.levels = [0, 1].map(() => Array.from({ length: models }, () => new Level()));
    this.merged = [0, 1].map(() => new MergedLevel(models));
    this.root = new MergedLevel(models);
  }
}

/** The merged contexts of one length, in their order, and their rows. */
class MergedLevel implements ContextColumns {
  contexts = 0;
  rows = 0;
  /** By context, the number of its parent. */
  parents = new Uint32Array(64);
  /** By context, its farthest word. */
  words = new Uint32Array(64);
  /** Rows `starts[c]` … `starts[c + 1]` − 1 are the followers of context c. */
  starts = new Uint32Array(65);
  /** By row, its rank among the followers of the parent. */
  ranks = new Uint32Array(64);
  /** By row, its count. */
  counts = new Uint32Array(64);
  /** By model, then by context: the number of the context in the level of the model, plus 1; 0 where the model lacks it. */
  readonly sources: Uint32Array<ArrayBuffer>[];
  /** The first context of each range of the unit but the first. */
  rangeStarts: readonly number[] = [];

  constructor(models: number) {
    this.sources = Array.from({ length: models }, () => new Uint32Array(64));
  }

  /** Empties the level, and makes room for so many contexts and rows. */
  begin(contexts: number, rows: number): void {
    this.contexts = this.rows = this.starts[0] = 0;
    if (contexts > this.words.length) {
      this.parents = grown(this.parents, contexts);
      this.words = grown(this.words, contexts);
      this.starts = grown(this.starts, contexts + 1);
      for (const [m, source] of this.sources.entries()) this.sources[m] = grown(source, contexts);
    }
    if (rows <= this.ranks.length) return;
    this.ranks = grown(this.ranks, rows);
    this.counts = grown(this.counts, rows);
  }

  /** Makes it the level of the empty context, which all models have. Its followers are counted elsewhere. */
  beRoot(): void {
    this.begin(1, 0);
    this.contexts = 1;
    for (const source of this.sources) source[0] = 1;
  }
}

/** For each bound the index of the first of `length` ascending numbers that is at least the bound. @param bounds ascending. */
function startsOf(numbers: Uint32Array, length: number, bounds: readonly number[]): number[] {
  let at = 0;
  return bounds.map(bound => {
    while (at < length && numbers[at] < bound) at++;
    return at;
  });
}

/** How the rows of a level are counted. */
interface LevelCounting {
  /** By model, how often its text counts. */
  readonly times: readonly number[];
  /** Whether the contexts have one word: the counts of the level before are then counted apart. */
  readonly isFirst: boolean;
  /** Whether the contexts are the longest, so that all counts are raw. */
  readonly isLast: boolean;
}

/** The merging of the contexts of one length. */
class LevelMerge {
  /** For each model: the next entry of its list of contexts or rows, and the end of the list. */
  private readonly next: Uint32Array;
  private readonly ends: Uint32Array;

  /**
   * @param to is overwritten.
   * @param above the merged level of the parents. What its counts add up to too much is taken off them.
   * @param levels of each model. The ranks of their rows become ranks in the merged contexts.
   * @param parents of each model the level of the parents.
   */
  constructor(
    private readonly to: MergedLevel,
    private readonly above: MergedLevel,
    private readonly levels: readonly Level[],
    private readonly parents: readonly Level[],
    private readonly counting: LevelCounting,
  ) {
    this.next = new Uint32Array(levels.length);
    this.ends = new Uint32Array(levels.length);
    to.begin(
      levels.reduce((sum, { contexts }) => sum + contexts, 0),
      levels.reduce((sum, { rows }) => sum + rows, 0),
    );
  }

  run(): void {
    const { contexts, sources } = this.above;
    for (let parent = 0; parent < contexts; parent++) {
      let count = 0;
      let first = 0;
      let second = 0;
      for (let m = 0; m < sources.length; m++) {
        if (sources[m][parent] === 0) continue;
        if (count++ === 0) first = m;
        else second = m;
      }
      if (count === 1) this.copyChildren(first, parent);
      else if (count === 2) this.mergeChildrenOfTwo(first, second, parent);
      else this.mergeChildren(parent);
    }
  }

  /** Adds the children of a parent that one model has. */
  private copyChildren(m: number, parent: number): void {
    const { order } = this.levels[m];
    const { children } = this.parents[m];
    const number = this.above.sources[m][parent] - 1;
    const end = children[number + 1];
    for (let at = children[number]; at < end; at++) this.copy(m, order[at], parent);
  }

  /** Adds the children of a parent that two models have. */
  private mergeChildrenOfTwo(m: number, n: number, parent: number): void {
    const { above, parents, levels } = this;
    const { order: orderA, words: wordsA } = levels[m];
    const { order: orderB, words: wordsB } = levels[n];
    const a = above.sources[m][parent] - 1;
    const b = above.sources[n][parent] - 1;
    const endA = parents[m].children[a + 1];
    const endB = parents[n].children[b + 1];
    let atA = parents[m].children[a];
    let atB = parents[n].children[b];
    while (atA < endA || atB < endB) {
      const wordA = atA < endA ? wordsA[orderA[atA]] : NO_WORD;
      const wordB = atB < endB ? wordsB[orderB[atB]] : NO_WORD;
      if (wordA < wordB) this.copy(m, orderA[atA++], parent);
      else if (wordB < wordA) this.copy(n, orderB[atB++], parent);
      else this.mergeTwo(m, orderA[atA++], n, orderB[atB++], parent);
    }
  }

  /** Adds the children of a parent that several models have. */
  private mergeChildren(parent: number): void {
    const { above, parents, levels } = this;
    const having = [...levels.keys()].filter(m => above.sources[m][parent] > 0);
    const next = new Uint32Array(levels.length);
    const ends = new Uint32Array(levels.length);
    for (const m of having) {
      const number = above.sources[m][parent] - 1;
      next[m] = parents[m].children[number];
      ends[m] = parents[m].children[number + 1];
    }
    for (;;) {
      let least = NO_WORD;
      for (const m of having) if (next[m] < ends[m]) least = Math.min(least, levels[m].words[levels[m].order[next[m]]]);
      if (least === NO_WORD) return;
      const sharing = having.filter(m => next[m] < ends[m] && levels[m].words[levels[m].order[next[m]]] === least);
      const contexts = sharing.map(m => levels[m].order[next[m]++]);
      if (sharing.length === 1) this.copy(sharing[0], contexts[0], parent);
      else this.mergeRows(sharing, contexts, parent);
    }
  }

  /** Begins a context that models have. @returns its number. */
  private begin(parent: number, word: number): number {
    const { to } = this;
    const number = to.contexts++;
    to.parents[number] = parent;
    to.words[number] = word;
    // The longest contexts have no children, which would ask for them.
    if (!this.counting.isLast) for (let m = 0; m < to.sources.length; m++) to.sources[m][number] = 0;
    return number;
  }

  private isRaw(word: number): boolean {
    return this.counting.isLast || word === BOS;
  }

  /** Adds a context that one model has. */
  private copy(m: number, context: number, parent: number): void {
    const { to, counting } = this;
    const { words, starts, rowOrder, ranks, counts } = this.levels[m];
    const { ranks: toRanks, counts: toCounts } = to;
    const number = this.begin(parent, words[context]);
    const times = this.isRaw(words[context]) ? counting.times[m] : 1;
    const end = starts[context + 1];
    let at = to.rows;
    if (counting.isLast) {
      for (let i = starts[context]; i < end; i++, at++) {
        const row = rowOrder[i];
        toRanks[at] = ranks[row];
        toCounts[at] = times * counts[row];
      }
    } else {
      to.sources[m][number] = context + 1;
      for (let i = starts[context], rank = 0; i < end; i++, at++) {
        const row = rowOrder[i];
        toRanks[at] = ranks[row];
        toCounts[at] = times * counts[row];
        ranks[row] = rank++;
      }
    }
    to.starts[number + 1] = to.rows = at;
  }

  /** Adds a context that two models have. */
  private mergeTwo(m: number, a: number, n: number, b: number, parent: number): void {
    const { to, above, counting } = this;
    const { words, starts: startsA, rowOrder: orderA, ranks: ranksA, counts: countsA } = this.levels[m];
    const { starts: startsB, rowOrder: orderB, ranks: ranksB, counts: countsB } = this.levels[n];
    const { ranks: toRanks, counts: toCounts } = to;
    const number = this.begin(parent, words[a]);
    to.sources[m][number] = a + 1;
    to.sources[n][number] = b + 1;
    const isRaw = this.isRaw(words[a]);
    const timesA = isRaw ? counting.times[m] : 1;
    const timesB = isRaw ? counting.times[n] : 1;
    const endA = startsA[a + 1];
    const endB = startsB[b + 1];
    const excess = counting.isFirst ? undefined : above.counts;
    const aboveFirst = above.starts[parent];
    const first = to.rows;
    let at = first;
    for (let atA = startsA[a], atB = startsB[b]; atA < endA || atB < endB; at++) {
      const rowA = orderA[atA];
      const rowB = orderB[atB];
      const rankA = atA < endA ? ranksA[rowA] : NO_WORD;
      const rankB = atB < endB ? ranksB[rowB] : NO_WORD;
      let count = 0;
      if (rankA <= rankB) {
        count = timesA * countsA[rowA];
        ranksA[rowA] = at - first;
        atA++;
      }
      if (rankB <= rankA) {
        count += timesB * countsB[rowB];
        ranksB[rowB] = at - first;
        atB++;
        if (rankA === rankB && excess) excess[aboveFirst + rankA]--;
      }
      toRanks[at] = rankA < rankB ? rankA : rankB;
      toCounts[at] = count;
    }
    to.starts[number + 1] = to.rows = at;
  }

  /** Adds a context that several models have. @param contexts its number in each of them. */
  private mergeRows(sharing: readonly number[], contexts: readonly number[], parent: number): void {
    const { to, above, levels, counting, next, ends } = this;
    const word = levels[sharing[0]].words[contexts[0]];
    const isRaw = this.isRaw(word);
    const number = this.begin(parent, word);
    for (const [i, m] of sharing.entries()) {
      to.sources[m][number] = contexts[i] + 1;
      next[m] = levels[m].starts[contexts[i]];
      ends[m] = levels[m].starts[contexts[i] + 1];
    }
    const first = to.rows;
    for (let at = first; ; at++) {
      let least = NO_WORD;
      for (const m of sharing)
        if (next[m] < ends[m]) least = Math.min(least, levels[m].ranks[levels[m].rowOrder[next[m]]]);
      if (least === NO_WORD) break;
      let count = 0;
      let having = 0;
      for (const m of sharing) {
        const { rowOrder, ranks, counts } = levels[m];
        const row = rowOrder[next[m]];
        if (next[m] === ends[m] || ranks[row] !== least) continue;
        count += isRaw ? counting.times[m] * counts[row] : counts[row];
        ranks[row] = at - first;
        next[m]++;
        having++;
      }
      if (!counting.isFirst) above.counts[above.starts[parent] + least] -= having - 1;
      to.ranks[at] = least;
      to.counts[at] = count;
      to.rows = at + 1;
    }
    to.starts[number + 1] = to.rows;
  }
}

/** The writing of a merged level whose counts are complete. */
class LevelWriting {
  readonly summary = emptySummary();
  private readonly writer: TrieWriter;
  /** The next context, and the next range. */
  private context = 0;
  private range = 0;

  constructor(
    private readonly level: MergedLevel,
    emit: (block: EncodedTrieBlock) => void,
  ) {
    this.writer = new TrieWriter(emit, false);
  }

  /** Writes contexts until there are enough blocks. @returns whether contexts remain. */
  advance(isEnough: () => boolean): boolean {
    const { level, writer, summary } = this;
    const { contexts, rangeStarts } = level;
    while (this.context < contexts && !isEnough()) {
      while (this.range < rangeStarts.length && rangeStarts[this.range] <= this.context) this.range++;
      const end = this.range < rangeStarts.length ? rangeStarts[this.range] : contexts;
      this.context = writer.writeBlock(level, this.context, end);
    }
    if (this.context < contexts) return true;
    summary.rows = level.rows;
    summary.contexts = contexts;
    addCounts(summary, level.counts, 0, level.rows);
    return false;
  }
}
