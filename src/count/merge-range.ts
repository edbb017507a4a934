import type { ModelStore } from '../store/store.js';
import { contiguous, tableName } from '../tables/pattern.js';
import { TableWriter, type EncodedBlock, type TableSummary } from '../tables/table-writer.js';
import { BOS } from '../text/tokens.js';
import type { WordRange } from '../tables/word-ranges.js';
import { readSubtrees, type Level, type SubtreeModel } from './subtrees.js';

/** The models whose tables are merged, as if their texts were one text. */
export interface MergePlan {
  readonly order: number;
  readonly models: readonly (SubtreeModel & {
    /** How often the model's text counts: 1 or more. */ readonly times: number;
  })[];
  /** Ids in use: all new word ids are below it. */
  readonly types: number;
  /** By new id, the number of distinct words before the word; all threads add to it. */
  readonly unigrams: Uint32Array;
}

/** Encoded blocks are given to `take` when at least this many wait. */
const BLOCKS_A_TAKE = 64;
/** Stands for the end of a list; greater than all word ids. */
const NO_WORD = 0xffffffff;
/** How many contexts of one word are merged before the waiting blocks are counted again. */
const CONTEXTS_A_LOOK = 64;

/**
 * Merges all contexts of models whose nearest words are in a range of new ids. The merged counts are the counts of the joined texts.
 *
 * - Input: the tries of models that have contiguous tables only.
 * - Output: blocks of rows of all tables except the table of unigrams, ascending in every table, given to `take`; the summaries of the
 *   tables.
 *
 * Raw counts add up. The count of any other n-gram is the number of distinct words that precede it: the sum of its counts in the models,
 * minus one for each further model in which the same word precedes it. A context of several models is therefore merged after the
 * contexts that are one word longer to the left.
 *
 * @param stores the store of each model, in the sequence of `plan.models`.
 * @param onRows called with the number of rows of each block that was read.
 * @param memory arrays for the contexts of each model, which an earlier call has filled; they are overwritten.
 * @throws KNESER_DAMAGED
 */
export async function mergeRange(
  stores: readonly ModelStore[],
  plan: MergePlan,
  range: WordRange,
  take: (blocks: EncodedBlock[]) => Promise<void>,
  onRows: (rows: number) => void,
  memory: Level[][] = [],
): Promise<readonly { readonly table: string; readonly summary: TableSummary }[]> {
  for (const [i, model] of plan.models.entries()) {
    const { ids, nearest } = model;
    const places: number[] = [];
    for (let place = 0; place < nearest.length; place++) {
      const id = ids[nearest[place]];
      if (id >= range.from && id < range.to) places.push(place);
    }
    memory[i] = await readSubtrees(stores[i], model, places, onRows, memory.at(i));
  }
  const blocks: EncodedBlock[] = [];
  const merging = new Merging(plan, memory, block => blocks.push(block));
  while (merging.advance(CONTEXTS_A_LOOK)) if (blocks.length >= BLOCKS_A_TAKE) await take(blocks.splice(0));
  const summaries = merging.end();
  await take(blocks);
  return summaries;
}

/** The state of one merge. Level k has the contexts of k + 1 words; its current context is the first k + 1 words of `path`. */
class Merging {
  /** By level, the writer of its table. */
  private readonly writers: readonly TableWriter[];
  /** The words of the current contexts, nearest first. */
  private readonly path: Uint32Array;
  /** By level: the models that have the current context, and the number of the context in each of them. */
  private readonly found: readonly { models: Uint32Array; contexts: Uint32Array }[];
  /** By level, for each model in `found`: the next entry of its list of children or of followers, and the end of the list. */
  private readonly lists: readonly { next: Uint32Array; ends: Uint32Array }[];
  /** By level and word: by how much the counts of (current context, word) in the models add up to too much. */
  private readonly excess: readonly Uint32Array[];
  /** For each model: the next of its contexts of one word, and their end. */
  private readonly top: { next: Uint32Array; ends: Uint32Array };
  /** The followers of a merged context, and their counts. */
  private words = new Uint32Array(1024);
  private counts = new Uint32Array(1024);
  /** By model, how often its text counts. */
  private readonly times: readonly number[];
  private readonly unigrams: Uint32Array;
  /** The level of the longest contexts. */
  private readonly last: number;

