import { BlockDamage } from '../../base/sealed.js';
import { checksum } from '../../base/checksum.js';
import { FORMAT_VERSION } from '../keys.js';
import { compareBytes, concatenate } from '../../base/bytes.js';
import { readVarint, writeVarint } from '../../base/varint.js';

/**
 * A packed model: the values of a store in one file, in the order of their keys, after an index. docs/packed.md describes every
 * byte.
 *
 * ```
 * ┌──────────┬────────────────────┬──────────────────────┬─────────────────────────────┐
 * │ header   │ front              │ pages of the index   │ values, in the order of     │
 * │ 32 bytes │ weights, page list │ of 64 keys each      │ their keys                  │
 * └──────────┴────────────────────┴──────────────────────┴─────────────────────────────┘
 * ```
 *
 * The file holds lengths and no offsets, so that its parts cannot overlap or form a circle. Checksums form a tree: the header has the
 * checksum of the front, the front has the checksums of the pages, and a page has the checksums of its values.
 */

/** The first bytes of a packed file: `\x89KNESER\n`. */
export const MAGIC = Uint8Array.of(0x89, 0x4b, 0x4e, 0x45, 0x53, 0x45, 0x52, 0x0a);

/** The version of packed files that this code reads and writes. */
export const PACKED_VERSION = 1;

/** The length of the header, in bytes. */
export const HEADER_BYTES = 32;

/** The number of keys of a page of the index; the last page may have fewer. */
export const PAGE_KEYS = 64;

/**
 * The longest page and the longest key, in bytes. A key may share its first bytes with the key before, so that without a limit the keys
 * of a small page could have any length.
 */
const LARGEST_PAGE = 1 << 18;
const LARGEST_KEY = LARGEST_PAGE / PAGE_KEYS;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The first 32 bytes of a packed file. */
export interface Header {
  /** The version of the packed file, `PACKED_VERSION`. */
  readonly version: number;
  /** The version of its keys and values, `FORMAT_VERSION`. */
  readonly format: number;
  /** The length of the front, in bytes. */
  readonly frontBytes: number;
  /** The length of the whole file, in bytes. */
  readonly size: number;
  /** The checksum of the front. */
  readonly frontChecksum: number;
}

/** A page of the index, as the front describes it. */
export interface PageInfo {
  readonly firstKey: Uint8Array;
  /** The length of the page, in bytes. */
  readonly bytes: number;
  /** The total length of the values of its keys, in bytes. */
  readonly valueBytes: number;
  /** The checksum of the page. */
  readonly checksum: number;
}

/** The part of the file after the header. */
export interface Front {
  /** When the model was made, ISO 8601. */
  readonly created: string;
  /** Encoded sets of weights, by name. */
  readonly weights: ReadonlyMap<string, Uint8Array>;
  readonly pages: readonly PageInfo[];
}

/** A key of a page, with the length and the checksum of its value. */
export interface Entry {
  readonly key: Uint8Array;
  /** The length of the value, in bytes. */
  readonly length: number;
  /** The checksum of the value. */
  readonly checksum: number;
}

/** Whether a file that begins with these bytes is a packed model. */
export function isPacked(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.every((byte, at) => bytes[at] === byte);
}

/** Encodes the header. @param front the encoded front. @param rest the length of the file after the front, in bytes. */
export function encodeHeader(front: Uint8Array, rest: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint16(8, PACKED_VERSION, true);
  view.setUint16(10, FORMAT_VERSION, true);
  view.setUint32(12, front.length, true);
  view.setBigUint64(16, BigInt(HEADER_BYTES + front.length + rest), true);
  view.setUint32(24, checksum(front), true);
  view.setUint32(28, checksum(header, 0, 28), true);
  return header;
}

