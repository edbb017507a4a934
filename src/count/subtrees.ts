import { grownAhead } from '../base/grown.js';
import { firstAtLeast } from '../base/search.js';
import { sortByValue } from '../base/sort-by-value.js';
import type { ModelStore } from '../store/store.js';
import { damagedTable } from '../tables/damage.js';
import { TrieColumns } from '../tables/trie-columns.js';
import { passAhead, TrieReader, type StoredTrie } from '../tables/trie-reader.js';
import type { TrieBlock } from '../tables/trie-block.js';

/** A model whose contexts are read, and the new ids of its words. */
export interface SubtreeModel {
  /** Entry k is the table of the contexts of k + 1 words. */
  readonly tables: readonly Required<StoredTrie>[];
  /** By word id of the model, the new id. */
  readonly ids: Uint32Array;
  /** By the rank of a word in the model's table of unigrams: the rank of the word in the merged table of unigrams. */
  readonly ranks: Uint32Array;
  /** The words that are contexts of one word, as ids of the model, ascending. */
  readonly nearest: Uint32Array;
}

/** Contexts of one length of a model, and their rows. The index of a context or row counts from 0, in the order of the model. */
export class Level {
  /** Number of contexts. */
  contexts = 0;
  /** Number of rows. */
  rows = 0;
  /** By context, the new id of its farthest word. */
  words = new Uint32Array(64);
  /** Rows `starts[c]` … `starts[c + 1]` − 1 are the followers of context c. */
  starts = new Uint32Array(65);
  /** Entries `children[c]` … `children[c + 1]` − 1 of the next level's `order` are the contexts that extend context c by one word to the left. */
  children = new Uint32Array(65);
  /** The indices of all contexts; children of one parent are neighbours, sorted by the new id of the farthest word. */
  order = new Uint32Array(64);
  /**
   * By row, the rank of its word among the followers of the merged parent. Merging overwrites it with the index of the row among the rows
   * of its merged context, because this index is the rank that rows of the next level need.
   */
  ranks = new Uint32Array(64);
  /** By row, the count. */
  counts = new Uint32Array(64);
  /** The indices of all rows; rows of one context are neighbours, sorted by rank. The rows of the longest contexts are themselves sorted. */
  rowOrder = new Uint32Array(64);

  /** Empties the level. */
  clear(): void {
    this.contexts = this.rows = 0;
  }

  /** Makes room for `contexts` more contexts and `rows` more rows. */
  reserve(contexts: number, rows: number): void {
    const most = this.contexts + contexts;
    if (most > this.words.length) {
      this.words = grownAhead(this.words, most);
      this.starts = grownAhead(this.starts, most + 1);
      this.children = grownAhead(this.children, most + 1);
      this.order = grownAhead(this.order, most);
    }
    if (this.rows + rows > this.ranks.length) {
      this.ranks = grownAhead(this.ranks, this.rows + rows);
      this.counts = grownAhead(this.counts, this.rows + rows);
      this.rowOrder = grownAhead(this.rowOrder, this.rows + rows);
    }
  }
}

/**
 * Selects the contexts of a table whose parents have indices `from` ≤ i < `to` in the parents' table. Contexts of one word have no parents'
 * table: for them it selects the words with ids `from` ≤ w < `to`.
 */
interface Selection {
  readonly from: number;
  readonly to: number;
  /** The index that parent `from` has in the {@link Level} of the parents. */
  readonly inLevel: number;
}

/**
 * Reads all contexts of a model that have one of the given nearest words, each with its followers, and translates word ids to new ids.
 *
 * - Input: the tries of a model; the nearest words, as ascending indices into `model.nearest`.
 * - Output: levels; `order` and `rowOrder` list the contexts and rows of a level sorted by new ids. Only longer contexts need the sequence in
 *   which the model has the rows: the rows of the longest contexts are sorted in place.
 * - Works from shorter contexts to longer ones. A level is read after the level of its parents was merged, because a trie stores for each
 *   row a rank among the followers of the parent, and reading translates it to the rank in the merged parent.
 */
export class SubtreeReader {
  /** The empty context, the parent of the contexts of one word. */
  readonly root = new Level();
  /** Selects the contexts of the level that is read next. */
  private selections: Selection[] = [];
  private readonly reader: TrieReader;

