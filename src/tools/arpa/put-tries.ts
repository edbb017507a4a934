import type { ModelWriter } from '../../store/store.js';
import type { TableManifest } from '../../tables/manifest.js';
import { contiguous, tableName } from '../../tables/pattern.js';
import { putRootTable } from '../../tables/root-table.js';
import { TRIE_ROWS } from '../../tables/trie-block.js';
import { TrieOutput } from '../../tables/trie-output.js';
import { NONE } from '../../text/tokens.js';
import type { Ngrams } from './ngrams.js';

/** How many blocks wait before they are written to the store. */
const BLOCKS_A_WRITE = 128;
/** If a parent has more followers than this, the ranks of words among them are read from an array by word id. */
const FEW = 48;

/** The n-grams of one order as contexts, in the order of the table one order up: nearest word first. A "place" is an index in this list. */
interface Contexts {
  readonly ngrams: Ngrams;
  /** By place, the row of the n-gram. */
  readonly rows: Uint32Array;
  /** By place, the first row of its followers; one more entry is the number of n-grams one order up. */
  readonly starts: Uint32Array;
  /** By place, the place of the context without its farthest word; empty for contexts of one word. */
  readonly parents: Uint32Array;
  /** By place, 1 if the table has the context: it has followers or a back-off, or is the parent of a context that its table has. */
  readonly isStored: Uint8Array;
}

/**
 * Writes the tables of a back-off model to the store, as tries, with their directories.
 *
 * - Input: n-grams with log10 p and back-offs.
 * - Output: blocks and directories in the store; returns the entries of the tables in the manifest.
 * - Writes from order 1 up, and an order by context, nearest word first.
 *
 * @param orders the n-grams by order, from 1 on, sorted; every order contains the context and the suffix of each n-gram one word
 *   longer.
 * @param types all word ids are below it.
 * @param onNgrams called with the number of n-grams written so far, and with the number of n-grams in `orders`.
 */
export async function putTries(
  to: Pick<ModelWriter, 'put'>,
  orders: readonly Ngrams[],
  types: number,
  onNgrams: (done: number, total: number) => void,
): Promise<TableManifest[]> {
  const total = orders.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  onNgrams(done, total);
  const lists = contextsOf(orders, types);
  const tables: TableManifest[] = [];
  for (const [level, ngrams] of orders.entries()) {
    const pattern = tableName(contiguous(level + 1), 'words');
    const report = (rows: number): void => onNgrams(done + rows, total);
    const above = level > 1 ? lists[level - 2] : undefined;
    const figures =
      level === 0
        ? await putUnigrams(to, pattern, ngrams)
        : await new ContextTable(ngrams, lists[level - 1], above, types).put(to, pattern, report);
    done += ngrams.length;
    onNgrams(done, total);
    const noCounts = { tokens: 0, countsOfCounts: [0, 0, 0, 0] } as const;
    // As in pruned tables, an n-gram need not be a context, which `dropped` tells readers. `bare` counts contexts without followers.
    tables.push({ pattern, mixed: true, rows: ngrams.length, dropped: 0, ...figures, ...noCounts });
  }
  return tables;
}

type Figures = Pick<TableManifest, 'contexts'> & { readonly bare: number };

async function putUnigrams(
  to: Pick<ModelWriter, 'put'>,
  name: string,
  { columns: [words], log10Probs, length }: Ngrams,
): Promise<Figures> {
  const ones = new Uint32Array(length).fill(1);
  const numbers = { log10Probs, backoff: 0, bare: false };
  const contexts = await putRootTable(to, name, true, writer => writer.group(0, 0, words, ones, 0, length, 0, numbers));
  return { contexts, bare: 0 };
}

/** The contexts of one word, two words …, and which of them the tables have. */
function contextsOf(orders: readonly Ngrams[], types: number): Contexts[] {
  const lists: Contexts[] = [];
  for (const [level, ngrams] of orders.slice(0, -1).entries()) {
    const rows = ngrams.rowsAsContexts(types);
    const parents = level === 0 ? new Uint32Array(0) : parentsOf(ngrams, rows, lists[level - 1]);
    const starts = startsOf(ngrams, rows, orders[level + 1]);
    lists.push({ ngrams, rows, starts, parents, isStored: new Uint8Array(rows.length) });
  }
  for (let level = lists.length - 1; level >= 0; level--) {
    const { ngrams, rows, starts, parents, isStored } = lists[level];
    for (let place = 0; place < rows.length; place++) {
      if (starts[place + 1] > starts[place] || ngrams.backoffs[rows[place]] !== 0) isStored[place] = 1;
      if (level > 0 && isStored[place] === 1) lists[level - 1].isStored[parents[place]] = 1;
    }
  }
  return lists;
}

/** As `parents` of {@link Contexts}. */
function parentsOf({ columns }: Ngrams, rows: Uint32Array, above: Contexts): Uint32Array {
  const parents = new Uint32Array(rows.length);
  const words = columns.slice(1);
  const { columns: wordsAbove } = above.ngrams;
  let parent = 0;
  for (let place = 0; place < rows.length; place++) {
    while (!isSame(words, rows[place], wordsAbove, above.rows[parent])) parent++;
    parents[place] = parent;
  }
  return parents;
}

