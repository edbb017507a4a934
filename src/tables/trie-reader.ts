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

/**
 * A block, from the bytes of the store.
 *
 * @throws KNESER_DAMAGED where it is missing, unreadable, or not the one that the directory lists.
 */
export function openTrieBlock(
  store: ModelStore,
  table: string,
  directory: TrieDirectory,
  number: number,
  value: Uint8Array | undefined,
): TrieBlock {
  return decodeValue(`${store.name}: table ${table}, block ${number}`, value, bytes => {
    if (bytes.length % 4 !== 0) throw new BlockDamage('wrong length');
    const isAligned = bytes.byteOffset % 4 === 0;
    const data = isAligned
      ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
      : new Uint32Array(bytes.slice().buffer);
    const block = new TrieBlock(data);
    const isHere =
      block.firstParent === directory.parents[number] &&
      block.word(0) === directory.words[number] &&
      (block.firstRow === 0 ? 0 : block.rank(0)) === directory.ranks[number];
    if (!isHere) throw new BlockDamage('another block is in its place');
    return block;
  });
}

/** Reads single blocks of all tables, in any order, and keeps those used last. */
export class TrieReader {
  private readonly cache = new Map<number, TrieBlock>();
  private bytes = 0;

  constructor(
    readonly store: ModelStore,
    /** Bytes of memory to aim for. */
    private readonly limit: number,
  ) {}

  /** A block, if it is in memory. @param table number of the table. */
  get(table: number, block: number): TrieBlock | undefined {
    return this.cache.get(keyOf(table, block));
  }

  /** Reads blocks that are not in memory, and keeps them. @throws KNESER_DAMAGED */
  async read(table: number, name: string, directory: TrieDirectory, blocks: readonly number[]): Promise<TrieBlock[]> {
    const read = await this.pass(name, directory, blocks);
    read.forEach((block, i) => {
      this.cache.set(keyOf(table, blocks[i]), block);
      this.bytes += block.bytes;
    });
    return read;
  }

  /** Reads blocks without keeping them. @throws KNESER_DAMAGED */
  async pass(name: string, directory: TrieDirectory, blocks: readonly number[]): Promise<TrieBlock[]> {
    const values = await this.store.getMany(blocks.map(block => trieBlockKey(name, block)));
    return blocks.map((block, i) => openTrieBlock(this.store, name, directory, block, values[i]));
  }

  /** Drops the blocks that were read first, until the others fit in the memory. */
  makeRoom(): void {
    for (const [key, { bytes }] of this.cache) {
      if (this.bytes <= this.limit) break;
      this.cache.delete(key);
      this.bytes -= bytes;
    }
  }
}

/** Tables have fewer blocks than this. */
const MOST_BLOCKS = 2 ** 32;

function keyOf(table: number, block: number): number {
  return table * MOST_BLOCKS + block;
}
