import { decodeValue } from '../base/decode.js';
import { BlockDamage } from '../base/sealed.js';
import { trieBlockKey, trieKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { TrieBlock } from './trie-block.js';
import { decodeTrieDirectory, type TrieDirectory } from './trie-directory.js';

/** A trie table in a store. */
export interface StoredTrie {
  readonly name: string;
  /** The first rows of its blocks; missing until they were read. */
  directory?: TrieDirectory;
}

/** Reads the directory of a trie table. @throws KNESER_DAMAGED */
export async function readTrieDirectory(store: ModelStore, table: string): Promise<TrieDirectory> {
  const value = await store.get(trieKey(table));
  return decodeValue(`${store.name}: table ${table}, directory`, value, decodeTrieDirectory);
}

/** Memory that the blocks of one read share. */
class BlockMemory {
  private words = new Uint32Array(0);
  private used = 0;

  /** Frees the memory for the next read. */
  clear(): void {
    this.used = 0;
  }

  /** The next `words` 32-bit words. Blocks that have no room get a larger memory; earlier blocks keep theirs. */
  take(words: number): Uint32Array {
    if (this.used + words > this.words.length) {
      this.words = new Uint32Array(2 * Math.max(this.words.length, words));
      this.used = 0;
    }
    return this.words.subarray(this.used, (this.used += words));
  }
}

/** Copies the bytes of a block, so that its words begin at a multiple of 4. @param memory gets them; without it, memory of their own. @throws BlockDamage */
export function wordsOf(bytes: Uint8Array, memory?: BlockMemory): Uint32Array {
  if (bytes.length % 4 !== 0) throw new BlockDamage('wrong length');
  const length = bytes.length / 4;
  const words = memory ? memory.take(length) : new Uint32Array(length);
  new Uint8Array(words.buffer, words.byteOffset, bytes.length).set(bytes);
  return words;
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
  { name, directory }: StoredTrie,
  index: number,
  value: Uint8Array | undefined,
  memory?: BlockMemory,
): TrieBlock {
  if (!directory) throw new Error('a directory was not read');
  return decodeValue(`${store.name}: table ${name}, block ${index}`, value, bytes => {
    const block = new TrieBlock(wordsOf(bytes, memory));
    const isHere =
      block.firstParent === directory.parents[index] &&
      block.word(0) === directory.words[index] &&
      (block.firstRow === 0 ? 0 : block.rank(0)) === directory.ranks[index];
    if (!isHere) throw new BlockDamage('another block is in its place');
    return block;
  });
}

/** At most this many blocks are read at once. */
export const BLOCKS_TOGETHER = 64;
/** How many reads may be under way while the blocks of one more read are used: a read waits for the system several times. */
const READS_AHEAD = 2;

/** Reads single blocks of tables, in any sequence, and keeps blocks in memory. */
export class TrieReader {
  /** The blocks in memory by {@link keyOf}, the block that was read first at the front. */
  private readonly cache = new Map<number, TrieBlock>();
  /** Memory that the blocks of `cache` take [bytes]. */
  private bytes = 0;
  /** `pass` reads into one of these memories while the caller uses the blocks in another. */
  private readonly memories = Array.from({ length: 1 + READS_AHEAD }, () => new BlockMemory());
  private passes = 0;
  private opening: Promise<void> | undefined;

  constructor(
    readonly store: ModelStore,
    /** `makeRoom` drops blocks until the blocks in memory take at most this many bytes. */
    private readonly limit: number,
    private readonly tables: readonly StoredTrie[],
  ) {}

  /** Reads the directories of all tables, at once. @throws KNESER_DAMAGED */
  open(): Promise<void> {
    this.opening ??= this.readDirectories().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  private async readDirectories(): Promise<void> {
    const read = async (table: StoredTrie): Promise<void> => {
      table.directory = await readTrieDirectory(this.store, table.name);
    };
    await Promise.all(this.tables.map(read));
  }

  /** The first rows of a table's blocks; `undefined` before they were read. @param table its index. */
  directory(table: number): TrieDirectory | undefined {
    return this.tables[table].directory;
  }

  /** A block, if it is in memory. @param table the index of the table. @param block index of the block in the table. */
  get(table: number, block: number): TrieBlock | undefined {
    return this.cache.get(keyOf(table, block));
  }

  /**
   * Reads blocks that are not in memory, and keeps them.
   *
   * @param table the index of the table; its directory was read.
   * @param blocks indices of the blocks in the table.
   * @throws KNESER_DAMAGED
   */
  async read(table: number, blocks: readonly number[]): Promise<TrieBlock[]> {
    const values = await this.store.getMany(this.keysOf(table, blocks));
    return blocks.map((index, i) => {
      const block = openTrieBlock(this.store, this.tables[table], index, values[i]);
      this.cache.set(keyOf(table, index), block);
      this.bytes += block.bytes;
      return block;
    });
  }

  /** Reads blocks without keeping them: call 1 + {@link READS_AHEAD} after this one overwrites them. @throws KNESER_DAMAGED */
  async pass(table: number, blocks: readonly number[]): Promise<TrieBlock[]> {
    const memory = this.memories[this.passes++ % this.memories.length];
    memory.clear();
    const found = new Array<TrieBlock>(blocks.length);
    const open = (value: Uint8Array | undefined, i: number): void => {
      found[i] = openTrieBlock(this.store, this.tables[table], blocks[i], value, memory);
    };
    const keys = this.keysOf(table, blocks);
    if (this.store.visitMany) await this.store.visitMany(keys, open);
    else (await this.store.getMany(keys)).forEach(open);
    return found;
  }

  private keysOf(table: number, blocks: readonly number[]): Uint8Array[] {
    const { name } = this.tables[table];
    return blocks.map(block => trieBlockKey(name, block));
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

/** Begins reads a few ahead of the caller. */
export class ReadsAhead<Read> {
  private readonly ahead: Promise<Read>[] = [];

  /** @param begin begins the next read; `undefined` after the last one. */
  constructor(private readonly begin: () => Promise<Read> | undefined) {}

  /** The next read, or `undefined` after the last one. Blocks of {@link TrieReader.pass} are overwritten after the next call. */
  next(): Promise<Read> | undefined {
    while (this.ahead.length <= READS_AHEAD) {
      const reading = this.begin();
      if (!reading) break;
      // If the read fails, the caller gets the error where it awaits the read; until then the error would count as unhandled.
      reading.catch(() => undefined);
      this.ahead.push(reading);
    }
    return this.ahead.shift();
  }

  /** Waits for the reads under way, which write into memory that later reads use; their errors are dropped. */
  async settle(): Promise<void> {
    for (const reading of this.ahead) await reading.catch(() => undefined);
  }
}

/** Reads blocks of a table once each, in the sequence of a list. @param blocks indices of the blocks in the table. @throws KNESER_DAMAGED */
export function passAhead(
  reader: TrieReader,
  table: number,
  blocks: readonly number[],
): ReadsAhead<ReadonlyMap<number, TrieBlock>> {
  let at = 0;
  return new ReadsAhead(() => {
    const indices = blocks.slice(at, (at += BLOCKS_TOGETHER));
    if (indices.length === 0) return undefined;
    return reader.pass(table, indices).then(found => new Map(found.map((block, i) => [indices[i], block])));
  });
}

/** Every table has fewer blocks than this. */
const MOST_BLOCKS = 2 ** 32;

/** The key of a block in the cache of blocks. */
function keyOf(table: number, block: number): number {
  return table * MOST_BLOCKS + block;
}
