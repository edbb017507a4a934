import type { ModelStore } from '../store/store.js';
import { trieBlockKey } from '../store/keys.js';
import { damagedTable } from '../tables/damage.js';
import { TrieColumns } from '../tables/trie-columns.js';
import type { TrieDirectory } from '../tables/trie-directory.js';
import { openTrieBlock } from '../tables/trie-reader.js';
import type { TrieBlock } from '../tables/trie-block.js';

/** The table that has the contexts of one length. */
export interface SubtreeTable {
  readonly name: string;
  readonly directory: TrieDirectory;
}

/** A model whose contexts are read, and the new ids of its words. */
export interface SubtreeModel {
  /** Entry k is the table of the contexts of k + 1 words. */
  readonly tables: readonly SubtreeTable[];
  /** By word id of the model, the new id. */
  readonly ids: Uint32Array;
  /** By follower of the empty context, in the order of the model's rows: its rank among the followers of the merged empty context. */
  readonly ranks: Uint32Array;
  /** The contexts of one word, as ids of the model, ascending. */
  readonly nearest: Uint32Array;
}

/** The contexts of one length of a model, numbered from 0 in the order of the model, and their rows. */
export class Level {
  /** Number of contexts. */
  contexts = 0;
  /** Number of rows. */
  rows = 0;
  /** By context, its farthest word (new id). */
  words = new Uint32Array(64);
  /** Rows `starts[c]` … `starts[c + 1]` − 1 are the followers of context c. */
  starts = new Uint32Array(65);
  /** Entries `children[c]` … `children[c + 1]` − 1 of the next level's `order` are the contexts that extend context c by one word to the left. */
  children = new Uint32Array(65);
  /** The numbers of all contexts; children of one parent are neighbours, sorted by farthest word. */
  order = new Uint32Array(64);
  /**
   * By row, the rank of its word among the followers of the merged parent. Merging the level puts in its place the rank of the row in the
   * merged context, which the rows of the next level refer to.
   */
  ranks = new Uint32Array(64);
  /** By row, the count. */
  counts = new Uint32Array(64);
  /** The numbers of all rows; rows of one context are neighbours, sorted by rank. */
  rowOrder = new Uint32Array(64);

  /** Empties the level. */
  clear(): void {
    this.contexts = this.rows = 0;
  }

  /** Makes room for `contexts` more contexts and `rows` more rows. */
  reserve(contexts: number, rows: number): void {
    const most = this.contexts + contexts;
    if (most > this.words.length) {
      this.words = grown(this.words, most);
      this.starts = grown(this.starts, most + 1);
      this.children = grown(this.children, most + 1);
      this.order = grown(this.order, most);
    }
    if (this.rows + rows > this.ranks.length) {
      this.ranks = grown(this.ranks, this.rows + rows);
      this.counts = grown(this.counts, this.rows + rows);
      this.rowOrder = grown(this.rowOrder, this.rows + rows);
    }
  }
}

/** A copy of an array with at least `length` entries. */
export function grown(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length + (length >>> 1));
  larger.set(array);
  return larger;
}

/**
 * Selects the contexts whose parents are the contexts `from` ≤ c < `to` of the parents' table. For contexts of one word, which have no
 * parents' table, it selects the words `from` ≤ w < `to`.
 */
interface Run {
  readonly from: number;
  readonly to: number;
  /** The number that parent `from` has in the {@link Level} of the parents. */
  readonly local: number;
}

/** At most this many blocks are read at once. */
const BLOCKS_A_READ = 64;

/**
 * Reads all contexts of a model whose nearest words are given, each with its followers, and translates word ids to new ids.
 *
 * - Input: the tries of a model; indices into `model.nearest`, ascending.
 * - Output: levels; `order` and `rowOrder` list the contexts and rows of a level sorted by new ids.
 * - Works from shorter contexts to longer ones. A level is read after the level of its parents was merged, because a row of a trie stores a rank among
 *   the followers of the shorter context.
 */
