import { stat } from 'node:fs/promises';
import { writeAtomically } from './atomic.js';
import { abortedError, KneserError, writeError } from './errors.js';
import type { Progress } from './options.js';
import { concatenate, encodeFront, encodeHeader, encodePage, PAGE_KEYS } from './packed/format.js';
import type { Entry, PageInfo } from './packed/format.js';
import { checksum } from './store/checksum.js';
import type { ModelStore } from './store/store.js';

/** Bytes of values that are written at one go. */
const WRITE_BYTES = 1 << 20;

/** Which model to pack, and where to. */
export interface PackOptions {
  /** The folder of the model; or a packed file or its address, which is copied. */
  readonly model: string;
  /** The file. */
  readonly out: string;
  /** Replaces a file that is there. Default false. */
  readonly force?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Stops when aborted; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/** What was written. */
export interface PackReport {
  readonly out: string;
  /** How many keys the model has. */
  readonly keys: number;
  /** Bytes of the file. */
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Packs a model into one file, which `LanguageModel.open`, `LanguageModel.fromFile` and all commands read: to copy it, or
 * to put it on a web server. The same model always makes the same file. It is written whole or not at all.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_IO, KNESER_ABORTED, and what
 * `LanguageModel.open` throws.
 * @example
 * await pack({ model: 'model', out: 'model.kneser' });
 */
export async function pack(options: PackOptions): Promise<PackReport> {
  const { model, out, force = false, onProgress, signal } = options;
  const started = performance.now();
  await checkOut(out, force);
  const { openModel } = await import('./store/open.js');
  const { store, files } = await openModel(model);
  try {
    // All values are read twice: for the index, which stands before them, and to be written.
    let done = 0;
    const total = 2 * files.bytes;
    const onValue = (bytes: number): void => {
      if (signal?.aborted) throw abortedError('packing');
      done = Math.min(total, done + bytes);
      onProgress?.({ stage: 'pack', done, total, unit: 'bytes' });
    };
    const { infos, pages, keys } = await readIndex(store, onValue);
    const front = encodeFront({ created: files.created, weights: files.weights, pages: infos });
    const rest = infos.reduce((sum, { bytes, valueBytes }) => sum + bytes + valueBytes, 0);
    const header = encodeHeader(front, rest);
    try {
      await writeAtomically(out, inChunks([header, front, ...pages], store, onValue));
    } catch (error) {
      throw writeError(out, error);
    }
    const bytes = header.length + front.length + rest;
    return { out, keys, bytes, seconds: (performance.now() - started) / 1000 };
  } finally {
    await store.close();
  }
}

/** @throws KNESER_OPTION, KNESER_OUTPUT_EXISTS */
async function checkOut(out: string, force: boolean): Promise<void> {
  if (out === '') throw new KneserError('KNESER_OPTION', 'out: the name of the file is empty');
  const stats = await stat(out).catch(() => undefined);
  if (!stats || (stats.isFile() && force)) return;
  const advice = stats.isFile() ? 'pass --force to replace it, or another --out' : 'it is no file; name another --out';
  throw new KneserError('KNESER_OUTPUT_EXISTS', `${out}: is there already; ${advice}`);
}

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

/** What comes first, then a store's values, in pieces of a size that disks like. */
async function* inChunks(
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
