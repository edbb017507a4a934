import { concatenate } from '../../base/bytes.js';
import { checksum } from '../../base/checksum.js';
import type { ModelFiles } from '../store.js';
import type { ModelStore } from '../store.js';
import { encodeFront, encodeHeader, encodePage, PAGE_KEYS, type Entry, type PageInfo } from './format.js';

/** Bytes of values that are joined and written at once. */
const WRITE_BYTES = 1 << 20;

/** A packed model whose index is complete, ready to be written. */
export interface PackedFile {
  /** How many keys the model has. */
  readonly keys: number;
  /** The length of the file, in bytes. */
  readonly bytes: number;
  /** The content of the file, in order, in pieces of about {@link WRITE_BYTES}. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * Packs a model into the bytes of one file.
 *
 * - Input: the values of a store, in the order of their keys. They are read twice: first to make the index, because it stands before the
 *   values in the file, then to copy them.
 * - Output: the bytes of a packed model.
 *
 * @param onValue called with the length of each value that was read, in bytes; it may throw to stop.
 */
export async function packStore(
  store: ModelStore,
  { created, weights }: ModelFiles,
  onValue: (bytes: number) => void,
): Promise<PackedFile> {
  const { infos, pages, keys } = await readIndex(store, onValue);
  const front = encodeFront({ created, weights, pages: infos });
  const rest = infos.reduce((sum, { bytes, valueBytes }) => sum + bytes + valueBytes, 0);
  const header = encodeHeader(front, rest);
  const bytes = header.length + front.length + rest;
  return { keys, bytes, pieces: inPieces([header, front, ...pages], store, onValue) };
}

/** The index of a packed model: its pages, as the front describes them and encoded, and the number of keys. */
interface Index {
  readonly infos: readonly PageInfo[];
  readonly pages: readonly Uint8Array[];
  readonly keys: number;
}

async function readIndex(store: ModelStore, onValue: (bytes: number) => void): Promise<Index> {
  const infos: PageInfo[] = [];
  const pages: Uint8Array[] = [];
  let keys = 0;
  let entries: Entry[] = [];
  const endPage = (): void => {
    if (entries.length === 0) return;
    const page = encodePage(entries);
    const valueBytes = entries.reduce((sum, { length }) => sum + length, 0);
    infos.push({ firstKey: entries[0].key, bytes: page.length, valueBytes, checksum: checksum(page) });
    pages.push(page);
    keys += entries.length;
    entries = [];
  };
  for await (const [key, value] of store.entries()) {
    onValue(value.length);
    entries.push({ key: key.slice(), length: value.length, checksum: checksum(value) });
    if (entries.length === PAGE_KEYS) endPage();
  }
  endPage();
  return { infos, pages, keys };
}

/** The bytes of `first`, then the values of a store, joined to pieces of about {@link WRITE_BYTES}. */
async function* inPieces(
  first: readonly Uint8Array[],
  store: ModelStore,
  onValue: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  yield concatenate(first);
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (const [, value] of store.entries()) {
    onValue(value.length);
    pieces.push(value);
    length += value.length;
    if (length < WRITE_BYTES) continue;
    yield concatenate(pieces);
    pieces = [];
    length = 0;
  }
  if (length > 0) yield concatenate(pieces);
}