export class SubtreeReader {
  /** The empty context, the parent of the contexts of one word. */
  readonly root = new Level();
  private runs: Run[] = [];

  constructor(
    private readonly store: ModelStore,
    private readonly model: SubtreeModel,
    places: readonly number[],
  ) {
    const { nearest, ranks } = model;
    for (let i = 0; i < places.length;) {
      const first = i;
      while (++i < places.length && places[i] === places[i - 1] + 1);
      this.runs.push({ from: nearest[places[first]], to: nearest[places[i - 1]] + 1, local: 0 });
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
   * @param parents the level before, which is merged; `root` for depth 0.
   * @param onRows called with the number of rows of each block that was read.
   * @throws KNESER_DAMAGED
   */
  async read(depth: number, level: Level, parents: Level, onRows: (rows: number) => void): Promise<void> {
    const { store, model } = this;
    level.clear();
    const reader = new LevelReader(store, model.ids, model.tables[depth], level, parents, depth === 0);
    this.runs = await reader.read(this.runs, onRows);
  }
}

/** Reads the contexts of one length from their table. */
class LevelReader {
  /** The columns of `block`. */
  private readonly columns = new TrieColumns();
  /** The block that was opened last. */
  private block: TrieBlock | undefined;
  /** The number of `block` in its table. */
  private number = -1;
  /** The values of the blocks that were fetched last, by block number. */
  private values = new Map<number, Uint8Array | undefined>();
  /** Contexts whose rows do not ascend, and parents whose children do not. */
  private readonly unsortedContexts: number[] = [];
  private readonly unsortedParents: number[] = [];
  /** The parent of the context that was added last. */
  private lastParent = -1;

  constructor(
    private readonly store: ModelStore,
    /** By word id of the model, the new id. */
    private readonly ids: Uint32Array,
    private readonly table: SubtreeTable,
    private readonly level: Level,
    private readonly parents: Level,
    /** Whether the contexts have one word, so that runs select words and the parent is the empty context. */
    private readonly isFirst: boolean,
  ) {}

  /** Reads the contexts that the runs select. @returns runs that select the children of these contexts. */
  async read(runs: readonly Run[], onRows: (rows: number) => void): Promise<Run[]> {
    const { directory } = this.table;
    const keys = this.isFirst ? directory.words : directory.parents;
    const numbers: number[] = [];
    for (const { from, to } of runs) {
      for (
        let b = Math.max(0, firstFrom(keys, keys.length, from) - 1), end = firstFrom(keys, keys.length, to);
        b < end;
        b++
      )
        if (numbers.at(-1) !== b) numbers.push(b);
    }
    const read: Run[] = [];
    let filled = 0;
    let at = 0;
    for (const run of runs) {
      const end = firstFrom(keys, keys.length, run.to);
      const local = this.level.contexts;
      let first = -1;
      for (let b = Math.max(0, firstFrom(keys, keys.length, run.from) - 1); b < end; b++) {
        if (b !== this.number) {
          if (!this.values.has(b)) {
            while (numbers[at] !== b) at++;
            await this.fetch(numbers.slice(at, at + BLOCKS_A_READ));
          }
          this.open(b, onRows);
        }
        const block = this.block as TrieBlock;
        const places = this.isFirst ? this.columns.words : this.columns.parents;
        const low = firstFrom(places, block.contexts, run.from);
        const high = firstFrom(places, block.contexts, run.to);
        if (low === high) continue;
        if (first < 0) first = block.firstContext + low;
        filled = this.add(block, low, high, run, filled);
      }
      const { contexts } = this.level;
      if (contexts > local) read.push({ from: first, to: first + contexts - local, local });
    }
    const { level, parents } = this;
    level.starts[level.contexts] = level.rows;
    while (filled <= parents.contexts) parents.children[filled++] = level.contexts;
    const { starts, ranks, rowOrder, words, order } = level;
    for (const context of this.unsortedContexts) sortPlaces(rowOrder, ranks, starts[context], starts[context + 1]);
    const { children } = parents;
    for (const parent of this.unsortedParents) sortPlaces(order, words, children[parent], children[parent + 1]);
    return read;
  }

  /** Reads the values of blocks from the store. */
  private async fetch(numbers: readonly number[]): Promise<void> {
    const values = await this.store.getMany(numbers.map(number => trieBlockKey(this.table.name, number)));
    this.values = new Map(numbers.map((number, i) => [number, values[i]]));
  }

  /** Decodes a fetched block into `columns`. */
  private open(number: number, onRows: (rows: number) => void): void {
    const { name, directory } = this.table;
    this.block = openTrieBlock(this.store, name, directory, number, this.values.get(number));
    this.block.checkSamples();
    this.columns.read(this.block);
    this.number = number;
    onRows(this.block.rows);
  }

  /**
   * Adds the contexts `low` ≤ c < `high` of the block to the level.
   *
   * @param filled how many parents have their entry in `children`.
   * @returns the new value of `filled`.
   */
  private add(block: TrieBlock, low: number, high: number, run: Run, filled: number): number {
    const { level, parents, columns, ids, isFirst } = this;
    const { starts, ranks, counts } = columns;
    level.reserve(high - low, starts[high] - starts[low]);
    const { ranks: merged, starts: parentStarts, children } = parents;
    const { words, starts: levelStarts, ranks: levelRanks, counts: levelCounts, order, rowOrder } = level;
    const { unsortedContexts, unsortedParents } = this;
    const offset = run.local - run.from;
    let { contexts, rows } = level;
    let { lastParent } = this;
    for (let c = low; c < high; c++) {
      const parent = isFirst ? 0 : offset + columns.parents[c];
      while (filled <= parent) children[filled++] = contexts;
      const first = parentStarts[parent];
      const last = parentStarts[parent + 1];
      // A later block of a wide context has more rows of the context that was added last.
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
        const rank = merged[follower];
        if (rank < before) ascends = false;
        before = rank;
        levelRanks[rows] = rank;
        levelCounts[rows] = counts[row];
        rowOrder[rows] = rows++;
      }
      if (!ascends && unsortedContexts.at(-1) !== contexts - 1) unsortedContexts.push(contexts - 1);
    }
    this.lastParent = lastParent;
    level.contexts = contexts;
    level.rows = rows;
    return filled;
  }

  private damaged(): Error {
    return damagedTable(this.store.name, this.table.name, 'an n-gram has a word that follows no shorter context');
  }
}

/** The index of the first of `length` ascending numbers that is at least `number`; `length` if there is none. */
function firstFrom(numbers: Uint32Array, length: number, number: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Lists of up to this many entries are sorted by insertion, longer lists as numbers word · {@link PLACES} + place. */
const FEW = 24;
/** Word ids are below 2^27 and lists are shorter than 2^26, so that word · PLACES + place is exact in a double. */
const PLACES = 2 ** 26;

/** Sorts entries `from` to `to` of `order`, which are these numbers ascending, by the keys at these places. */
function sortPlaces(order: Uint32Array, keys: Uint32Array, from: number, to: number): void {
  let at = from + 1;
  while (at < to && keys[at - 1] < keys[at]) at++;
  if (at >= to) return;
  if (to - from > FEW) {
    const sorted = new Float64Array(to - from);
    for (let i = from; i < to; i++) sorted[i - from] = keys[i] * PLACES + (i - from);
    sorted.sort();
    for (let i = 0; i < sorted.length; i++) order[from + i] = from + (sorted[i] % PLACES);
    return;
  }
  for (; at < to; at++) {
    const key = keys[at];
    let i = at;
    for (; i > from && keys[order[i - 1]] > key; i--) order[i] = order[i - 1];
    order[i] = at;
  }
}