/** Decodes a header; `isPacked` must be true of its bytes. @throws BlockDamage */
export function decodeHeader(bytes: Uint8Array): Header {
  if (bytes.length < HEADER_BYTES) throw new BlockDamage('cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (checksum(bytes, 0, 28) !== view.getUint32(28, true)) throw new BlockDamage('checksum differs');
  return {
    version: view.getUint16(8, true),
    format: view.getUint16(10, true),
    frontBytes: view.getUint32(12, true),
    size: Number(view.getBigUint64(16, true)),
    frontChecksum: view.getUint32(24, true),
  };
}

/** Encodes the front. */
export function encodeFront({ created, weights, pages }: Front): Uint8Array {
  const pieces: Uint8Array[] = [];
  const put = (...bytes: Uint8Array[]): number => pieces.push(...bytes);
  const putLengthPrefixed = (bytes: Uint8Array): number => put(u32(bytes.length), bytes);
  putLengthPrefixed(encoder.encode(created));
  put(u32(weights.size));
  for (const [name, bytes] of [...weights].sort(([a], [b]) => (a < b ? -1 : 1))) {
    putLengthPrefixed(encoder.encode(name));
    putLengthPrefixed(bytes);
  }
  put(u32(pages.length));
  for (const page of pages) {
    putLengthPrefixed(page.firstKey);
    put(u32(page.bytes), u64(page.valueBytes), u32(page.checksum));
  }
  return concatenate(pieces);
}

/** Decodes a front. @throws BlockDamage */
export function decodeFront(bytes: Uint8Array): Front {
  const reader = new FrontReader(bytes);
  const created = decoder.decode(reader.readLengthPrefixed());
  const weights = new Map<string, Uint8Array>();
  for (let remaining = reader.u32(); remaining > 0; remaining--)
    weights.set(decoder.decode(reader.readLengthPrefixed()), reader.readLengthPrefixed());
  const pages: PageInfo[] = [];
  for (let remaining = reader.u32(); remaining > 0; remaining--) {
    const page = {
      firstKey: reader.readLengthPrefixed(),
      bytes: reader.u32(),
      valueBytes: reader.u64(),
      checksum: reader.u32(),
    };
    if (page.bytes > LARGEST_PAGE) throw new BlockDamage('impossible page of the index');
    const before = pages.at(-1);
    if (before && compareBytes(before.firstKey, page.firstKey) >= 0) throw new BlockDamage('pages out of order');
    pages.push(page);
  }
  reader.end();
  return { created, weights, pages };
}

/**
 * Encodes a page. For each key:
 *
 * ```
 * ┌──────────────────────────┬────────────────┬─────────────┬───────────┬───────────┐
 * │ bytes shared with the    │ length of the  │ rest of the │ length of │ checksum  │
 * │ key before, a varint     │ rest, a varint │ key         │ the value │ of the    │
 * │                          │                │             │           │ value     │
 * └──────────────────────────┴────────────────┴─────────────┴───────────┴───────────┘
 * ```
 *
 * The length of the value is a varint, the checksum a 32-bit number, little-endian.
 */
export function encodePage(entries: readonly Entry[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, { key }) => sum + key.length + 19, 0));
  const view = new DataView(bytes.buffer);
  let before: Uint8Array = new Uint8Array(0);
  let at = 0;
  for (const { key, length, checksum } of entries) {
    let shared = 0;
    while (shared < key.length && key[shared] === before[shared]) shared++;
    at = writeVarint(bytes, at, shared);
    at = writeVarint(bytes, at, key.length - shared);
    bytes.set(key.subarray(shared), at);
    at = writeVarint(bytes, at + key.length - shared, length);
    view.setUint32(at, checksum, true);
    at += 4;
    before = key;
  }
  return bytes.slice(0, at);
}

/** Decodes a page. @param nextKey the first key of the next page; `undefined` for the last page. @throws BlockDamage */
export function decodePage(bytes: Uint8Array, page: PageInfo, nextKey: Uint8Array | undefined): Entry[] {
  if (checksum(bytes) !== page.checksum) throw new BlockDamage('checksum differs');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const cursor = { at: 0 };
  const entries: Entry[] = [];
  let before: Uint8Array | undefined;
  let valueBytes = 0;
  while (cursor.at < bytes.length) {
    const shared = readVarint(bytes, cursor);
    const rest = readVarint(bytes, cursor);
    if (shared > (before?.length ?? 0) || cursor.at + rest > bytes.length) throw new BlockDamage('impossible key');
    if (shared + rest > LARGEST_KEY || entries.length === PAGE_KEYS) throw new BlockDamage('too long for a page');
    const key = new Uint8Array(shared + rest);
    if (before) key.set(before.subarray(0, shared));
    key.set(bytes.subarray(cursor.at, (cursor.at += rest)), shared);
    const length = readVarint(bytes, cursor);
    if (cursor.at + 4 > bytes.length) throw new BlockDamage('wrong length');
    entries.push({ key, length, checksum: view.getUint32(cursor.at, true) });
    if (before && compareBytes(before, key) >= 0) throw new BlockDamage('keys out of order');
    cursor.at += 4;
    valueBytes += length;
    before = key;
  }
  const isAsInFront =
    before &&
    compareBytes(entries[0].key, page.firstKey) === 0 &&
    (!nextKey || compareBytes(before, nextKey) < 0) &&
    valueBytes === page.valueBytes;
  if (!isAsInFront) throw new BlockDamage('a page of the index differs from the front');
  return entries;
}

/** Reads the numbers and byte strings of a front, never past its end. */
class FrontReader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  u64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  /** Reads a 32-bit length, and this many bytes. */
  readLengthPrefixed(): Uint8Array {
    const length = this.u32();
    const from = this.take(length);
    return this.bytes.slice(from, from + length);
  }

  /** @throws BlockDamage if there are bytes left. */
  end(): void {
    if (this.at !== this.bytes.length) throw new BlockDamage('wrong length');
  }

  /** Takes the next `length` bytes. @returns the offset of the first of them. */
  private take(length: number): number {
    const from = this.at;
    this.at += length;
    if (this.at > this.bytes.length) throw new BlockDamage('cut short');
    return from;
  }
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
