import { KneserError } from '../../base/errors.js';
import type { ModelFiles } from '../store.js';
import { BlockDamage } from '../../base/sealed.js';
import { checksum } from '../../base/checksum.js';
import { decodeValue } from '../../base/decode.js';
import { FORMAT_VERSION, versionError } from '../keys.js';
import type { ModelStore, SharedPacked } from '../store.js';
import { compareBytes } from '../../base/bytes.js';
import {
  decodeFront,
  decodeHeader,
  decodePage,
  HEADER_BYTES,
  isPacked,
  PACKED_VERSION,
  type Entry,
  type Front,
  type Header,
} from './format.js';
import { cutShort, readRanges, type ByteSource } from './source.js';

/** The most pages of the index that stay in memory, of about 10 kB each. */
const KEPT_PAGES = 2048;
/** The most bytes of values that `entries` reads at once. */
const READ_BYTES = 4 << 20;

/** An entry of the index, and the offset of its value in the file, in bytes. */
interface LocatedEntry extends Entry {
  readonly offset: number;
}

/**
 * Opens a packed model: reads the header and the front, but no values. Closing the store closes the source.
 *
 * @param format the version that the format of the model must have.
 * @throws KNESER_NOT_A_MODEL, KNESER_VERSION, KNESER_DAMAGED, and the errors of the source. The source is closed then.
 */
export async function openPacked(
  source: ByteSource,
  format = FORMAT_VERSION,
): Promise<{ store: ModelStore; files: ModelFiles }> {
  try {
    const { frontBytes, size, frontChecksum } = await readHeader(source, format);
    const front = decodeValue(`${source.name}: front`, await source.read(HEADER_BYTES, frontBytes), bytes => {
      if (checksum(bytes) !== frontChecksum) throw new BlockDamage('checksum differs');
      return decodeFront(bytes);
    });
    const store = new PackedStore(source, front, HEADER_BYTES + frontBytes, size);
    return { store, files: { bytes: size, created: front.created, weights: front.weights } };
  } catch (error) {
    await source.close?.();
    throw error;
  }
}

async function readHeader(source: ByteSource, wantedFormat: number): Promise<Header> {
  const { name } = source;
  const bytes = await source.read(0, Math.min(HEADER_BYTES, source.size ?? HEADER_BYTES));
  if (!isPacked(bytes)) {
    throw new KneserError('KNESER_NOT_A_MODEL', `${name}: not a packed model; name a file made by kneser pack`);
  }
  const header = decodeValue(`${name}: header`, bytes, decodeHeader);
  const { version, format, size, frontBytes } = header;
  if (version !== PACKED_VERSION) {
    const known = `a packed model of version ${version}; this version of kneser reads ${PACKED_VERSION}`;
    throw new KneserError('KNESER_VERSION', `${name}: ${known}`);
  }
  if (format !== wantedFormat) throw versionError(name, format, wantedFormat);
  if (source.size !== undefined && source.size < size) throw cutShort(name);
  if ((source.size ?? size) !== size || HEADER_BYTES + frontBytes > size) {
    throw new KneserError(
      'KNESER_DAMAGED',
      `${name} is damaged (its length differs from the one in its header); copy it again`,
    );
  }
  return header;
}

/** The values of a packed model, which {@link openPacked} opens. */
class PackedStore implements ModelStore {
  readonly name: string;
  readonly shared: SharedPacked | undefined;
  readonly stop: ModelStore['stop'];
  /** By page of the index, the offset of the page in the file, in bytes. */
  private readonly pageStarts: Float64Array;
  /** By page of the index, the offset in the file of the value of its first key, in bytes. */
  private readonly valueStarts: Float64Array;
  /** The pages in memory, by their index in the front's list of pages. */
  private readonly pages = new Map<number, Promise<LocatedEntry[]>>();

  constructor(
    private readonly source: ByteSource,
    private readonly front: Front,
    indexStart: number,
    size: number,
  ) {
    const { pages } = front;
    this.name = source.name;
    this.stop = source.stop;
    if (source.descriptor !== undefined) {
      this.shared = { kind: 'packed', descriptor: source.descriptor, name: source.name, size };
    }
    this.pageStarts = new Float64Array(pages.length);
    this.valueStarts = new Float64Array(pages.length);
    let at = indexStart;
    pages.forEach(({ bytes }, page) => {
      this.pageStarts[page] = at;
      at += bytes;
    });
    pages.forEach(({ valueBytes }, page) => {
      this.valueStarts[page] = at;
      at += valueBytes;
    });
    if (at !== size) {
      throw new KneserError(
        'KNESER_DAMAGED',
        `${this.name} is damaged (the lengths in its index do not add up to its size); copy it again`,
      );
    }
  }

