import type { KneserError } from '../base/errors.js';
import { trieBlockKey, trieKey } from '../store/keys.js';
import type { ModelStore, ModelWriter } from '../store/store.js';
import { NONE } from '../text/tokens.js';
import { TableCursor } from './cursor.js';
import { damagedTable } from './damage.js';
import { missingParents, type ContextList } from './missing-parents.js';
import { parentPattern, tableName, type Pattern, type Stream } from './pattern.js';
import { TrieFirstRows } from './trie-directory.js';
import { TrieWriter } from './trie-writer.js';

/** Blocks of all tables that may wait to be put into the store. */
const BLOCKS_A_WRITE = 64;

/** The figures of an indexed table that may differ from those of the counted one. */
export interface IndexedTable {
  /** Number of contexts. */
  readonly contexts: number;
  /** Number of contexts without followers, which only a back-off model has. */
  readonly bare: number;
}

/** The tables that are indexed, and where to. */
export interface IndexPlan {
  /** Each behind its parent. */
  readonly patterns: readonly Pattern[];
  readonly stream: Stream;
  /** Word ids are below this. */
  readonly types: number;
  /** Whether rows have log10 probabilities in place of counts. */
  readonly isBackoff: boolean;
}

/**
 * Input: the tables of a stream, as the rows that counting writes. Output: the same tables as tries, in which n-grams are found
 * without decoding a block, and the directory of each. Order: one pass over all tables, depth first: after each context the
 * contexts that are one word longer to the left, in every table of which the context's table is the parent.
 *
 * @param onRows told the rows of each block when it was read.
 * @returns by name, figures of the tables.
 * @throws KNESER_DAMAGED where an n-gram lacks the n-gram without its farthest word.
 */
export async function indexTables(
  from: ModelStore,
  to: Pick<ModelWriter, 'put'>,
  { patterns, stream, types, isBackoff }: IndexPlan,
  onRows: (rows: number) => void,
): Promise<ReadonlyMap<string, IndexedTable>> {
  const blocks: [key: Uint8Array, value: Uint8Array][] = [];
  const missing = isBackoff ? await missingParents(from, patterns, stream) : [];
  const tables = new Map<string, TableIndex>();
  for (const [i, pattern] of patterns.entries()) {
    const name = tableName(pattern, stream);
    const cursor = await TableCursor.open(from, name, pattern.length, onRows);
    const put = (number: number, value: Uint8Array): void => void blocks.push([trieBlockKey(name, number), value]);
    const parent = pattern.length > 0 ? tables.get(tableName(parentPattern(pattern), stream)) : undefined;
    tables.set(name, new TableIndex(from.name, name, cursor, parent, { types, isBackoff, put, missing: missing[i] }));
  }
  const write = async (): Promise<void> => {
    for (const [key, value] of blocks.splice(0)) await to.put(key, value);
  };
  const root = tables.get(tableName([], stream));
  for (let table = root; table;) {
    const next = table.enterNext();
    if (next) {
      table = next;
      continue;
    }
    const reading = table.advance();
    if (reading) await reading;
    if (blocks.length >= BLOCKS_A_WRITE) await write();
    if (!table.continues) table = table.parent;
  }
  const figures = new Map<string, IndexedTable>();
  for (const [name, table] of tables) {
    const directory = table.end();
    await write();
    await to.put(trieKey(name), directory);
    figures.set(name, { contexts: table.contexts, bare: table.bare });
  }
  return figures;
}

interface TableIndexOptions {
  readonly types: number;
  readonly isBackoff: boolean;
  readonly put: (number: number, value: Uint8Array) => void;
  /** Contexts that the table lacks and a longer table needs. */
  readonly missing: ContextList | undefined;
}

/** The indexing of one table. */
class TableIndex {
  /** Number of contexts without followers. */
  bare = 0;
  private readonly children: TableIndex[] = [];
  /** The child to enter next at the context at hand; −1: the context itself was not written yet. */
  private child = -1;
  private readonly writer: TrieWriter;
  private readonly firstRows = new TrieFirstRows();
  private ranks = new Uint32Array(1024);
  /** By word, its place among the followers of the context whose number is `placed`. Made when the first child asks. */
  private places: Uint32Array | undefined;
  private placed = -1;
  private blocks = 0;
  /** How many of the missing contexts were written. */
  private inserted = 0;