  /** @param chosen the nearest words whose contexts are read, as ascending indices into `model.nearest`. */
  constructor(
    store: ModelStore,
    private readonly model: SubtreeModel,
    chosen: readonly number[],
  ) {
    this.reader = new TrieReader(store, 0, model.tables);
    const { nearest, ranks } = model;
    for (let i = 0; i < chosen.length;) {
      const first = i;
      while (++i < chosen.length && chosen[i] === chosen[i - 1] + 1);
      this.selections.push({ from: nearest[chosen[first]], to: nearest[chosen[i - 1]] + 1, inLevel: 0 });
    }
    const { root } = this;
    root.contexts = 1;
    root.ranks = new Uint32Array(ranks);
    root.rows = root.starts[1] = ranks.length;
  }

  /**
   * Reads the contexts of `depth` + 1 words.
   *
   * @param level is overwritten.
   * @param parents the level before, which was merged already; `root` for depth 0.
   * @param isLast whether no longer contexts will be read.
   * @param onRows called with the number of rows of each block that was read.
   * @throws KNESER_DAMAGED
   */
  async read(
    depth: number,
    level: Level,
    parents: Level,
    isLast: boolean,
    onRows: (rows: number) => void,
  ): Promise<void> {
    const { model } = this;
    level.clear();
    const reader = new LevelReader(this.reader, model, depth, level, parents, isLast);
    this.selections = await reader.read(this.selections, onRows);
  }
}

/** Reads the contexts of one length from their table. */
class LevelReader {
  /** The columns of `block`. */
  private readonly columns = new TrieColumns();
  /** The block that was opened last. */
  private block: TrieBlock | undefined;
  /** The index of `block` in its table. */
  private blockIndex = -1;
  /** The blocks that were read last, by their index in the table. */
  private blocks: ReadonlyMap<number, TrieBlock> = new Map();
  /** Indices of the wide contexts in `level` whose rows do not ascend by rank yet. */
  private readonly unsortedContexts: number[] = [];
  /** Indices of the contexts in `parents` whose children do not ascend by farthest word yet. */
  private readonly unsortedParents: number[] = [];
  /** The index in `parents` of the parent of the context that was added last. */
  private lastParent = -1;

  constructor(
    private readonly reader: TrieReader,
    private readonly model: SubtreeModel,
    /** The index of the table in the model. */
    private readonly depth: number,
    private readonly level: Level,
    private readonly parents: Level,
    /** Whether rows are sorted in place, because no longer contexts refer to them. */
    private readonly isLast: boolean,
  ) {}

  /** Whether the contexts have one word, so that selections select word ids and the parent is the empty context. */
  private get isFirst(): boolean {
    return this.depth === 0;
  }

  /** Reads the selected contexts. @returns selections of their children, in the table of contexts one word longer. */
  async read(selections: readonly Selection[], onRows: (rows: number) => void): Promise<Selection[]> {
    const { directory } = this.model.tables[this.depth];
    const { isFirst } = this;
    const keys = isFirst ? directory.words : directory.parents;
    const wanted: number[] = [];
    for (const { from, to } of selections) {
      for (
        let b = Math.max(0, firstAtLeast(keys, keys.length, from) - 1), end = firstAtLeast(keys, keys.length, to);
        b < end;
        b++
      )
        if (wanted.at(-1) !== b) wanted.push(b);
    }
    const reading = passAhead(this.reader, this.depth, wanted);
    const children: Selection[] = [];
    let filled = 0;
    for (const selection of selections) {
      const end = firstAtLeast(keys, keys.length, selection.to);
      const inLevel = this.level.contexts;
      let first = -1;
      for (let b = Math.max(0, firstAtLeast(keys, keys.length, selection.from) - 1); b < end; b++) {
        if (b !== this.blockIndex) {
          while (!this.blocks.has(b)) {
            const read = await reading.next();
            if (!read) throw new Error('a block was selected and not read');
            this.blocks = read;
          }
          this.open(b, onRows);
        }
        const block = this.block as TrieBlock;
        const blockKeys = isFirst ? this.columns.words : this.columns.parents;
        const low = firstAtLeast(blockKeys, block.contexts, selection.from);
        const high = firstAtLeast(blockKeys, block.contexts, selection.to);
        if (low === high) continue;
        if (first < 0) first = block.firstContext + low;
        filled = this.add(block, low, high, selection, filled);
      }
      const { contexts } = this.level;
      if (contexts > inLevel) children.push({ from: first, to: first + contexts - inLevel, inLevel });
    }
    const { level, parents } = this;
    level.starts[level.contexts] = level.rows;
    while (filled <= parents.contexts) parents.children[filled++] = level.contexts;
    const { starts, words, order } = level;
    for (const context of this.unsortedContexts) this.sortRows(starts[context], starts[context + 1]);
    for (const parent of this.unsortedParents)
      sortByValue(order, parents.children[parent], parents.children[parent + 1], words);
    return children;
  }

