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
   * By the rank of a word in the merged table of unigrams: the number of distinct words that precede the word. Threads share this memory,
   * and each thread counts the preceding words in its units.
   */
  readonly unigrams: Uint32Array;
}

/** Consecutive ranges of word ids that are merged at once. No block has contexts of two ranges. */
export interface MergeUnit extends WordRange {
  /** The first word id of each range except the first, ascending. */
  readonly cuts: readonly number[];
}

/** The summaries of the rows that a unit adds to each table: entry k belongs to the table of contexts of k + 1 words. */
export type MergedFigures = readonly TableSummary[];

/** Encoded blocks are given to `take` when at least this many wait. */
const BLOCKS_A_TAKE = 64;
/** Stands for the end of a list; greater than all word ids. */
const NO_WORD = 0xffffffff;

/**
 * Merges all contexts of models whose nearest word has a new id in the unit. The merged counts are the counts of the joined texts.
 *
 * - Input: the tries of models that have contiguous tables only.
 * - Output: blocks of the tries of all tables except the table of unigrams, given to `take`. The blocks of each table ascend, and the
 *   indices of contexts in them begin with 0 at the first context of the unit. Also the summaries of the tables.
 * - Works from shorter contexts to longer ones, level by level: a level has all contexts of one length. A level can be merged only after the
 *   level of its parents, because the ranks of its rows are ranks among the followers of the merged parents.
 *
 * Raw counts are added. The count of any other n-gram is the number of distinct words that precede it: the sum of its counts in the models,
 * minus 1 for each preceding word and each model beyond the first that has this word before the n-gram. That is known only when the next
 * level is merged, so that the blocks of a level are made then.
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
    const chosen: number[] = [];
    for (let at = 0; at < nearest.length; at++) {
      const id = ids[nearest[at]];
      if (id >= unit.from && id < unit.to) chosen.push(at);
    }
    return new SubtreeReader(stores[i], model, chosen);
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
  merged.setRoot();
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

/** Adds 1 to a word's entry in `unigrams` for each row of the word in `level`, which has the contexts of one word. */
function addUnigrams(unigrams: Uint32Array, { ranks, rows }: MergedLevel): void {
  const counts = new Uint32Array(unigrams.length);
  for (let row = 0; row < rows; row++) counts[ranks[row]]++;
  for (let rank = 0; rank < counts.length; rank++) if (counts[rank] > 0) Atomics.add(unigrams, rank, counts[rank]);
}

/** The levels of the models and the merged levels: two of each, because contexts of only two lengths are in memory at a time. */
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

/** The merged contexts of one length, in the order of the merged table, and their rows. */
class MergedLevel implements ContextColumns {
  /** Number of contexts. */
  contexts = 0;
  /** Number of rows. */
  rows = 0;
  /** By context, the index of its parent in the merged level of the parents. */
  parents = new Uint32Array(64);
  /** By context, the new id of its farthest word. */
  words = new Uint32Array(64);
  /** Rows `starts[c]` … `starts[c + 1]` − 1 are the followers of context c. */
  starts = new Uint32Array(65);
  /** By row, the rank of its word among the followers of the context's parent. */
  ranks = new Uint32Array(64);
  /** By row, its count. */
  counts = new Uint32Array(64);
  /** By model, then by context: 1 + the index of the context in the level of the model; 0 if the model lacks the context. */
  readonly sources: Uint32Array<ArrayBuffer>[];
  /** The index of the first context of each range of the unit except the first. */
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

  /** Makes this the level of the empty context, which all models have. It gets no rows: {@link addUnigrams} counts the unigrams. */
  setRoot(): void {
    this.begin(1, 0);
    this.contexts = 1;
    for (const source of this.sources) source[0] = 1;
  }
}

/** For each bound, the index of the first entry of `ascending[0, length)` that is at least the bound. @param bounds ascending. */
function startsOf(ascending: Uint32Array, length: number, bounds: readonly number[]): number[] {
  let at = 0;
  return bounds.map(bound => {
    while (at < length && ascending[at] < bound) at++;
    return at;
  });
}

/** How the rows of a level are counted. */
interface LevelCounting {
  /** By model, how often its text counts. */
  readonly times: readonly number[];
  /** Whether the contexts have one word. The counts of the level before, the unigrams, are then counted by {@link addUnigrams}. */
  readonly isFirst: boolean;
  /** Whether the contexts are the longest, so that all counts are raw. */
  readonly isLast: boolean;
}

/** Merges the contexts of one length. */
class LevelMerge {
  /** By model, the next entry of `rowOrder` to merge. */
  private readonly next: Uint32Array;
  /** By model, the end of the entries of `rowOrder` to merge (exclusive). */
  private readonly ends: Uint32Array;