  constructor(
    private readonly store: string,
    private readonly name: string,
    private readonly cursor: TableCursor,
    readonly parent: TableIndex | undefined,
    private readonly options: TableIndexOptions,
  ) {
    parent?.children.push(this);
    const { put, isBackoff } = options;
    this.writer = new TrieWriter(block => {
      this.firstRows.add(block);
      put(this.blocks++, block.value);
    }, isBackoff);
  }

  /** Number of contexts that were written. */
  get contexts(): number {
    return this.writer.contexts;
  }

  /** Whether the context at hand is that of the parent, one word longer. */
  get continues(): boolean {
    const { parent, isDone } = this;
    if (isDone || !parent) return false;
    const shorter = parent.context;
    const { context } = this;
    for (let j = 0; j < shorter.length; j++) if (context[j] !== shorter[j]) return false;
    return true;
  }

  /** Writes the context at hand unless that was done. @returns the next child with contexts that continue it. */
  enterNext(): TableIndex | undefined {
    if (this.child < 0) {
      this.write();
      this.child = 0;
    }
    for (; this.child < this.children.length; this.child++) {
      const child = this.children[this.child];
      if (child.continues) return child;
    }
    return undefined;
  }

  /** Moves to the next context. Returns a promise if a block has to be read first. */
  advance(): Promise<void> | undefined {
    this.child = -1;
    if (this.isInserted) {
      this.inserted++;
      return undefined;
    }
    return this.cursor.advance();
  }

  /** Writes what is left. @returns the bytes of the directory. */
  end(): Uint8Array {
    if (!this.isDone) throw this.orphan();
    this.writer.flush();
    return this.firstRows.encode();
  }

  private get isDone(): boolean {
    return this.cursor.done && this.inserted === (this.options.missing?.length ?? 0);
  }

  /** Whether the context at hand is one of the missing ones. */
  private get isInserted(): boolean {
    const { missing } = this.options;
    if (!missing || this.inserted === missing.length) return false;
    return this.cursor.done || missing.compare(this.inserted, this.cursor.context) < 0;
  }

  private get context(): Uint32Array {
    return this.isInserted && this.options.missing ? this.options.missing.at(this.inserted) : this.cursor.context;
  }

  private write(): void {
    const { parent, context, writer } = this;
    const above = parent ? parent.contexts - 1 : 0;
    const farthest = context.length > 0 ? context[context.length - 1] : 0;
    if (this.isInserted) {
      writer.group(above, farthest, NO_RANK, ONE, 0, 1, 0, { probabilities: NO_NUMBER, backoff: 0, bare: true });
      this.bare++;
      return;
    }
    const { words, counts, from, to, pruned, probabilities, backoff } = this.cursor;
    const length = to - from;
    if (this.ranks.length < length) this.ranks = new Uint32Array(2 * length);
    const { ranks } = this;
    const bare = this.options.isBackoff && length === 1 && words[from] === NONE;
    if (bare) {
      ranks[0] = 0;
      this.bare++;
    } else if (parent) {
      parent.rank(words, from, length, ranks, this);
    } else {
      for (let i = 0; i < length; i++) ranks[i] = words[from + i];
    }
    const numbers = this.options.isBackoff ? { probabilities, backoff, bare } : undefined;
    writer.group(above, farthest, ranks, counts, from, length, pruned, numbers);
  }

  /** Finds the places of words among the followers of the context at hand. */
  private rank(words: Uint32Array, from: number, length: number, ranks: Uint32Array, child: TableIndex): void {
    const { cursor } = this;
    const followers = cursor.words;
    const first = cursor.from;
    const last = this.isInserted ? first : cursor.to;
    const places = (this.places ??= new Uint32Array(this.options.types));
    if (this.placed !== this.contexts) {
      for (let i = first; i < last; i++) places[followers[i]] = i - first;
      this.placed = this.contexts;
    }
    for (let i = 0; i < length; i++) {
      const word = words[from + i];
      const place = places[word];
      if (first + place >= last || followers[first + place] !== word) throw child.orphan();
      ranks[i] = place;
    }
  }

  private orphan(): KneserError {
    const context = [...this.context].reverse().join(' ');
    return damagedTable(this.store, this.name, `after the words ${context} comes one that lacks its shorter n-gram`);
  }
}

/** The row of a context without followers. */
const NO_RANK = Uint32Array.of(0);
const ONE = Uint32Array.of(1);
const NO_NUMBER = Float64Array.of(0);
