import { KneserError } from '../base/errors.js';
import { BlockDamage } from '../base/sealed.js';
import { trieBlockKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { damagedTable } from './damage.js';
import { blankBlock, type Block, type BlockNumbers } from './block.js';
import { parentPattern, parseTableName, tableName, type Pattern, type Stream } from './pattern.js';
import { decodeAhead, type DamageOptions, type Numbered } from './read-ahead.js';
import { TRIE_ROWS, type TrieBlock } from './trie-block.js';
import { TrieColumns } from './trie-columns.js';
import type { TrieDirectory } from './trie-directory.js';
import { openTrieBlock, readTrieDirectory } from './trie-reader.js';
import { NONE } from '../text/tokens.js';

/** A trie table of a store whose directory was read. */
export interface TrieTable {
  readonly name: string;
  readonly pattern: Pattern;
  readonly stream: Stream;
  readonly directory: TrieDirectory;
}

/** Opens a trie table. @param name as `tableName` writes it. @throws KNESER_DAMAGED */
export async function openTrie(store: ModelStore, name: string): Promise<TrieTable> {
  return trieOf(name, await readTrieDirectory(store, name));
}

/** A trie table, from its name and its directory. */
export function trieOf(name: string, directory: TrieDirectory): TrieTable {
  const pattern = parseTableName(name) ?? [];
  return { name, pattern, stream: name.includes('c') ? 'classes' : 'words', directory };
}

/**
 * Input: a trie table of a store, and the tables of its parents. Output: its rows with all their words, a block for each block of
 * the trie, in the order of the rows. A block is valid until the next one is asked for: all are decoded into the same memory.
 *
 * @throws KNESER_DAMAGED where a block is missing, unreadable, or not the one that the directory lists, and where a word or a
 *   context is not in the tables of its parents.
 */
export async function* readTrieRows(
  store: ModelStore,
  table: TrieTable,
  first: number,
  damage: DamageOptions,
  end = table.directory.parents.length,
): AsyncGenerator<Numbered<Block>, void, void> {
  const reader = new RowReader(table.pattern.length, await ContextReader.open(store, table));
  try {
    for await (const { number, block: trie } of readTrieBlocks(store, table, first, damage, end)) {
      try {
        await reader.read(trie);
      } catch (error) {
        const problem = error instanceof BlockDamage ? damagedTable(store.name, table.name, error.message) : error;
        if (!damage.onDamage || !isDamage(problem)) throw problem;
        damage.onDamage(problem, number);
        continue;
      }
      yield { number, block: reader.block };
    }
  } finally {
    await reader.close();
  }
}

/** Turns the blocks of a trie into rows. */
class RowReader {
  readonly block: Block;
  private readonly columns = new TrieColumns();

  constructor(
    private readonly width: number,
    private readonly parents: ContextReader | undefined,
  ) {
    this.block = blankBlock(width, TRIE_ROWS, TRIE_ROWS);
  }

  /** Reads the next block into {@link block}. @throws KNESER_DAMAGED, BlockDamage */
  async read(trie: TrieBlock): Promise<void> {
    const { block, columns, parents, width } = this;
    const { contexts, rows } = trie;
    trie.checkSamples();
    columns.read(trie);
    block.contextCount = contexts;
    block.starts.set(columns.starts.subarray(0, contexts + 1));
    block.counts.set(columns.counts.subarray(0, rows));
    block.numbers = trie.isBackoff ? numbersOf(trie, block.numbers ?? blankNumbers()) : undefined;
    if (!parents) block.words.set(columns.ranks.subarray(0, rows));
    for (let c = 0; c < contexts; c++) {
      block.pruned[c] = trie.pruned(c);
      if (!parents) continue;
      const moving = parents.moveTo(columns.parents[c]);
      if (moving) await moving;
      for (let j = 0; j + 1 < width; j++) block.contexts[j][c] = parents.context[j];
      block.contexts[width - 1][c] = columns.words[c];
      parents.wordsOf(trie, c, columns, block.words);
    }
    block.wide = undefined;
    if (trie.partOf === 0) return;
    trie.findRows(0);
    trie.addTotals(0);
    const { total, ones, twos, followers } = trie;
    block.wide = { total, ones, twos, followers };
  }

  async close(): Promise<void> {
    await this.parents?.close();
  }
}

function isDamage(error: unknown): error is KneserError {
  return error instanceof KneserError && error.code === 'KNESER_DAMAGED';
}

/** The blocks of a trie table from number `first` to `end`, read ahead. */
export function readTrieBlocks(
  store: ModelStore,
  { name, directory }: TrieTable,
  first: number,
  damage: DamageOptions,
  end = directory.parents.length,
): AsyncGenerator<Numbered<TrieBlock>, void, void> {
  return decodeAhead(
    store,
    number => trieBlockKey(name, number),
    first,
    end,
    (number, value) => openTrieBlock(store, name, directory, number, value),
    damage,
  );
}

/** Reads the contexts of a trie table from first to last, each with its words and those of its followers. */
class ContextReader {
  /** The words of the context at hand, nearest first. */
  readonly context: Uint32Array;
  /** Its followers, the first {@link length} of them. */
  private followers = new Uint32Array(1024);
  private length = 0;
  /** The number of the context whose followers these are. */
  private read = -1;
  private block: TrieBlock | undefined;
  private readonly columns = new TrieColumns();

  private constructor(
    private readonly table: TrieTable,
    private readonly store: ModelStore,
    private readonly blocks: AsyncGenerator<Numbered<TrieBlock>, void, void>,
    private readonly parents: ContextReader | undefined,
  ) {
    this.context = new Uint32Array(table.pattern.length);
  }

  /** Opens the table of the parents of a table's contexts; the table of the empty pattern has none. */
  static async open(
    store: ModelStore,
    { pattern, stream }: Pick<TrieTable, 'pattern' | 'stream'>,
  ): Promise<ContextReader | undefined> {
    if (pattern.length === 0) return undefined;
    const table = await openTrie(store, tableName(parentPattern(pattern), stream));
    return new ContextReader(table, store, readTrieBlocks(store, table, 0, {}), await ContextReader.open(store, table));
  }

  /** Moves to a context, by its number, at or behind the one at hand. Returns a promise if a block has to be read first. */
  moveTo(number: number): Promise<void> | undefined {
    if (number === this.read) return undefined;
    const { block } = this;
    if (!block || number >= block.firstContext + block.contexts)
      return this.nextBlock().then(() => this.moveTo(number));
    const c = number - block.firstContext;
    if (c < 0) throw this.damaged('contexts are out of order');
    if (this.parents) {
      const moving = this.parents.moveTo(this.columns.parents[c]);
      if (moving) return moving.then(() => this.moveTo(number));
    }
    this.enter(block, c);
    return block.partOf > this.length ? this.gather(block.partOf, number) : void (this.read = number);
  }

  /** Writes the words of a context's rows: of a block of the table whose parents these are. */
  wordsOf(block: TrieBlock, context: number, { starts, ranks }: TrieColumns, words: Uint32Array): void {
    const { followers, length } = this;
    if (block.isBare(context)) {
      words[starts[context]] = NONE;
      return;
    }
    for (let row = starts[context]; row < starts[context + 1]; row++) {
      const rank = ranks[row];
      if (rank >= length) throw this.damaged('a longer n-gram has a word that follows no shorter context');
      words[row] = followers[rank];
    }
  }

  async close(): Promise<void> {
    await this.blocks.return();
    await this.parents?.close();
  }

  private enter(block: TrieBlock, c: number): void {
    const { context, parents, columns } = this;
    const from = columns.starts[c];
    this.length = columns.starts[c + 1] - from;
    if (!parents) {
      this.followers = columns.ranks;
      return;
    }
    context.set(parents.context);
    context[context.length - 1] = columns.words[c];
    if (block.isBare(c)) {
      this.length = 0;
      return;
    }
    if (this.followers.length < this.length) this.followers = new Uint32Array(2 * this.length);
    const { followers } = this;
    for (let i = 0; i < this.length; i++) {
      const rank = columns.ranks[from + i];
      if (rank >= parents.length) throw this.damaged('an n-gram has a word that follows no shorter context');
      followers[i] = parents.followers[rank];
    }
  }

  /** Joins the followers of a wide context, of which the first block is at hand. */
  private async gather(followers: number, number: number): Promise<void> {
    const all = new Uint32Array(followers);
    let length = 0;
    for (;;) {
      if (length + this.length > followers) throw this.damaged('a context has more rows than its totals say');
      all.set(this.followers.subarray(0, this.length), length);
      length += this.length;
      if (length === followers) break;
      await this.nextBlock();
      const { block } = this;
      if (block?.partOf !== followers || block.firstRow !== length) throw this.damaged('a context lacks rows');
      this.enter(block, 0);
    }
    this.followers = all;
    this.length = length;
    this.read = number;
  }

  private async nextBlock(): Promise<void> {
    const next = await this.blocks.next();
    if (next.done) throw this.damaged('a longer table has a context that is not there');
    this.block = next.value.block;
    this.columns.read(this.block);
  }

  private damaged(reason: string): Error {
    return damagedTable(this.store.name, this.table.name, reason);
  }
}

function blankNumbers(): BlockNumbers {
  return { log10Probs: new Float64Array(TRIE_ROWS), backoffs: new Float64Array(TRIE_ROWS) };
}

function numbersOf(block: TrieBlock, numbers: BlockNumbers): BlockNumbers {
  for (let row = 0; row < block.rows; row++) numbers.log10Probs[row] = block.log10Prob(row);
  for (let c = 0; c < block.contexts; c++) numbers.backoffs[c] = block.backoff(c);
  return numbers;
}
