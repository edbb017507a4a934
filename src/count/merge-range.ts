import type { ModelStore } from '../store/store.js';
import type { RangeBlock } from '../tables/index-range.js';
import { addCounts, emptySummary, type TableSummary } from '../tables/table-writer.js';
import { TrieWriter } from '../tables/trie-writer.js';
import type { WordRange } from '../tables/word-ranges.js';
import { LastLevelMerge, LevelMerge, MergedLevel } from './merge-contexts.js';
import { Level, SubtreeReader, type SubtreeModel } from './subtrees.js';

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
  const isEnough = (): boolean => blocks.length >= BLOCKS_A_TAKE;
  const tables = Array.from({ length: order - 1 }, (_, table) => new PartOfTable(table, blocks));
  const write = async (depth: number, level: MergedLevel): Promise<void> => {
    const writing = new LevelWriting(tables[depth].writer, level);
    while (writing.advance(isEnough)) await take(blocks.splice(0));
  };
  let merged = memory.root;
  merged.setRoot();
  let parents: readonly Level[] = readers.map(reader => reader.root);
  for (let depth = 0; depth < order - 1; depth++) {
    const isFirst = depth === 0;
    const isLast = depth > 0 && depth === order - 2;
    const levels = memory.levels[depth % 2];
    const above = merged;
    for (const [i, reader] of readers.entries()) await reader.read(depth, levels[i], parents[i], isLast, onRows);
    if (isLast) {
      const merge = new LastLevelMerge(tables[depth].writer, above, levels, parents, times);
      while (merge.advance(isEnough)) await take(blocks.splice(0));
    } else {
      merged = memory.merged[depth % 2];
      new LevelMerge(merged, above, levels, parents, { times, isFirst, isRaw: order === 2 }).run();
      merged.rangeStarts = isFirst
        ? startsOf(merged.words, merged.contexts, unit.cuts)
        : startsOf(merged.parents, merged.contexts, above.rangeStarts);
    }
    if (isFirst) addUnigrams(unigrams, merged);
    parents = levels;
    // The counts of a level are complete when the next level is merged.
    if (!isFirst) await write(depth - 1, above);
  }
  if (order === 2) await write(0, merged);
  await take(blocks);
  return tables.map(({ summary }) => summary);
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

/** For each bound, the index of the first entry of `ascending[0, length)` that is at least the bound. @param bounds ascending. */
function startsOf(ascending: Uint32Array, length: number, bounds: readonly number[]): number[] {
  let at = 0;
  return bounds.map(bound => {
    while (at < length && ascending[at] < bound) at++;
    return at;
  });
}

/** Writes the part of a table that a unit adds to it. */
class PartOfTable {
  readonly writer: TrieWriter;
  private readonly sums = emptySummary();

  /** @param blocks gets the blocks. */
  constructor(table: number, blocks: RangeBlock[]) {
    this.writer = new TrieWriter(block => {
      const { counts, rows } = this.writer;
      this.sums.rows += rows;
      addCounts(this.sums, counts, 0, rows);
      blocks.push({ table, ...block });
    }, false);
  }

  /** The sums over all rows. */
  get summary(): TableSummary {
    return { ...this.sums, contexts: this.writer.contexts };
  }
}

/** Writes the blocks of a merged level whose counts are complete. */
class LevelWriting {
  /** The next context to write. */
  private context = 0;
  /** Index into `rangeStarts`: the next range to begin. */
  private range = 0;

  constructor(
    private readonly writer: TrieWriter,
    private readonly level: MergedLevel,
  ) {}

  /** Writes contexts until there are enough blocks. @returns whether contexts remain. */
  advance(isEnough: () => boolean): boolean {
    const { level, writer } = this;
    const { contexts, rangeStarts } = level;
    while (this.context < contexts && !isEnough()) {
      while (this.range < rangeStarts.length && rangeStarts[this.range] <= this.context) this.range++;
      const end = this.range < rangeStarts.length ? rangeStarts[this.range] : contexts;
      this.context = writer.writeBlock(level, this.context, end);
    }
    return this.context < contexts;
  }
}
