import { open, type FileHandle } from 'node:fs/promises';
import { crc32Hex } from '../../base/node/file-digest.js';
import { BlockDamage } from '../../base/sealed.js';
import { grown } from '../../base/grown.js';
import type { TableFile } from '../store.js';

/** The length of the footer, which ends a table file [bytes]: the handles (offset and length) of two blocks, and a magic number. */
const FOOTER_BYTES = 48;
/** The length of the suffix that LevelDB adds to each key [bytes]: a sequence number and the kind of the entry. */
const SUFFIX_BYTES = 8;
/** A varint of a length or an offset must have at most 7 bytes, so that its value is below this number. */
const VARINT_LIMIT = 128 ** 7;

/**
 * Describes a table file for the pointer file. The table file must be intact. Its parts are (table_format.md of LevelDB):
 *
 * ```
 * ┌──────────────────────────┬────────────────────────────────┬────────┐
 * │ data blocks              │ metaindex block, index block   │ footer │
 * └──────────────────────────┴────────────────────────────────┴────────┘
 *                            ^ indexFrom
 * ```
 *
 * @param bytes the length of the file [bytes].
 */
export async function describeTableFile(path: string, bytes: number): Promise<TableFile> {
  const file = await open(path, 'r');
  try {
    // The footer begins with the offset of the metaindex block, which follows the data blocks.
    const indexFrom = new Cursor().open(await read(file, bytes - FOOTER_BYTES, bytes), FOOTER_BYTES).varint();
    const end = await read(file, indexFrom, bytes);
    const index = indexIn(end, indexFrom);
    // The keys of the index are shortened separators, so the first and the last key are read from the data blocks.
    const keysOf = async (block: number): Promise<Uint8Array[]> => {
      const { offset, length } = index.locate(block);
      const data = await read(file, offset, offset + length);
      return Array.from(blockEntries(data), ([key]) => key);
    };
    const [first] = await keysOf(0);
    const last = (await keysOf(index.length - 1)).at(-1) ?? first;
    return { indexFrom, indexCrc32: crc32Hex(end), first: hexadecimal(first), last: hexadecimal(last) };
  } finally {
    await file.close();
  }
}

/** Where a data block is in its file [bytes]. */
export interface BlockLocation {
  readonly offset: number;
  readonly length: number;
}

/**
 * The index of a table file. It has an entry for each data block: the location of the block, and a separator, which is a key at or after
 * every key of the block and before every key of the next block. A search decodes only the entries that it compares.
 */
export class TableIndex {
  /** Number of data blocks. */
  readonly length: number;
  /** Where the offsets of the entries begin in the index block [bytes]. */
  private readonly offsets: number;
  private readonly entries: Cursor;

  /** @param block the bytes of the index block. In it each entry is a restart, which stores its whole key. */
  constructor(private readonly block: Uint8Array) {
    this.length = uint32At(block, block.length - 4);
    this.offsets = block.length - 4 * (this.length + 1);
    this.entries = new Cursor().open(block, this.offsets);
  }

