import { open, type FileHandle } from 'node:fs/promises';
import { crc32Hex } from '../../base/node/file-digest.js';

/** The length of the footer, the end of a table file, in bytes: the handles (offset and length) of two blocks, and a magic number. */
const FOOTER_BYTES = 48;
/** The largest size of the blocks and the footer behind the data blocks, in bytes. */
const MOST_INDEX_BYTES = 64 << 20;
/** The longest key, in bytes. */
const MOST_KEY_BYTES = 1 << 12;
/** The bytes that LevelDB adds to a key: a sequence number and the kind of the entry. */
const SUFFIX_BYTES = 8;

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
  /** The offset behind the data blocks, in bytes. */
  readonly indexFrom: number;
  /** The CRC-32 of the bytes from `indexFrom` to the end, in hexadecimal. LevelDB trusts these bytes when it looks for a key. */
  readonly indexCrc32: string;
  /** The first key of the file, in hexadecimal. */
  readonly first: string;
  /** The last key of the file, in hexadecimal. */
  readonly last: string;
}

/** Describes a table file, which must be intact. @param bytes the length of the file. */
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
    // The index shortens keys, so the last key is read from the last data block; the last entry of the index has the block's handle.
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

/** Whether the bytes of a table file from `indexFrom` on have the CRC-32 of the description. @param bytes the length of the file. */
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

/** The last entry of a block. A block has its entries, the offsets of some of them (restarts), and the number of these offsets. */
function lastEntry(block: Uint8Array): Cursor {
  const restarts = new DataView(block.buffer, block.byteOffset).getUint32(block.length - 4, true);
  const entries = new Cursor(block.subarray(0, block.length - 4 * (restarts + 1)));
  while (!entries.isAtEnd) entries.next();
  return entries;
}

/** Bytes `[from, to)` of a file. */
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

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  varint(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Moves to the next entry. An entry stores how many bytes its key shares with the key before, and only the rest of the key. */
  next(): void {
    const sharedLength = this.varint();
    const restLength = this.varint();
    const valueLength = this.varint();
    const rest = this.bytes.subarray(this.at, (this.at += restLength));
    this.key = Buffer.concat([this.key.subarray(0, sharedLength), rest]);
    this.value = this.bytes.subarray(this.at, (this.at += valueLength));
  }
}
