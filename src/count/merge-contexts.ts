import { TRIE_ROWS } from '../tables/trie-block.js';
import type { ContextColumns, TrieWriter } from '../tables/trie-writer.js';
import { BOS } from '../text/tokens.js';
import { grownAhead } from '../base/grown.js';
import type { Level } from './subtrees.js';

/** Stands for the end of a list; greater than all word ids. */
const NO_WORD = 0xffffffff;

/** The merged contexts of one length, in the order of the merged table, and their rows. */
export class MergedLevel implements ContextColumns {
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
      this.parents = grownAhead(this.parents, contexts);
      this.words = grownAhead(this.words, contexts);
      this.starts = grownAhead(this.starts, contexts + 1);
      for (const [m, source] of this.sources.entries()) this.sources[m] = grownAhead(source, contexts);
    }
    if (rows <= this.ranks.length) return;
    this.ranks = grownAhead(this.ranks, rows);
    this.counts = grownAhead(this.counts, rows);
  }

  /** Makes this the level of the empty context, which all models have. It gets no rows: the unigrams are counted apart. */
  setRoot(): void {
    this.begin(1, 0);
    this.contexts = 1;
    for (const source of this.sources) source[0] = 1;
  }
}

/** Merges the contexts of one length: finds the models that have each context. Subclasses merge the rows. */
abstract class ContextMerge {
  /**
   * @param above the merged level of the parents. A preceding word that several models have was added to its counts once for each of these
   * models; merging subtracts the surplus.
   * @param levels by model, the level to merge.
   * @param parents by model, the level of the parents.
   */
  constructor(
    protected readonly above: MergedLevel,
    protected readonly levels: readonly Level[],
    protected readonly parents: readonly Level[],
  ) {}

  /** Adds a context that only model m has. @param context its index in the model's level. */
  protected abstract copy(m: number, context: number, parent: number): void;

  /** Adds a context that exactly the models m and n have. @param a its index in the level of m. @param b its index in the level of n. */
  protected abstract mergeTwo(m: number, a: number, n: number, b: number, parent: number): void;

  /** Adds a context that the models `sharing` have. @param contexts by entry of `sharing`, the context's index in the level of the model. */
  protected abstract mergeRows(sharing: readonly number[], contexts: readonly number[], parent: number): void;

  /** Adds all contexts that extend a merged parent. */
  protected addChildren(parent: number): void {
    const { sources } = this.above;
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
}

/** How the rows of a level are counted. */
interface LevelCounting {
  /** By model, how often its text counts. */
  readonly times: readonly number[];
  /** Whether the contexts have one word. The counts of the level before, the unigrams, are then counted apart. */
  readonly isFirst: boolean;
  /** Whether all counts are raw, not only those of the followers of contexts that begin with `<s>`. */
  readonly isRaw: boolean;
}

/** Merges the contexts of one length to a level, because merging longer contexts needs the ranks of its rows and completes its counts. */
export class LevelMerge extends ContextMerge {
  /** By model, the next entry of `rowOrder` to merge. */
  private readonly next: Uint32Array;
  /** By model, the end of the entries of `rowOrder` to merge (exclusive). */
  private readonly ends: Uint32Array;

  /**
   * @param to the merged level, which is overwritten.
   * @param levels by model, the level to merge. `ranks` is overwritten: it gets the index of each row among the rows of its merged context.
   */
  constructor(
    private readonly to: MergedLevel,
    above: MergedLevel,
    levels: readonly Level[],
    parents: readonly Level[],
    private readonly counting: LevelCounting,
  ) {
    super(above, levels, parents);
    this.next = new Uint32Array(levels.length);
    this.ends = new Uint32Array(levels.length);
    to.begin(
      levels.reduce((sum, { contexts }) => sum + contexts, 0),
      levels.reduce((sum, { rows }) => sum + rows, 0),
    );
  }

  run(): void {
    for (let parent = 0; parent < this.above.contexts; parent++) this.addChildren(parent);
  }

  /** Begins a context, without rows and without sources. @returns its index in the merged level. */
  private begin(parent: number, word: number): number {
    const { to } = this;
    const context = to.contexts++;
    to.parents[context] = parent;
    to.words[context] = word;
    for (let m = 0; m < to.sources.length; m++) to.sources[m][context] = 0;
    return context;
  }

  /** Whether the followers of a context have raw counts. @param word the context's farthest word. */
  private isRaw(word: number): boolean {
    return this.counting.isRaw || word === BOS;
  }

  protected copy(m: number, context: number, parent: number): void {
    const { to, counting } = this;
    const { words, starts, rowOrder, ranks, counts } = this.levels[m];
    const { ranks: toRanks, counts: toCounts } = to;
    const merged = this.begin(parent, words[context]);
    const times = this.isRaw(words[context]) ? counting.times[m] : 1;
    const end = starts[context + 1];
    let at = to.rows;
    to.sources[m][merged] = context + 1;
    for (let i = starts[context], rank = 0; i < end; i++, at++) {
      const row = rowOrder[i];
      toRanks[at] = ranks[row];
      toCounts[at] = times * counts[row];
      ranks[row] = rank++;
    }
    to.starts[merged + 1] = to.rows = at;
  }

