import { open, type FileHandle } from 'node:fs/promises';
import { crc32Hex } from '../../base/node/file-digest.js';

/** Bytes of the footer, the end of a table file: the handles of two blocks, and a number that marks such files. */
const FOOTER_BYTES = 48;
/** The most bytes of the blocks behind the data, and of a key. */
const MOST_INDEX_BYTES = 64 << 20;
const MOST_KEY_BYTES = 1 << 12;
/** Bytes behind a key: LevelDB's number and kind of the entry. */
const SUFFIX_BYTES = 8;

/**
 * What the pointer file says of a table file of LevelDB (table_format.md of LevelDB):
 *
 * ```
 * ┌──────────────────────────┬────────────────────────────────┬────────┐
 * │ data blocks              │ metaindex block, index block   │ footer │
 * └──────────────────────────┴────────────────────────────────┴────────┘
 *                            ^ indexFrom
 * ```
 */
export interface TableFile {
  /** Where LevelDB's index begins [bytes]. */
  readonly indexFrom: number;
  /** CRC-32 of the bytes from there to the end, in hexadecimal: LevelDB trusts them when it looks for a key. */
  readonly indexCrc32: string;
  /** The first key of the file, in hexadecimal. */
  readonly first: string;
  /** The last one. */
  readonly last: string;
}

/** Describes an intact table file. @param bytes its length. */
export async function describeTableFile(path: string, bytes: number): Promise<TableFile> {
  const file = await open(path, 'r');
  try {
    const footer = new Cursor(await read(file, bytes - FOOTER_BYTES, bytes));
    const indexFrom = footer.varint();
    footer.varint();
    const index = footer.varint();
    const end = index + footer.varint();
    const first = new Cursor(await read(file, 0, Math.min(indexFrom, MOST_KEY_BYTES)));
    first.next();
    // The index has shortened keys; the value of its last entry is the place of the last data block, which has the last key.
    const { value } = lastEntry(await read(file, index, end));
    const handle = new Cursor(value);
    const from = handle.varint();
    return {
      indexFrom,
      indexCrc32: crc32Hex(await read(file, indexFrom, bytes)),
      first: hexadecimal(first.key),
      last: hexadecimal(lastEntry(await read(file, from, from + handle.varint())).key),
    };
  } finally {
    await file.close();
  }
}

/** Whether LevelDB's index in a table file is as it was. @param bytes the length of the file. */
export async function isIndexIntact(
  path: string,
  bytes: number,
  { indexFrom, indexCrc32 }: TableFile,
): Promise<boolean> {
  if (indexFrom > bytes || bytes - indexFrom > MOST_INDEX_BYTES) return false;
  const file = await open(path, 'r');
  try {
    return crc32Hex(await read(file, indexFrom, bytes)) === indexCrc32;
  } finally {
    await file.close();
  }
}

/** The last entry of a block: entries, the places of some of them, and the number of these places. */
function lastEntry(block: Uint8Array): Cursor {
  const restarts = new DataView(block.buffer, block.byteOffset).getUint32(block.length - 4, true);
  const entries = new Cursor(block.subarray(0, block.length - 4 * (restarts + 1)));
  while (entries.left > 0) entries.next();
  return entries;
}

async function read(file: FileHandle, from: number, to: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(to - from);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
  return bytes.subarray(0, bytesRead);
}

/** A key without LevelDB's suffix. */
function hexadecimal(key: Uint8Array): string {
  return Buffer.from(key.subarray(0, -SUFFIX_BYTES)).toString('hex');
}

/** Reads the entries of a block one by one. */
class Cursor {
  /** The key and the value of the current entry. */
  key: Uint8Array = new Uint8Array(0);
  value: Uint8Array = new Uint8Array(0);
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  varint(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Moves to the next entry. Its key begins as the key before. */
  next(): void {
    const shared = this.varint();
    const own = this.varint();
    const value = this.varint();
    this.key = Buffer.concat([this.key.subarray(0, shared), this.bytes.subarray(this.at, (this.at += own))]);
    this.value = this.bytes.subarray(this.at, (this.at += value));
  }
}
