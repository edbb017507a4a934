import { encodeMsgpack } from '../base/encode-msgpack.js';
import { decodeMsgpack } from '../base/decode-msgpack.js';
import { BlockDamage, seal, unseal } from '../base/sealed.js';
import { readVarint, writeVarint } from '../base/varint.js';
import { grown } from '../base/grown.js';

/**
 * The first row of each block of a table of row blocks, ascending. A binary search in it finds the block that has a row.
 */
export interface Directory {
  /** `columns[j][b]` is word j of the first context of block b [word id], j = 0 for the nearest word. */
  readonly columns: readonly Uint32Array[];
  /** By block, the id of the predicted word of its first row. */
  readonly words: Uint32Array;
}

/** Rows, ascending. A row is the ids of k context words, nearest first, then the id of the predicted word. */
export interface Rows extends Iterable<Uint32Array> {
  /** Number of rows. */
  readonly length: number;
}

/** Collects the first rows of a table's blocks while they are written: in flat arrays, because there may be a million blocks. */
export class FirstRows implements Rows {
  length = 0;
  /** By partition, its rows one after the other: the first `used` entries of `rows`. */
  private readonly partitions: { rows: Uint32Array; used: number }[] = [];
  /** The length of a row. */
  private width = 0;

  /** Adds the next row of a partition. All rows of a table have the same length. */
  add(partition: number, row: Uint32Array): void {
    const part = (this.partitions[partition] ??= { rows: new Uint32Array(16 * row.length), used: 0 });
    if (part.used + row.length > part.rows.length) {
      part.rows = grown(part.rows, 2 * part.rows.length);
    }
    part.rows.set(row, part.used);
    part.used += row.length;
    this.width = row.length;
    this.length++;
  }

  /** The rows, partition by partition. A partition may have none. */
  *[Symbol.iterator](): Generator<Uint32Array> {
    for (const part of this.partitions as ({ rows: Uint32Array; used: number } | undefined)[]) {
      for (let at = 0; part && at < part.used; at += this.width) yield part.rows.subarray(at, at + this.width);
    }
  }
}

/** The bytes of a directory, as README.md describes them. @param width words of a context. */
export function encodeDirectory(rows: Rows, width: number): Uint8Array {
  const bytes = new Uint8Array(rows.length * (6 + 5 * width));
  let at = 0;
  let before: Uint32Array | undefined;
  for (const row of rows) {
    let shared = 0;
    if (before) while (shared < width && row[shared] === before[shared]) shared++;
    bytes[at++] = shared;
    at = writeVarint(bytes, at, row[shared] - (before ? before[shared] : 0));
    for (let j = shared + 1; j <= width; j++) at = writeVarint(bytes, at, row[j]);
    before = row;
  }
  return seal(encodeMsgpack([rows.length, bytes.subarray(0, at)]));
}

/** The reverse of {@link encodeDirectory}. @throws BlockDamage */
export function decodeDirectory(value: Uint8Array, width: number): Directory {
  const header: unknown = decodeMsgpack(unseal(value));
  if (!Array.isArray(header) || header.length !== 2) throw new BlockDamage('no directory header');
  const [length, bytes] = header as [number, Uint8Array];
  if (!(bytes instanceof Uint8Array) || !(length <= bytes.length)) throw new BlockDamage('impossible directory header');
  const columns = Array.from({ length: width + 1 }, () => new Uint32Array(length));
  const cursor = { at: 0 };
  for (let row = 0; row < length; row++) {
    const shared = bytes[cursor.at++];
    if (shared > width) throw new BlockDamage('impossible directory row');
    for (let j = 0; j < shared; j++) columns[j][row] = columns[j][row - 1];
    columns[shared][row] = readVarint(bytes, cursor) + (row > 0 ? columns[shared][row - 1] : 0);
    for (let j = shared + 1; j <= width; j++) columns[j][row] = readVarint(bytes, cursor);
  }
  if (cursor.at !== bytes.length) throw new BlockDamage('wrong directory length');
  return { columns: columns.slice(0, width), words: columns[width] };
}
