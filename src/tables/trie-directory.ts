import { decodeMsgpack } from '../base/decode-msgpack.js';
import { encodeMsgpack } from '../base/encode-msgpack.js';
import { BlockDamage, seal, unseal } from '../base/sealed.js';
import { readVarint, writeVarint } from '../base/varint.js';

/** The first row of each block of a trie table. Blocks ascend by parent, then farthest word, then rank. */
export interface TrieDirectory {
  /** By block, the index of the parent of its first context, in the parents' table. */
  readonly parents: Uint32Array;
  /** By block, the id of the farthest word of its first context. */
  readonly words: Uint32Array;
  /** By block, the rank of its first row if the context began in an earlier block, else 0. */
  readonly ranks: Uint32Array;
}

/** Collects the first rows of blocks. */
export class TrieFirstRows {
  /** Three numbers for each block: parent, word, rank. */
  private readonly rows: number[] = [];

  /** Adds the first row of the next block. */
  add({ parent, word, rank }: { readonly parent: number; readonly word: number; readonly rank: number }): void {
    this.rows.push(parent, word, rank);
  }

  /**
   * The bytes of the directory: a checksum, and MessagePack [number of blocks, bytes]. The bytes have three varints for each block: the
   * parent, as the difference from the parent of the block before; the word; the rank.
   */
  encode(): Uint8Array {
    const { rows } = this;
    const bytes = new Uint8Array(5 * rows.length);
    let at = 0;
    for (let i = 0; i < rows.length; i += 3) {
      at = writeVarint(bytes, at, rows[i] - (i > 0 ? rows[i - 3] : 0));
      at = writeVarint(bytes, at, rows[i + 1]);
      at = writeVarint(bytes, at, rows[i + 2]);
    }
    return seal(encodeMsgpack([rows.length / 3, bytes.subarray(0, at)]));
  }
}

/** The reverse of {@link TrieFirstRows.encode}. @throws BlockDamage */
export function decodeTrieDirectory(value: Uint8Array): TrieDirectory {
  const header: unknown = decodeMsgpack(unseal(value));
  if (!Array.isArray(header) || header.length !== 2) throw new BlockDamage('no directory header');
  const [length, bytes] = header as [number, Uint8Array];
  if (!(bytes instanceof Uint8Array) || !(length <= bytes.length)) throw new BlockDamage('impossible directory header');
  const parents = new Uint32Array(length);
  const words = new Uint32Array(length);
  const ranks = new Uint32Array(length);
  const cursor = { at: 0 };
  for (let b = 0, parent = 0; b < length; b++) {
    parents[b] = parent += readVarint(bytes, cursor);
    words[b] = readVarint(bytes, cursor);
    ranks[b] = readVarint(bytes, cursor);
  }
  if (cursor.at !== bytes.length) throw new BlockDamage('wrong length');
  return { parents, words, ranks };
}

/** The index of the last block b ≥ `from` whose first row is at or before the row (parent, word, rank); `from` − 1 if there is none. */
export function findTrieBlock(
  { parents, words, ranks }: TrieDirectory,
  parent: number,
  word: number,
  rank: number,
  from: number,
): number {
  let low = from;
  let high = parents.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    let compared = parents[middle] - parent;
    if (compared === 0) compared = words[middle] - word;
    if (compared === 0) compared = ranks[middle] - rank;
    if (compared <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Whether the first row of a block comes after all rows of the context (parent, word), which is not wide; true if `block` is the number of
 * blocks.
 */
export function isBehind(
  { parents, words, ranks }: TrieDirectory,
  block: number,
  parent: number,
  word: number,
): boolean {
  if (block >= parents.length || parents[block] !== parent) return block >= parents.length || parents[block] > parent;
  return words[block] > word || (words[block] === word && ranks[block] > 0);
}

/** Whether the rows of the context with which a block ends go on in the next block. @param word the farthest word of the context. */
export function isContinued({ ranks, words }: TrieDirectory, block: number, word: number): boolean {
  const next = block + 1;
  return next < ranks.length && ranks[next] > 0 && words[next] === word;
}
