import { open, type FileHandle } from 'node:fs/promises';
import { compareBytes } from '../../base/bytes.js';
import { crc32Hex } from '../../base/node/file-digest.js';
import { BlockDamage } from '../../base/sealed.js';

/** The length of the footer, which ends a table file [bytes]: the handles (offset and length) of two blocks, and a magic number. */
const FOOTER_BYTES = 48;
/** The length of the suffix that LevelDB adds to each key [bytes]: a sequence number and the kind of the entry. */
const SUFFIX_BYTES = 8;
/** A varint of a length or an offset must have at most 7 bytes, so that its value is below this number. */
const VARINT_LIMIT = 128 ** 7;

/**
 * The description of a table file of LevelDB in the pointer file. The parts of a table file are (table_format.md of LevelDB):
 *
 * ```
 * ┌──────────────────────────┬────────────────────────────────┬────────┐
 * │ data blocks              │ metaindex block, index block   │ footer │
 * └──────────────────────────┴────────────────────────────────┴────────┘
 *                            ^ indexFrom
 * ```
 */
export interface TableFile {
  /** The offset in the file at which the data blocks end [bytes]. */
  readonly indexFrom: number;
  /** The CRC-32 of the bytes from `indexFrom` to the end of the file, in hexadecimal. */
  readonly indexCrc32: string;
  /** The first key of the file, in hexadecimal. */
  readonly first: string;
  /** The last key of the file, in hexadecimal. */
  readonly last: string;
}

/** Describes a table file, which must be intact. @param bytes the length of the file [bytes]. */
export async function describeTableFile(path: string, bytes: number): Promise<TableFile> {
  const file = await open(path, 'r');
  try {
    // The footer begins with the offset of the metaindex block, which follows the data blocks.
    const indexFrom = new Cursor(await read(file, bytes - FOOTER_BYTES, bytes)).varint();
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
  private readonly view: DataView;

  /** @param block the bytes of the index block. In it each entry is a restart, which stores its whole key. */
  constructor(private readonly block: Uint8Array) {
    this.view = new DataView(block.buffer, block.byteOffset, block.length);
    this.length = this.view.getUint32(block.length - 4, true);
  }

  /** The index (from 0) of the one data block that can have a key; {@link length} if the key is after all blocks. */
  find(key: Uint8Array): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.entry(middle).key.subarray(0, -SUFFIX_BYTES), key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The location of a data block in the file. @param dataBlock index of the block, from 0. */
  locate(dataBlock: number): BlockLocation {
    const handle = new Cursor(this.entry(dataBlock).value);
    return { offset: handle.varint(), length: handle.varint() };
  }

  /** The entry of a data block. */
  private entry(dataBlock: number): Cursor {
    const { block, view, length } = this;
    const end = block.length - 4 * (length + 1);
    const entry = new Cursor(block.subarray(view.getUint32(end + 4 * dataBlock, true), end));
    entry.next();
    return entry;
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
  const footer = new Cursor(bytes.subarray(-FOOTER_BYTES));
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
  for (const [found, value] of blockEntries(block)) {
    const compared = compareBytes(found, key);
    if (compared === 0) return value;
    if (compared > 0) return undefined;
  }
  return undefined;
}

/** The keys and values of a data block, in the order of the keys. @throws BlockDamage for bytes that are not a data block. */
export function* blockEntries(block: Uint8Array): Generator<[key: Uint8Array, value: Uint8Array]> {
  const entries = entriesOf(block);
  while (!entries.isAtEnd) {
    entries.next();
    yield [entries.key.subarray(0, -SUFFIX_BYTES), entries.value];
  }
}

/** The entries of a block. Layout: the entries │ the offsets of some entries, the restarts [32 bits each] │ how many restarts [32 bits]. */
function entriesOf(block: Uint8Array): Cursor {
  if (block.length < 4) throw new BlockDamage('cut short');
  const restarts = new DataView(block.buffer, block.byteOffset).getUint32(block.length - 4, true);
  const end = block.length - 4 * (restarts + 1);
  if (end < 0) throw new BlockDamage('impossible block');
  return new Cursor(block.subarray(0, end));
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

/** Reads the entries of a block one by one. */
class Cursor {
  /** The key of the current entry, with its suffix of {@link SUFFIX_BYTES}. */
  key: Uint8Array = new Uint8Array(0);
  /** The value of the current entry, as a view of `bytes`. */
  value: Uint8Array = new Uint8Array(0);
  /** Offset in `bytes` of the next byte to read. */
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Reads a varint. */
  varint(): number {
    for (let value = 0, scale = 1; this.at < this.bytes.length && scale < VARINT_LIMIT; scale *= 128) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new BlockDamage('impossible length');
  }

  /** Moves to the next entry. An entry stores how many bytes its key shares with the key before, and only the rest of the key. */
  next(): void {
    const sharedLength = this.varint();
    const restLength = this.varint();
    const valueLength = this.varint();
    const from = this.at;
    const valueFrom = from + restLength;
    this.at = valueFrom + valueLength;
    const length = sharedLength + restLength;
    if (sharedLength > this.key.length || length < SUFFIX_BYTES || this.at > this.bytes.length) {
      throw new BlockDamage('impossible entry');
    }
    const key = new Uint8Array(length);
    key.set(this.key.subarray(0, sharedLength));
    key.set(this.bytes.subarray(from, valueFrom), sharedLength);
    this.key = key;
    this.value = this.bytes.subarray(valueFrom, this.at);
  }
}