  protected mergeTwo(m: number, a: number, n: number, b: number, parent: number): void {
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

  protected mergeRows(sharing: readonly number[], contexts: readonly number[], parent: number): void {
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

/**
 * Merges the longest contexts, whose counts are raw. They are written at once: nothing is added to their counts later, and no longer contexts
 * refer to their rows.
 */
export class LastLevelMerge extends ContextMerge {
  /** The next parent whose children are merged. */
  private parent = 0;
  /** Index into `rangeStarts` of the parents: the next range to begin. */
  private range = 0;
  /** The ranks of the rows of a context that several models have. */
  private ranks = new Uint32Array(64);
  /** The counts of these rows. */
  private counts = new Uint32Array(64);

  /**
   * @param levels by model, the level to merge, whose rows are sorted. `counts` is overwritten.
   * @param times by model, how often its text counts.
   */
  constructor(
    private readonly writer: TrieWriter,
    above: MergedLevel,
    levels: readonly Level[],
    parents: readonly Level[],
    times: readonly number[],
  ) {
    super(above, levels, parents);
    for (const [m, { counts, rows }] of levels.entries())
      if (times[m] !== 1) for (let row = 0; row < rows; row++) counts[row] *= times[m];
  }

  /** Merges and writes contexts until there are enough blocks. @returns whether contexts remain. */
  advance(isEnough: () => boolean): boolean {
    const { contexts, rangeStarts } = this.above;
    for (; this.parent < contexts && !isEnough(); this.parent++) {
      if (this.range < rangeStarts.length && rangeStarts[this.range] <= this.parent) {
        this.writer.flush();
        while (this.range < rangeStarts.length && rangeStarts[this.range] <= this.parent) this.range++;
      }
      this.addChildren(this.parent);
    }
    if (this.parent < contexts) return true;
    this.writer.flush();
    return false;
  }

  protected copy(m: number, context: number, parent: number): void {
    const { words, starts, ranks, counts } = this.levels[m];
    this.write(parent, words[context], ranks, counts, starts[context], starts[context + 1]);
  }

  protected mergeTwo(m: number, a: number, n: number, b: number, parent: number): void {
    const { above } = this;
    const { words, starts: startsA, ranks: ranksA, counts: countsA } = this.levels[m];
    const { starts: startsB, ranks: ranksB, counts: countsB } = this.levels[n];
    const endA = startsA[a + 1];
    const endB = startsB[b + 1];
    let atA = startsA[a];
    let atB = startsB[b];
    this.reserve(endA - atA + endB - atB);
    const { ranks, counts } = this;
    const excess = above.counts;
    const aboveFirst = above.starts[parent];
    let length = 0;
    for (; atA < endA || atB < endB; length++) {
      const rankA = atA < endA ? ranksA[atA] : NO_WORD;
      const rankB = atB < endB ? ranksB[atB] : NO_WORD;
      let count = 0;
      if (rankA <= rankB) count = countsA[atA++];
      if (rankB <= rankA) {
        count += countsB[atB++];
        if (rankA === rankB) excess[aboveFirst + rankA]--;
      }
      ranks[length] = rankA < rankB ? rankA : rankB;
      counts[length] = count;
    }
    this.write(parent, words[a], ranks, counts, 0, length);
  }

  protected mergeRows(sharing: readonly number[], contexts: readonly number[], parent: number): void {
    const { above, levels } = this;
    const next = sharing.map((m, i) => levels[m].starts[contexts[i]]);
    const ends = sharing.map((m, i) => levels[m].starts[contexts[i] + 1]);
    this.reserve(next.reduce((sum, from, i) => sum + ends[i] - from, 0));
    let length = 0;
    for (; ; length++) {
      let least = NO_WORD;
      for (const [i, m] of sharing.entries()) if (next[i] < ends[i]) least = Math.min(least, levels[m].ranks[next[i]]);
      if (least === NO_WORD) break;
      let count = 0;
      let modelsWithRow = 0;
      for (const [i, m] of sharing.entries()) {
        if (next[i] === ends[i] || levels[m].ranks[next[i]] !== least) continue;
        count += levels[m].counts[next[i]++];
        modelsWithRow++;
      }
      above.counts[above.starts[parent] + least] -= modelsWithRow - 1;
      this.ranks[length] = least;
      this.counts[length] = count;
    }
    this.write(parent, levels[sharing[0]].words[contexts[0]], this.ranks, this.counts, 0, length);
  }

  /** Makes room in `ranks` and `counts`. */
  private reserve(rows: number): void {
    if (rows <= this.ranks.length) return;
    this.ranks = grownAhead(this.ranks, rows);
    this.counts = grownAhead(this.counts, rows);
  }

  /** Writes a context. @param word its farthest word. The entries `from` ≤ i < `end` of `ranks` and `counts` are its rows. */
  private write(
    parent: number,
    word: number,
    ranks: Uint32Array,
    counts: Uint32Array,
    from: number,
    end: number,
  ): void {
    const { writer } = this;
    const length = end - from;
    if (length > TRIE_ROWS) {
      writer.group(parent, word, ranks.subarray(from, end), counts, from, length, 0);
      return;
    }
    const row = writer.begin(parent, word, length, 0);
    const { ranks: toRanks, counts: toCounts } = writer;
    for (let i = 0; i < length; i++) {
      toRanks[row + i] = ranks[from + i];
      toCounts[row + i] = counts[from + i];
    }
  }
}