  /** @param levels by model and level, the contexts of the model. */
  constructor(
    { order, models: { length }, models, types, unigrams }: MergePlan,
    private readonly levels: readonly (readonly Level[])[],
    emit: (block: EncodedBlock) => void,
  ) {
    const width = order - 1;
    this.last = width - 1;
    this.times = models.map(({ times }) => times);
    this.unigrams = unigrams;
    this.path = new Uint32Array(width);
    const emptyLists = (): { next: Uint32Array; ends: Uint32Array } => ({
      next: new Uint32Array(length),
      ends: new Uint32Array(length),
    });
    const byLevel = <T>(make: (level: number) => T): T[] => Array.from({ length: width }, (_, level) => make(level));
    this.writers = byLevel(level => new TableWriter(tableName(contiguous(level + 2), 'words'), level + 1, emit));
    this.found = byLevel(() => ({ models: new Uint32Array(length), contexts: new Uint32Array(length) }));
    this.lists = byLevel(emptyLists);
    this.excess = byLevel(level => new Uint32Array(level < width - 1 ? types : 0));
    this.top = emptyLists();
    for (const [m, [first]] of levels.entries()) this.top.ends[m] = first.contexts;
  }

  /** Merges up to `most` contexts of one word, each with all longer contexts that continue it. @returns whether contexts may remain. */
  advance(most: number): boolean {
    for (let i = 0; i < most; i++) {
      const count = this.enter(0, this.top, this.levels.length, undefined);
      if (count === 0) return false;
      this.merge(0, count);
    }
    return true;
  }

  /** Writes the unfinished blocks. @returns the summaries of the tables that have rows. */
  end(): { readonly table: string; readonly summary: TableSummary }[] {
    for (const writer of this.writers) writer.flush();
    return this.writers.filter(({ summary }) => summary.rows > 0).map(({ table, summary }) => ({ table, summary }));
  }

  /**
   * Moves to the next context of a level: its farthest word is the least of the words at the heads of the lists. Sets `path` and `found`.
   *
   * @param length number of lists.
   * @param modelOf by list, its model; if absent, list i belongs to model i.
   * @returns how many models have the context; 0 at the end of all lists.
   */
  private enter(
    level: number,
    { next, ends }: { readonly next: Uint32Array; readonly ends: Uint32Array },
    length: number,
    modelOf: Uint32Array | undefined,
  ): number {
    const { models, contexts } = this.found[level];
    let least = -1;
    let count = 0;
    for (let i = 0; i < length; i++) {
      if (next[i] === ends[i]) continue;
      const model = modelOf ? modelOf[i] : i;
      const { words, order } = this.levels[model][level];
      const context = order[next[i]];
      const word = words[context];
      if (count > 0 && word > least) continue;
      if (word !== least || count === 0) count = 0;
      least = word;
      models[count] = model;
      contexts[count++] = context;
    }
    if (count === 0) return 0;
    for (let i = 0, n = 0; i < length && n < count; i++) {
      if ((modelOf ? modelOf[i] : i) !== models[n]) continue;
      next[i]++;
      n++;
    }
    this.path[level] = least;
    return count;
  }

  /** Merges the current context and all longer contexts that continue it. @param count how many models have the context. */
  private merge(level: number, count: number): void {
    const { models, contexts } = this.found[level];
    if (count === 1) {
      this.copy(level, models[0], contexts[0]);
      return;
    }
    if (count === 2) {
      this.mergeTwo(level, models[0], contexts[0], models[1], contexts[1]);
      return;
    }
    const list = this.lists[level];
    const { next, ends } = list;
    if (level < this.last) {
      for (let i = 0; i < count; i++) {
        const { children } = this.levels[models[i]][level];
        next[i] = children[contexts[i]];
        ends[i] = children[contexts[i] + 1];
      }
      for (;;) {
        const found = this.enter(level + 1, list, count, models);
        if (found === 0) break;
        this.merge(level + 1, found);
      }
    }
    let most = 0;
    for (let i = 0; i < count; i++) {
      const { starts } = this.levels[models[i]][level];
      next[i] = starts[contexts[i]];
      ends[i] = starts[contexts[i] + 1];
      most += ends[i] - next[i];
    }
    this.reserve(most);
    const { words, counts, times, excess } = this;
    const isRaw = this.isRaw(level);
    const above = level > 0 ? excess[level - 1] : undefined;
    const own = excess[level];
    let length = 0;
    for (;;) {
      let least = NO_WORD;
      for (let i = 0; i < count; i++) {
        if (next[i] < ends[i]) least = Math.min(least, this.levels[models[i]][level].followers[next[i]]);
      }
      if (least === NO_WORD) break;
      let sum = 0;
      let sharing = 0;
      for (let i = 0; i < count; i++) {
        if (next[i] === ends[i]) continue;
        const { followers, counts: their } = this.levels[models[i]][level];
        if (followers[next[i]] !== least) continue;
        sum += isRaw ? times[models[i]] * their[next[i]] : their[next[i]];
        next[i]++;
        sharing++;
      }
      if (!isRaw) {
        sum -= own[least];
        own[least] = 0;
      }
      if (above && sharing > 1) above[least] += sharing - 1;
      words[length] = least;
      counts[length++] = sum;
    }
    this.put(level, length);
  }