  /** Decodes a block that was read into `columns`. @param index of the block in the table. */
  private open(index: number, onRows: (rows: number) => void): void {
    const block = this.blocks.get(index) as TrieBlock;
    this.block = block;
    block.checkSamples();
    this.columns.read(block);
    this.blockIndex = index;
    onRows(block.rows);
  }

  /**
   * Adds the contexts `low` ≤ c < `high` of the block, which the selection selects, to the level.
   *
   * @param filled how many parents have their entry in `children`.
   * @returns the new value of `filled`.
   */
  private add(block: TrieBlock, low: number, high: number, selection: Selection, filled: number): number {
    const { level, parents, columns, isFirst, isLast } = this;
    const { ids } = this.model;
    const { starts, ranks, counts } = columns;
    level.reserve(high - low, starts[high] - starts[low]);
    const { ranks: mergedRanks, starts: parentStarts, children } = parents;
    const { words, starts: levelStarts, ranks: levelRanks, counts: levelCounts, order, rowOrder } = level;
    const { unsortedContexts, unsortedParents } = this;
    const offset = selection.inLevel - selection.from;
    let { contexts, rows } = level;
    let { lastParent } = this;
    for (let c = low; c < high; c++) {
      const parent = isFirst ? 0 : offset + columns.parents[c];
      while (filled <= parent) children[filled++] = contexts;
      const first = parentStarts[parent];
      const last = parentStarts[parent + 1];
      // If the block does not begin with the context's first row, the block before added the context (a wide one) and its earlier rows.
      let before = -1;
      if (block.firstRow === 0) {
        const word = ids[columns.words[c]];
        if (parent === lastParent && word < words[contexts - 1] && unsortedParents.at(-1) !== parent)
          unsortedParents.push(parent);
        lastParent = parent;
        words[contexts] = word;
        order[contexts] = contexts;
        levelStarts[contexts++] = rows;
      } else {
        before = levelRanks[rows - 1];
      }
      let ascends = true;
      for (let row = starts[c]; row < starts[c + 1]; row++) {
        const follower = first + ranks[row];
        if (follower >= last) throw this.damaged();
        const rank = mergedRanks[follower];
        if (rank < before) ascends = false;
        before = rank;
        levelRanks[rows] = rank;
        levelCounts[rows] = counts[row];
        if (!isLast) rowOrder[rows] = rows;
        rows++;
      }
      if (ascends) continue;
      if (block.wideFollowers === 0) this.sortRows(levelStarts[contexts - 1], rows);
      else if (unsortedContexts.at(-1) !== contexts - 1) unsortedContexts.push(contexts - 1);
    }
    this.lastParent = lastParent;
    level.contexts = contexts;
    level.rows = rows;
    return filled;
  }

  /** Sorts the rows `from` ≤ row < `to` of a context by rank. */
  private sortRows(from: number, to: number): void {
    const { ranks, counts, rowOrder } = this.level;
    if (this.isLast) sortPairs(rowOrder, ranks, counts, from, to);
    else sortByValue(rowOrder, from, to, ranks);
  }

  private damaged(): Error {
    return damagedTable(
      this.reader.store.name,
      this.model.tables[this.depth].name,
      'an n-gram has a word that follows no shorter context',
    );
  }
}

/**
 * Sorts the rows `from` ≤ row < `to` by rank, and their counts along with them.
 *
 * @param order gets the indices of the rows, in the sequence of their ranks.
 */
function sortPairs(order: Uint32Array, ranks: Uint32Array, counts: Uint32Array, from: number, to: number): void {
  if (to - from > SHORT) {
    for (let row = from; row < to; row++) order[row] = row;
    sortByValue(order, from, to, ranks);
    gather(order, ranks, from, to);
    gather(order, counts, from, to);
    return;
  }
  for (let at = from + 1; at < to; at++) {
    const rank = ranks[at];
    const count = counts[at];
    let i = at;
    for (; i > from && ranks[i - 1] > rank; i--) {
      ranks[i] = ranks[i - 1];
      counts[i] = counts[i - 1];
    }
    ranks[i] = rank;
    counts[i] = count;
  }
}

/** Lists of up to this length are sorted by insertion. */
const SHORT = 40;

/** Sets each of `values[from, to)` to the value at the index that `order` has there. */
function gather(order: Uint32Array, values: Uint32Array, from: number, to: number): void {
  const before = values.slice(from, to);
  for (let i = from; i < to; i++) values[i] = before[order[i] - from];
}