  /**
   * The index (from 0) of the one data block that can have a key; {@link length} if the key is after all blocks.
   *
   * @param near index of a block: the search is short if the key is in this block, or in one soon after it.
   */
  find(key: Uint8Array, near = 0): number {
    let low = near > 0 && near <= this.length && this.entry(near - 1).compareKey(key) < 0 ? near : 0;
    let high = low;
    for (let step = 1; high < this.length && this.entry(high).compareKey(key) < 0; step *= 2) {
      low = high + 1;
      high = Math.min(this.length, high + step);
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entry(middle).compareKey(key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The location of a data block in the file. @param dataBlock index of the block, from 0. */
  locate(dataBlock: number): BlockLocation {
    return this.entry(dataBlock).location();
  }

  /** The entry of a data block, valid until the next call. */
  private entry(dataBlock: number): Cursor {
    const { entries, block, offsets } = this;
    entries.seek(uint32At(block, offsets + 4 * dataBlock));
    return entries;
  }
}

/**
 * Decodes the part of a table file after its data blocks.
 *
 * @param bytes the bytes of the file from `table.indexFrom` to its end.
 * @throws BlockDamage if the bytes differ from the description.
 */
export function decodeTableIndex(bytes: Uint8Array, table: TableFile): TableIndex {
  if (crc32Hex(bytes) !== table.indexCrc32) throw new BlockDamage('its index was changed or damaged');
  return indexIn(bytes, table.indexFrom);
}

/** The index in the part of a table file after its data blocks. @param indexFrom the offset of this part in the file [bytes]. */
function indexIn(bytes: Uint8Array, indexFrom: number): TableIndex {
  // The footer begins with the offset and the length of the metaindex block, which are skipped; those of the index block follow.
  const footer = new Cursor().open(bytes.subarray(-FOOTER_BYTES), FOOTER_BYTES);
  for (let i = 0; i < 2; i++) footer.varint();
  const from = footer.varint() - indexFrom;
  return new TableIndex(bytes.subarray(from, from + footer.varint()));
}

/**
 * The value of a key in a data block, as a view of the block; `undefined` if the block lacks the key.
 *
 * @throws BlockDamage for bytes that are not a data block.
 */
export function valueInBlock(block: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  const entries = entriesOf(block, sought);
  while (!entries.isAtEnd) {
    entries.next();
    const compared = entries.compareKey(key);
    if (compared === 0) return entries.value();
    if (compared > 0) return undefined;
  }
  return undefined;
}

/** The keys and values of a data block, in the order of the keys. @throws BlockDamage for bytes that are not a data block. */
export function* blockEntries(block: Uint8Array): Generator<[key: Uint8Array, value: Uint8Array]> {
  const entries = entriesOf(block);
  while (!entries.isAtEnd) {
    entries.next();
    yield [entries.key(), entries.value()];
  }
}

/** The entries of a block. Layout: the entries │ the offsets of some entries, the restarts [32 bits each] │ how many restarts [32 bits]. */
function entriesOf(block: Uint8Array, cursor = new Cursor()): Cursor {
  if (block.length < 4) throw new BlockDamage('cut short');
  const end = block.length - 4 * (uint32At(block, block.length - 4) + 1);
  if (end < 0) throw new BlockDamage('impossible block');
  return cursor.open(block, end);
}

/** The little-endian 32-bit number that begins at a byte. */
function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** Bytes `[from, to)` of a file. */
async function read(file: FileHandle, from: number, to: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(to - from);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
  return bytes.subarray(0, bytesRead);
}

/** The bytes of a key as hexadecimal digits. */
function hexadecimal(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}

/** Reads the entries of a block one by one, into memory that it keeps: a text of a million words reads tens of thousands of blocks. */
class Cursor {
  private bytes: Uint8Array = new Uint8Array(0);
  /** Where the entries end [bytes of the block]. */
  private end = 0;
  /** The key of the current entry, with LevelDB's suffix, is the first `keyLength` bytes. */
  private keyBytes = new Uint8Array(64);
  private keyLength = 0;
  /** Where the value of the current entry begins [bytes of the block]; it ends where the next entry begins. */
  private valueFrom = 0;
  /** Where the next entry begins. */
  private at = 0;

  /** Moves before the first entry of a block. @param end where the entries end [bytes of the block]. */
  open(bytes: Uint8Array, end: number): this {
    this.bytes = bytes;
    this.end = end;
    this.at = 0;
    this.keyLength = 0;
    return this;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  /** Moves to the entry at a byte of the block, which must have its whole key. */
  seek(at: number): void {
    this.at = at;
    this.keyLength = 0;
    this.next();
  }

  /** Reads a varint. */
  varint(): number {
    for (let value = 0, scale = 1; this.at < this.end && scale < VARINT_LIMIT; scale *= 128) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new BlockDamage('impossible length');
  }

  /** Moves to the next entry. An entry stores how many bytes its key shares with the key before, and only the rest of the key. */
  next(): void {
    const { bytes } = this;
    const sharedLength = this.varint();
    const restLength = this.varint();
    const valueLength = this.varint();
    const from = this.at;
    const length = sharedLength + restLength;
    this.valueFrom = from + restLength;
    this.at = this.valueFrom + valueLength;
    if (sharedLength > this.keyLength || length < SUFFIX_BYTES || this.at > this.end) {
      throw new BlockDamage('impossible entry');
    }
    if (length > this.keyBytes.length) {
      this.keyBytes = grown(this.keyBytes, 2 * length);
    }
    for (let i = 0; i < restLength; i++) this.keyBytes[sharedLength + i] = bytes[from + i];
    this.keyLength = length;
  }

  /** Compares the key of the current entry, without LevelDB's suffix, with a key: negative if it comes first, 0 if it is the same. */
  compareKey(key: Uint8Array): number {
    const { keyBytes } = this;
    const length = this.keyLength - SUFFIX_BYTES;
    const shorter = Math.min(length, key.length);
    for (let i = 0; i < shorter; i++) if (keyBytes[i] !== key[i]) return keyBytes[i] - key[i];
    return length - key.length;
  }

  /** A copy of the key of the current entry, without LevelDB's suffix. */
  key(): Uint8Array {
    return this.keyBytes.slice(0, this.keyLength - SUFFIX_BYTES);
  }

  /** The value of the current entry, as a view of the block. */
  value(): Uint8Array {
    return this.bytes.subarray(this.valueFrom, this.at);
  }

  /** The value of the current entry, in an index block: the location of a data block. */
  location(): BlockLocation {
    this.at = this.valueFrom;
    return { offset: this.varint(), length: this.varint() };
  }
}

/** Working memory of {@link valueInBlock}. */
const sought = new Cursor();