  readonly get: ModelStore['get'] = async key => (await this.getMany([key]))[0];

  readonly getMany: ModelStore['getMany'] = async keys => {
    const pagesOfKeys = keys.map(key => lastNotAfter(this.front.pages, key, page => page.firstKey));
    const pages = await this.readPages(new Set(pagesOfKeys.filter(page => page >= 0)));
    const entriesOfKeys = keys.map((key, i) => {
      const entries = pages.get(pagesOfKeys[i]) ?? [];
      const entry = entries.at(lastNotAfter(entries, key, entry => entry.key));
      return entry && compareBytes(entry.key, key) === 0 ? entry : undefined;
    });
    const found = entriesOfKeys.filter(entry => entry !== undefined);
    const values = (await this.readValues(found)).values();
    return entriesOfKeys.map(entry => entry && values.next().value);
  };

  readonly entries: ModelStore['entries'] = () => this.readAll();

  private async *readAll(): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    for (let page = 0; page < this.front.pages.length; page++) {
      const entries = (await this.readPages(new Set([page]))).get(page) ?? [];
      for (let from = 0; from < entries.length;) {
        let to = from + 1;
        let bytes = entries[from].length;
        while (to < entries.length && (bytes += entries[to].length) <= READ_BYTES) to++;
        const values = await this.readValues(entries.slice(from, to));
        for (const value of values) yield [entries[from++].key, value];
      }
    }
  }

  readonly close: ModelStore['close'] = async () => {
    await this.source.close?.();
  };

  /** The entries of pages. Reads the pages that are not in memory. @param wanted indices of pages in the front's list of pages. */
  private async readPages(wanted: ReadonlySet<number>): Promise<Map<number, LocatedEntry[]>> {
    const missing = [...wanted].filter(page => !this.pages.has(page));
    if (missing.length > 0) {
      const { pages } = this.front;
      const reading = readRanges(
        this.source,
        missing.map(page => ({ offset: this.pageStarts[page], length: pages[page].bytes })),
      );
      missing.forEach((page, i) => {
        const entries = reading.then(bytes => this.decodePage(page, bytes[i]));
        entries.catch(() => this.pages.delete(page));
        this.pages.set(page, entries);
      });
    }
    const found = new Map<number, LocatedEntry[]>();
    const promises = [...wanted].map(page => [page, this.pages.get(page)] as const);
    for (const [page, entries] of promises) found.set(page, (await entries) ?? []);
    for (const page of this.pages.keys()) {
      if (this.pages.size <= KEPT_PAGES) break;
      this.pages.delete(page);
    }
    return found;
  }

  /** The entries of a page, with the offsets of their values. @param page index in the front's list of pages. @throws KNESER_DAMAGED */
  private decodePage(page: number, bytes: Uint8Array): LocatedEntry[] {
    const { pages } = this.front;
    const entries = decodeValue(`${this.name}: index, page ${page}`, bytes, encoded =>
      decodePage(encoded, pages[page], pages.at(page + 1)?.firstKey),
    );
    let offset = this.valueStarts[page];
    return entries.map(entry => {
      const located = { ...entry, offset };
      offset += entry.length;
      return located;
    });
  }

  /** Reads values, and compares them with their checksums. @throws KNESER_DAMAGED */
  private async readValues(entries: readonly LocatedEntry[]): Promise<Uint8Array[]> {
    const values = await readRanges(this.source, entries);
    values.forEach((value, i) => {
      if (checksum(value) === entries[i].checksum) return;
      throw new KneserError(
        'KNESER_DAMAGED',
        `${this.name}: the ${value.length} bytes at ${entries[i].offset} differ from the bytes that were written; the file is damaged, or was replaced while it was open`,
      );
    });
    return values;
  }
}

/** The index of the last item of a sorted list whose key is not after `key`; −1 if there is none. */
function lastNotAfter<T>(list: readonly T[], key: Uint8Array, keyOf: (item: T) => Uint8Array): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(keyOf(list[middle]), key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