  /** As {@link merge}, of context `a` of one model and context `b` of another, without the arrays in `found` and `lists`. */
  private mergeTwo(level: number, modelA: number, a: number, modelB: number, b: number): void {
    const { path, excess } = this;
    const levelA = this.levels[modelA][level];
    const levelB = this.levels[modelB][level];
    if (level < this.last) {
      const { words: wordsA, order: orderA } = this.levels[modelA][level + 1];
      const { words: wordsB, order: orderB } = this.levels[modelB][level + 1];
      const endA = levelA.children[a + 1];
      const endB = levelB.children[b + 1];
      let atA = levelA.children[a];
      let atB = levelB.children[b];
      while (atA < endA || atB < endB) {
        const wordA = atA < endA ? wordsA[orderA[atA]] : NO_WORD;
        const wordB = atB < endB ? wordsB[orderB[atB]] : NO_WORD;
        if (wordA < wordB) {
          path[level + 1] = wordA;
          this.copy(level + 1, modelA, orderA[atA++]);
        } else if (wordB < wordA) {
          path[level + 1] = wordB;
          this.copy(level + 1, modelB, orderB[atB++]);
        } else {
          path[level + 1] = wordA;
          this.mergeTwo(level + 1, modelA, orderA[atA++], modelB, orderB[atB++]);
        }
      }
    }
    const { followers: wordsA, counts: countsA } = levelA;
    const { followers: wordsB, counts: countsB } = levelB;
    const endA = levelA.starts[a + 1];
    const endB = levelB.starts[b + 1];
    let atA = levelA.starts[a];
    let atB = levelB.starts[b];
    this.reserve(endA - atA + endB - atB);
    const { words, counts } = this;
    const isRaw = this.isRaw(level);
    const timesA = isRaw ? this.times[modelA] : 1;
    const timesB = isRaw ? this.times[modelB] : 1;
    const above = level > 0 ? excess[level - 1] : undefined;
    const own = excess[level];
    let length = 0;
    while (atA < endA || atB < endB) {
      const wordA = atA < endA ? wordsA[atA] : NO_WORD;
      const wordB = atB < endB ? wordsB[atB] : NO_WORD;
      if (wordA < wordB) {
        words[length] = wordA;
        counts[length++] = timesA * countsA[atA++];
      } else if (wordB < wordA) {
        words[length] = wordB;
        counts[length++] = timesB * countsB[atB++];
      } else {
        let sum = timesA * countsA[atA++] + timesB * countsB[atB++];
        if (!isRaw) {
          sum -= own[wordA];
          own[wordA] = 0;
        }
        if (above) above[wordA]++;
        words[length] = wordA;
        counts[length++] = sum;
      }
    }
    this.put(level, length);
  }

  /** Copies a context that only one model has, and all longer contexts that continue it. */
  private copy(level: number, model: number, context: number): void {
    const { starts, children, followers, counts: their } = this.levels[model][level];
    const from = starts[context];
    const length = starts[context + 1] - from;
    this.reserve(length);
    const { words, counts } = this;
    const times = this.isRaw(level) ? this.times[model] : 1;
    for (let i = 0; i < length; i++) {
      words[i] = followers[from + i];
      counts[i] = times * their[from + i];
    }
    this.put(level, length);
    if (level === this.last) return;
    const { words: farthest, order } = this.levels[model][level + 1];
    for (let at = children[context]; at < children[context + 1]; at++) {
      const child = order[at];
      this.path[level + 1] = farthest[child];
      this.copy(level + 1, model, child);
    }
  }

  /** Whether the followers of the current context have raw counts. */
  private isRaw(level: number): boolean {
    return level === this.last || this.path[level] === BOS;
  }

  /** Writes the rows of the current context: the first `length` entries of `words` and `counts`. */
  private put(level: number, length: number): void {
    const { words, counts, unigrams } = this;
    this.writers[level].group(this.path, words, counts, length);
    if (level === 0) for (let i = 0; i < length; i++) Atomics.add(unigrams, words[i], 1);
  }

  /** Makes `words` and `counts` long enough for `length` followers. */
  private reserve(length: number): void {
    if (length <= this.words.length) return;
    this.words = new Uint32Array(2 * length);
    this.counts = new Uint32Array(2 * length);
  }
}