/** As `starts` of {@link Contexts}. */
function startsOf({ columns }: Ngrams, rows: Uint32Array, longer: Ngrams): Uint32Array {
  const starts = new Uint32Array(rows.length + 1);
  const contexts = longer.columns.slice(0, -1);
  let next = 0;
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place];
    starts[place] = next;
    while (next < longer.length && isSame(columns, row, contexts, next)) next++;
  }
  starts[rows.length] = next;
  return starts;
}

/** Whether the entries `a` of `columns` are the entries `b` of `others`, column by column. Neighbours differ mostly in the first, farthest words. */
function isSame(columns: readonly Uint32Array[], a: number, others: readonly Uint32Array[], b: number): boolean {
  for (let j = 0; j < columns.length; j++) if (columns[j][a] !== others[j][b]) return false;
  return true;
}

/** Writes the table of some n-grams. */
class ContextTable {
  private bare = 0;
  /** The place of the parent of the context that is written, and its index in its table. */
  private parent = 0;
  private parentIndex = 0;
  /** By word id, the rank of the word among the followers of the parent at place `rankedParent`; other entries are of parents before. */
  private readonly rankOf: Uint32Array;
  private rankedParent = -1;

  /**
   * @param list the contexts of the n-grams.
   * @param above the parents of these contexts; `undefined` if their parent is the empty context.
   */
  constructor(
    private readonly ngrams: Ngrams,
    private readonly list: Contexts,
    private readonly above: Contexts | undefined,
    types: number,
  ) {
    this.rankOf = new Uint32Array(types);
  }

  /** Writes the blocks and the directory. @param onRows called with the number of n-grams written so far. */
  async put(to: Pick<ModelWriter, 'put'>, name: string, onRows: (rows: number) => void): Promise<Figures> {
    const { rows, starts } = this.list;
    const output = new TrieOutput(to, name, true);
    for (let place = 0; place < rows.length;) {
      place = this.write(output, place);
      onRows(starts[place]);
      await output.put();
    }
    await output.finish();
    return { contexts: output.writer.contexts, bare: this.bare };
  }

  /** Gives contexts from `first` on to the writer until many blocks wait. @returns the place of the first context that it does not give. */
  private write(output: TrieOutput, first: number): number {
    const { ngrams, list } = this;
    const { writer } = output;
    const { rows, starts, isStored } = list;
    const [farthest] = list.ngrams.columns;
    const { log10Probs } = ngrams;
    const numbers = { log10Probs, backoff: 0, bare: false };
    let place = first;
    for (; place < rows.length && output.blocksWaiting < BLOCKS_A_WRITE; place++) {
      if (isStored[place] === 0) continue;
      const from = starts[place];
      const length = starts[place + 1] - from;
      const word = farthest[rows[place]];
      const backoff = list.ngrams.backoffs[rows[place]];
      const parent = this.indexOfParent(place);
      if (length === 0) {
        this.bare++;
        writer.group(parent, word, NO_WORD, ONE, 0, 1, 0, { log10Probs: NO_NUMBER, backoff, bare: true });
      } else if (length > TRIE_ROWS) {
        const ranks = new Uint32Array(length);
        this.rank(place, from, length, ranks, 0);
        const wide = { log10Probs: log10Probs.subarray(from, from + length), backoff, bare: false };
        writer.group(parent, word, ranks, new Uint32Array(length).fill(1), 0, length, 0, wide);
      } else {
        const row = writer.begin(parent, word, length, 0);
        for (let i = row; i < row + length; i++) writer.counts[i] = 1;
        numbers.backoff = backoff;
        writer.putNumbers(numbers, from, row, length);
        this.rank(place, from, length, writer.ranks, row);
      }
    }
    return place;
  }

  /** The index of the parent of a context in its table. Places ascend from call to call. */
  private indexOfParent(place: number): number {
    const { above, list } = this;
    if (!above) return 0;
    const parent = list.parents[place];
    for (; this.parent < parent; this.parent++) this.parentIndex += above.isStored[this.parent];
    return this.parentIndex;
  }

  /**
   * Writes the ranks of the followers of a context among the followers of its parent into `ranks` from entry `at` on.
   *
   * @param from the first row of the followers.
   */
  private rank(place: number, from: number, length: number, ranks: Uint32Array, at: number): void {
    const { ngrams, list, above, rankOf } = this;
    const words = ngrams.columns[ngrams.order - 1];
    const followers = list.ngrams.columns[list.ngrams.order - 1];
    const parent = above ? list.parents[place] : 0;
    const first = above ? above.starts[parent] : 0;
    const end = above ? above.starts[parent + 1] : list.ngrams.length;
    if (end - first > FEW) {
      if (this.rankedParent !== parent) for (let i = first; i < end; i++) rankOf[followers[i]] = i - first;
      this.rankedParent = parent;
      for (let i = 0; i < length; i++) ranks[at + i] = rankOf[words[from + i]];
      return;
    }
    for (let i = 0, follower = first; i < length; i++) {
      const word = words[from + i];
      while (followers[follower] !== word) follower++;
      ranks[at + i] = follower - first;
    }
  }
}

/** The only row of a context without followers: this word with this count and this log10 p. */
const NO_WORD = Uint32Array.of(NONE);
const ONE = Uint32Array.of(1);
const NO_NUMBER = Float64Array.of(0);
