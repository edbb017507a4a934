import { KneserError } from '../errors.js';
import { formatPattern, type Pattern } from '../pattern.js';
import { BlockDamage, type Block } from '../store/block.js';
import { decodeDirectory, type Directory } from '../store/directory.js';
import { blockKey, directoryKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';

/** A decoded block, the totals of its contexts (four numbers each), and roughly how much memory it takes. */
export interface CachedBlock {
  readonly block: Block;
  readonly totals: Uint32Array;
  readonly bytes: number;
}

/** Reads blocks of all tables from the store, and keeps the ones used last, up to a number of bytes. */
export class BlockReader {
  private readonly cache = new Map<number, CachedBlock>();
  private bytes = 0;
  /** Blocks that the batch at hand still needs: those read since the last call of `settle`. */
  private readonly pinned = new Set<number>();

  constructor(
    private readonly store: ModelStore,
    private readonly limit: number,
  ) {}

  has(table: number, block: number): boolean {
    const key = cacheKey(table, block);
    const found = this.cache.get(key);
    if (!found) return false;
    if (!this.pinned.has(key)) {
      this.pinned.add(key);
      this.cache.delete(key);
      this.cache.set(key, found);
    }
    return true;
  }

  get(table: number, block: number): CachedBlock {
    const found = this.cache.get(cacheKey(table, block));
    if (!found) throw new Error(`block ${block} of table ${table} was not read`);
    return found;
  }

  async read(
    table: number,
    pattern: Pattern,
    directory: Directory,
    blocks: readonly number[],
    decode: (value: Uint8Array, width: number) => CachedBlock,
  ): Promise<void> {
    const keys = blocks.map(block => blockKey(pattern, firstRow(directory, block)));
    const values = await this.store.getMany(keys);
    blocks.forEach((block, i) => {
      const cached = decodeValue(this.store.name, pattern, block, values[i], value => decode(value, pattern.length));
      const key = cacheKey(table, block);
      if (!this.cache.has(key)) this.bytes += cached.bytes;
      this.cache.set(key, cached);
      this.pinned.add(key);
    });
  }

  async readDirectory(pattern: Pattern): Promise<Directory> {
    return readDirectory(this.store, pattern);
  }

  /** The batch at hand is done: what is over the limit may go, least recently used first. */
  settle(): void {
    this.pinned.clear();
    for (const [key, { bytes }] of this.cache) {
      if (this.bytes <= this.limit) break;
      this.cache.delete(key);
      this.bytes -= bytes;
    }
  }
}

function cacheKey(table: number, block: number): number {
  return table * 2 ** 32 + block;
}

/** The first row of a block, as its key has it. */
export function firstRow(directory: Directory, block: number): number[] {
  return [...directory.columns.map(column => column[block]), directory.words[block]];
}

/** Reads a table's directory. @throws KNESER_DAMAGED */
export async function readDirectory(store: ModelStore, pattern: Pattern): Promise<Directory> {
  const value = await store.get(directoryKey(pattern));
  return decodeValue(store.name, pattern, undefined, value, bytes => decodeDirectory(bytes, pattern.length));
}

/** Decodes a value that must be there; names the table and block where it is missing or damaged. */
export function decodeValue<T>(
  store: string,
  pattern: Pattern,
  block: number | undefined,
  value: Uint8Array | undefined,
  decode: (value: Uint8Array) => T,
): T {
  const where = `${store}: table ${formatPattern(pattern)}, ${block === undefined ? 'directory' : `block ${block}`}`;
  if (!value) throw new KneserError('KNESER_DAMAGED', `${where}: missing; the model is damaged`);
  try {
    return decode(value);
  } catch (error) {
    const reason = error instanceof BlockDamage ? error.message : 'unreadable';
    throw new KneserError('KNESER_DAMAGED', `${where}: ${reason}; the model is damaged`, { cause: error });
  }
}