  /**
   * @param to the merged level, which is overwritten.
   * @param above the merged level of the parents. A preceding word that several models have was added to its counts once for each of these
   * models; merging subtracts the surplus.
   * @param levels by model, the level to merge. `ranks` is overwritten: it gets the index of each row among the rows of its merged context.
   * @param parents by model, the level of the parents.
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

  /** Adds the children of a parent that only model m has. */
  private copyChildren(m: number, parent: number): void {
    const { order } = this.levels[m];
    const { children } = this.parents[m];
    const source = this.above.sources[m][parent] - 1;
    const end = children[source + 1];
    for (let at = children[source]; at < end; at++) this.copy(m, order[at], parent);
  }

  /** Adds the children of a parent that exactly the models m and n have. */
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

  /** Adds the children of a parent that any number of models have. */
  private mergeChildren(parent: number): void {
    const { above, parents, levels } = this;
    const owners = [...levels.keys()].filter(m => above.sources[m][parent] > 0);
    const next = new Uint32Array(levels.length);
    const ends = new Uint32Array(levels.length);
    for (const m of owners) {
      const source = above.sources[m][parent] - 1;
      next[m] = parents[m].children[source];
      ends[m] = parents[m].children[source + 1];
    }
    for (;;) {
      let least = NO_WORD;
      for (const m of owners) if (next[m] < ends[m]) least = Math.min(least, levels[m].words[levels[m].order[next[m]]]);
      if (least === NO_WORD) return;
      const sharing = owners.filter(m => next[m] < ends[m] && levels[m].words[levels[m].order[next[m]]] === least);
      const contexts = sharing.map(m => levels[m].order[next[m]++]);
      if (sharing.length === 1) this.copy(sharing[0], contexts[0], parent);
      else this.mergeRows(sharing, contexts, parent);
    }
  }

  /** Begins a context, without rows and without sources. @returns its index in the merged level. */
  private begin(parent: number, word: number): number {
    const { to } = this;
    const context = to.contexts++;
    to.parents[context] = parent;
    to.words[context] = word;
    // Only the merging of children reads `sources`, and the longest contexts have no children.
    if (!this.counting.isLast) for (let m = 0; m < to.sources.length; m++) to.sources[m][context] = 0;
    return context;
  }

  /** Whether the followers of a context have raw counts. @param word the context's farthest word. */
  private isRaw(word: number): boolean {
    return this.counting.isLast || word === BOS;
  }

  /** Adds a context that only model m has. @param context its index in the model's level. */
  private copy(m: number, context: number, parent: number): void {
    const { to, counting } = this;
    const { words, starts, rowOrder, ranks, counts } = this.levels[m];
    const { ranks: toRanks, counts: toCounts } = to;
    const merged = this.begin(parent, words[context]);
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
      to.sources[m][merged] = context + 1;
      for (let i = starts[context], rank = 0; i < end; i++, at++) {
        const row = rowOrder[i];
        toRanks[at] = ranks[row];
        toCounts[at] = times * counts[row];
        ranks[row] = rank++;
      }
    }
    to.starts[merged + 1] = to.rows = at;
  }

  /** Adds a context that exactly the models m and n have. @param a its index in the level of m. @param b its index in the level of n. */
  private mergeTwo(m: number, a: number, n: number, b: number, parent: number): void {
    const { to, above, counting } = this;
    const { words, starts: startsA, rowOrder: orderA, ranks: ranksA, counts: countsA } = this.levels[m];
    const { starts: startsB, rowOrder: orderB, ranks: ranksB, counts: countsB } = this.levels[n];
    const { ranks: toRanks, counts: toCounts } = to;
    const merged = this.begin(parent, words[a]);
    to.sources[m][merged] = a + 1;
    to.sources[n][merged] = b + 1;
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
    to.starts[merged + 1] = to.rows = at;
  }

  /** Adds a context that the models `sharing` have. @param contexts by entry of `sharing`, the context's index in the level of the model. */
  private mergeRows(sharing: readonly number[], contexts: readonly number[], parent: number): void {
    const { to, above, levels, counting, next, ends } = this;
    const word = levels[sharing[0]].words[contexts[0]];
    const isRaw = this.isRaw(word);
    const merged = this.begin(parent, word);
    for (const [i, m] of sharing.entries()) {
      to.sources[m][merged] = contexts[i] + 1;
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
      let modelsWithRow = 0;
      for (const m of sharing) {
        const { rowOrder, ranks, counts } = levels[m];
        const row = rowOrder[next[m]];
        if (next[m] === ends[m] || ranks[row] !== least) continue;
        count += isRaw ? counting.times[m] * counts[row] : counts[row];
        ranks[row] = at - first;
        next[m]++;
        modelsWithRow++;
      }
      if (!counting.isFirst) above.counts[above.starts[parent] + least] -= modelsWithRow - 1;
      to.ranks[at] = least;
      to.counts[at] = count;
      to.rows = at + 1;
    }
    to.starts[merged + 1] = to.rows;
  }
}

/** Writes the blocks of a merged level whose counts are complete. */
class LevelWriting {
  /** The sums over the rows; filled when all contexts are written. */
  readonly summary = emptySummary();
  private readonly writer: TrieWriter;
  /** The next context to write. */
  private context = 0;
  /** Index into `rangeStarts`: the next range to begin. */
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
