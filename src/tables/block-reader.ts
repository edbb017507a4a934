import { KneserError } from '../base/errors.js';
import { decodeBlock, largestWord, type Block, type BlockNumbers } from './block.js';
import { BlockDamage } from '../base/sealed.js';
import { decodeValue } from '../base/decode.js';
import { decodeDirectory, type Directory } from './directory.js';
import { blockKey, directoryKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';

/** A decoded block and the totals of its contexts, which are added up when they are first asked for. */
export class CachedBlock {
  private readonly totals: Uint32Array;
  /** Roughly how much memory it takes. */
  readonly bytes: number;

  constructor(readonly block: Block) {
    const { contexts, contextCount, words, numbers } = block;
    this.totals = new Uint32Array(4 * contextCount);
    this.bytes = 4 * (contextCount * (contexts.length + 6) + 2 * words.length) + 600;
    if (numbers) this.bytes += 8 * (contextCount + words.length);
  }

  /** What a back-off model has in place of counts. @param table the names of the model and the table, for messages. */
  numbersOf(table: string): BlockNumbers {
    const { numbers } = this.block;
    if (numbers) return numbers;
    throw new KneserError('KNESER_DAMAGED', `${table}: a block of counts in a back-off model; the model is damaged`);
  }

  /** An array that holds Σc, N1, N2 and the number of followers of the context at four times its number. */
  totalsOf(context: number): Uint32Array {
    if (this.totals[4 * context + 3] === 0) addTotals(this.block, context, this.totals);
    return this.totals;
  }
}

/** Puts Σc, N1, N2 and the number of followers of a context at four times its number. */
export function addTotals(block: Block, context: number, totals: Uint32Array): void {
  const { starts, pruned, counts, wide } = block;
  const at = 4 * context;
  if (wide) {
    totals[at] = wide.total;
    totals[at + 1] = wide.ones;
    totals[at + 2] = wide.twos;
    totals[at + 3] = wide.followers;
    return;
  }
  let total = pruned[context];
  let ones = 0;
  let twos = 0;
  for (let row = starts[context]; row < starts[context + 1]; row++) {
    const count = counts[row];
    total += count;
    if (count === 1) ones++;
    else if (count === 2) twos++;
  }
  totals[at] = total;
  totals[at + 1] = ones;
  totals[at + 2] = twos;
  totals[at + 3] = starts[context + 1] - starts[context];
}

/** Reads blocks of all tables from the store, and keeps the ones used last, up to a number of bytes. */
export class BlockReader {
  private readonly cache = new Map<string, CachedBlock>();
  private bytes = 0;

  constructor(
    private readonly store: ModelStore,
    private readonly limit: number,
  ) {}

  /** What the model is called in messages. */
  get name(): string {
    return this.store.name;
  }

  /** A block that is at hand. */
  get(table: string, block: number): CachedBlock | undefined {
    return this.cache.get(cacheKey(table, block));
  }

  /**
   * Reads blocks, which may push out others; a block that is asked for here and is at hand stays.
   *
   * @param types the numbers of the table's words are below it.
   */
  async read(table: string, directory: Directory, blocks: readonly number[], types: number): Promise<void> {
    const missing: number[] = [];
    for (const block of blocks) {
      const key = cacheKey(table, block);
      const found = this.cache.get(key);
      if (!found) {
        missing.push(block);
        continue;
      }
      this.cache.delete(key);
      this.cache.set(key, found);
    }
    const values = await this.store.getMany(missing.map(block => blockKey(table, firstRow(directory, block))));
    missing.forEach((block, i) => {
      const decoded = decodeTableBlock(this.store, table, directory, block, values[i]);
      if (largestWord(decoded) >= types) throw wrongWord(blockName(this.store, table, block));
      const cached = new CachedBlock(decoded);
      this.bytes += cached.bytes;
      this.cache.set(cacheKey(table, block), cached);
    });
    let keep = this.cache.size - blocks.length;
    for (const [key, { bytes }] of this.cache) {
      if (this.bytes <= this.limit || keep-- <= 0) break;
      this.cache.delete(key);
      this.bytes -= bytes;
    }
  }

  async readDirectory(table: string, width: number): Promise<Directory> {
    return readDirectory(this.store, table, width);
  }
}

function wrongWord(block: string): KneserError {
  return new KneserError('KNESER_DAMAGED', `${block}: a word that the model does not have; the model is damaged`);
}

function cacheKey(table: string, block: number): string {
  return `${table}/${block}`;
}

/** The first row of a block, as its key has it. */
export function firstRow(directory: Directory, block: number): number[] {
  return [...directory.columns.map(column => column[block]), directory.words[block]];
}

/** What a block is called in messages. */
export function blockName(store: ModelStore, table: string, block: number): string {
  return `${store.name}: table ${table}, block ${block}`;
}

/**
 * Decodes a block that must be there, and looks whether it is the one: damage within LevelDB's files can put a block in the
 * place of another.
 *
 * @param reuse as `decodeBlock` takes it.
 * @throws KNESER_DAMAGED
 */
export function decodeTableBlock(
  store: ModelStore,
  table: string,
  directory: Directory,
  number: number,
  value: Uint8Array | undefined,
  reuse?: Block,
): Block {
  const { columns, words } = directory;
  return decodeValue(blockName(store, table, number), value, bytes => {
    const block = decodeBlock(bytes, columns.length, reuse);
    if (words[number] !== block.words[0] || columns.some((column, j) => column[number] !== block.contexts[j][0])) {
      throw new BlockDamage('another block is in its place');
    }
    return block;
  });
}

/** Reads a table's directory. @throws KNESER_DAMAGED */
export async function readDirectory(store: ModelStore, table: string, width: number): Promise<Directory> {
  const value = await store.get(directoryKey(table));
  return decodeValue(`${store.name}: table ${table}, directory`, value, bytes => decodeDirectory(bytes, width));
}
