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
  /** The followers of the empty context as new ids, in the order of the model's rows. */
  readonly words: Uint32Array;
  /** The contexts of one word, as ids of the model, ascending. */
  readonly nearest: Uint32Array;
}

/** The contexts of one length, numbered from 0, and their rows. */
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
  order = new Uint32Array(0);
  /** By row, the predicted word (new id); ascending within a context. */
  followers = new Uint32Array(64);
  /** By row, the count. */
  counts = new Uint32Array(64);

  /** Makes room for `contexts` more contexts and `rows` more rows. */
  reserve(contexts: number, rows: number): void {
    const most = this.contexts + contexts;
    if (most > this.words.length) {
      this.words = grown(this.words, most);
      this.starts = grown(this.starts, most + 1);
      this.children = grown(this.children, most + 1);
    }
    if (this.rows + rows > this.followers.length) {
      this.followers = grown(this.followers, this.rows + rows);
      this.counts = grown(this.counts, this.rows + rows);
    }
  }
}

/** A copy of an array with at least `length` entries. */
function grown(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
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
 * - Output: entry k has the contexts of k + 1 words. Within a level contexts are numbered in the order of the model; `order` lists them
 *   sorted by new ids.
 *
 * Tables are read one after the other, shorter contexts first, because a row of a trie stores a rank among the followers of the shorter
 * context.
 *
 * @param onRows called with the number of rows of each block that was read.
 * @param levels are overwritten and returned.
 * @throws KNESER_DAMAGED
 */
export async function readSubtrees(
  store: ModelStore,
  model: SubtreeModel,
  places: readonly number[],
  onRows: (rows: number) => void,
  levels = model.tables.map(() => new Level()),
): Promise<Level[]> {
  const { nearest } = model;
  let runs: Run[] = [];
  for (let i = 0; i < places.length;) {
    const first = i;
    while (++i < places.length && places[i] === places[i - 1] + 1);
    runs.push({ from: nearest[places[first]], to: nearest[places[i - 1]] + 1, local: 0 });
  }
  for (const [i, table] of model.tables.entries()) {
    levels[i].contexts = levels[i].rows = 0;
    runs = await new LevelReader(store, model, table, levels[i], i > 0 ? levels[i - 1] : undefined).read(runs, onRows);
  }
  for (const level of levels) sortRows(level);
  for (const [i, level] of levels.entries()) sortContexts(level, i > 0 ? levels[i - 1] : undefined);
  return levels;
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

  constructor(
    private readonly store: ModelStore,
    private readonly model: SubtreeModel,
    private readonly table: SubtreeTable,
    private readonly level: Level,
    private readonly parents: Level | undefined,
  ) {}

  /** Reads the contexts that the runs select. @returns runs that select the children of these contexts. */
  async read(runs: readonly Run[], onRows: (rows: number) => void): Promise<Run[]> {
    const { directory } = this.table;
    const keys = this.parents ? directory.parents : directory.words;
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
        const places = this.parents ? this.columns.parents : this.columns.words;
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
    if (parents) while (filled <= parents.contexts) parents.children[filled++] = level.contexts;
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
    const { level, parents, columns, model } = this;
    const { starts, ranks, counts } = columns;
    level.reserve(high - low, starts[high] - starts[low]);
    const followers = parents?.followers ?? model.words;
    for (let c = low; c < high; c++) {
      let first = 0;
      let last = model.words.length;
      if (parents) {
        const parent = run.local + columns.parents[c] - run.from;
        while (filled <= parent) parents.children[filled++] = level.contexts;
        first = parents.starts[parent];
        last = parents.starts[parent + 1];
      }
      // A later block of a wide context has more rows of the context that was added last.
      if (block.firstRow === 0) {
        level.words[level.contexts] = model.ids[columns.words[c]];
        level.starts[level.contexts++] = level.rows;
      }
      let to = level.rows;
      for (let row = starts[c]; row < starts[c + 1]; row++) {
        const follower = first + ranks[row];
        if (follower >= last) throw this.damaged();
        level.followers[to] = followers[follower];
        level.counts[to++] = counts[row];
      }
      level.rows = to;
    }
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

/** Sorts the rows of each context by predicted word. */
function sortRows({ contexts, starts, followers, counts }: Level): void {
  for (let c = 0; c < contexts; c++) {
    const from = starts[c];
    const to = starts[c + 1];
    let at = from + 1;
    while (at < to && followers[at - 1] < followers[at]) at++;
    if (at >= to) continue;
    if (to - from > FEW) {
      const keys = new Float64Array(to - from);
      for (let i = from; i < to; i++) keys[i - from] = followers[i] * PLACES + (i - from);
      keys.sort();
      const sorted = counts.slice(from, to);
      for (let i = 0; i < keys.length; i++) {
        const word = Math.floor(keys[i] / PLACES);
        followers[from + i] = word;
        counts[from + i] = sorted[keys[i] - word * PLACES];
      }
      continue;
    }
    for (; at < to; at++) {
      const word = followers[at];
      const count = counts[at];
      let i = at;
      for (; i > from && followers[i - 1] > word; i--) {
        followers[i] = followers[i - 1];
        counts[i] = counts[i - 1];
      }
      followers[i] = word;
      counts[i] = count;
    }
  }
}

/** Sets `level.order`: the children of each parent, sorted by farthest word. All contexts of one word are sorted as children of one parent. */
function sortContexts(level: Level, parents: Level | undefined): void {
  const { words, contexts } = level;
  if (level.order.length < contexts) level.order = new Uint32Array(level.words.length);
  const { order } = level;
  for (let i = 0; i < contexts; i++) order[i] = i;
  const families = parents?.contexts ?? 1;
  for (let parent = 0; parent < families; parent++) {
    const from = parents ? parents.children[parent] : 0;
    const to = parents ? parents.children[parent + 1] : contexts;
    let at = from + 1;
    while (at < to && words[at - 1] < words[at]) at++;
    if (at >= to) continue;
    if (to - from > FEW) {
      const keys = new Float64Array(to - from);
      for (let i = from; i < to; i++) keys[i - from] = words[i] * PLACES + (i - from);
      keys.sort();
      for (let i = 0; i < keys.length; i++) order[from + i] = from + (keys[i] % PLACES);
      continue;
    }
    for (; at < to; at++) {
      const context = order[at];
      let i = at;
      for (; i > from && words[order[i - 1]] > words[context]; i--) order[i] = order[i - 1];
      order[i] = context;
    }
  }
}
