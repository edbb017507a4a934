import { decodeValue } from '../base/decode.js';
import { BlockDamage } from '../base/sealed.js';
import { trieBlockKey, trieKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { TrieBlock } from './trie-block.js';
import { decodeTrieDirectory, type TrieDirectory } from './trie-directory.js';

/** Reads the directory of a trie table. @throws KNESER_DAMAGED */
export async function readTrieDirectory(store: ModelStore, table: string): Promise<TrieDirectory> {
  const value = await store.get(trieKey(table));
  return decodeValue(`${store.name}: table ${table}, directory`, value, decodeTrieDirectory);
}

/** Memory that the blocks of one read share. */
class BlockMemory {
  private words = new Uint32Array(0);
  private used = 0;

  /** Makes room for `words` 32-bit words; earlier blocks are overwritten. */
  reset(words: number): void {
    if (words > this.words.length) this.words = new Uint32Array(Math.ceil(1.25 * words));
    this.used = 0;
  }

  /** The next `words` 32-bit words of the memory. */
  take(words: number): Uint32Array {
    return this.words.subarray(this.used, (this.used += words));
  }
}

/**
 * Opens a block of a trie.
 *
 * @param index of the block in the table.
 * @param value the bytes of the block in the store.
 * @param memory memory for the block; if it is left out, the block gets memory of its own.
 * @throws KNESER_DAMAGED if the block is missing or unreadable, or its first row differs from the directory.
 */
export function openTrieBlock(
  store: ModelStore,
  table: string,
  directory: TrieDirectory,
  index: number,
  value: Uint8Array | undefined,
  memory?: BlockMemory,
): TrieBlock {
  return decodeValue(`${store.name}: table ${table}, block ${index}`, value, bytes => {
    if (bytes.length % 4 !== 0) throw new BlockDamage('wrong length');
    const length = bytes.length / 4;
    const data = memory ? memory.take(length) : new Uint32Array(length);
    new Uint8Array(data.buffer, data.byteOffset, bytes.length).set(bytes);
    const block = new TrieBlock(data);
    const isHere =
      block.firstParent === directory.parents[index] &&
      block.word(0) === directory.words[index] &&
      (block.firstRow === 0 ? 0 : block.rank(0)) === directory.ranks[index];
    if (!isHere) throw new BlockDamage('another block is in its place');
    return block;
  });
}

/** Reads single blocks of all tables, in any sequence, and keeps blocks in memory. */
export class TrieReader {
  /** The blocks in memory by {@link keyOf}, the block that was read first at the front. */
  private readonly cache = new Map<number, TrieBlock>();
  /** Memory that the blocks of `cache` take [bytes]. */
  private bytes = 0;
  /** `pass` reads into one of these memories while the caller uses the blocks in the other. */
  private readonly memories = [new BlockMemory(), new BlockMemory()];
  /** How many times `pass` was called. */
  private passes = 0;

  constructor(
    readonly store: ModelStore,
    /** `makeRoom` drops blocks until the blocks in memory take at most this many bytes. */
    private readonly limit: number,
  ) {}

  /** A block, if it is in memory. @param table a number that only this table has. @param block index of the block in the table. */
  get(table: number, block: number): TrieBlock | undefined {
    return this.cache.get(keyOf(table, block));
  }

  /**
   * Reads blocks that are not in memory, and keeps them.
   *
   * @param table a number that only this table has.
   * @param blocks indices of the blocks in the table.
   * @throws KNESER_DAMAGED
   */
  async read(table: number, name: string, directory: TrieDirectory, blocks: readonly number[]): Promise<TrieBlock[]> {
    const values = await this.valuesOf(name, blocks);
    return blocks.map((index, i) => {
      const block = openTrieBlock(this.store, name, directory, index, values[i]);
      this.cache.set(keyOf(table, index), block);
      this.bytes += block.bytes;
      return block;
    });
  }

  /** Reads blocks without keeping them: the call after the next call overwrites them. @throws KNESER_DAMAGED */
  async pass(name: string, directory: TrieDirectory, blocks: readonly number[]): Promise<TrieBlock[]> {
    const memory = this.memories[this.passes++ % this.memories.length];
    const values = await this.valuesOf(name, blocks);
    memory.reset(values.reduce((sum, value) => sum + Math.ceil((value?.length ?? 0) / 4), 0));
    return blocks.map((block, i) => openTrieBlock(this.store, name, directory, block, values[i], memory));
  }

  private valuesOf(name: string, blocks: readonly number[]): Promise<(Uint8Array | undefined)[]> {
    return this.store.getMany(blocks.map(block => trieBlockKey(name, block)));
  }

  /** Drops the blocks that were read first, until the other blocks take at most `limit` bytes. */
  makeRoom(): void {
    for (const [key, { bytes }] of this.cache) {
      if (this.bytes <= this.limit) break;
      this.cache.delete(key);
      this.bytes -= bytes;
    }
  }
}

/** Every table has fewer blocks than this. */
const MOST_BLOCKS = 2 ** 32;

/** The key of a block in the cache of blocks. */
function keyOf(table: number, block: number): number {
  return table * MOST_BLOCKS + block;
}
