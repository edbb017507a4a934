import { close, closeSync, open, read } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { compareBytes } from '../../base/bytes.js';
import { KneserError, readError } from '../../base/errors.js';
import { BlockDamage } from '../../base/sealed.js';
import { describeKey } from '../keys.js';
import type { ModelStore, SharedStore } from '../store.js';
import type { PointerFile } from './pointer.js';
import {
  blockEntries,
  decodeTableIndex,
  valueInBlock,
  type BlockPlace,
  type TableFile,
  type TableIndex,
} from './table-file.js';

/** The most table files that are open at the same time, except during reads that need more. */
const OPEN_FILES = 64;
/** The most table files whose index is in memory [about 10 kB each]. */
const KEPT_INDEXES = 4096;
/** Two data blocks are read in one read if at most this many bytes lie between them. */
const GAP_BYTES = 16 << 10;
/** The most bytes of one read. */
const READ_BYTES = 1 << 20;

/** The table files of a generation. */
export interface SharedTables extends SharedStore {
  readonly kind: 'tables';
  /** The folder of the files. */
  readonly folder: string;
  readonly files: readonly PointerFile[];
  /** The name of the store in messages. */
  readonly name: string;
  /** The folder of the files in messages. */
  readonly shown: string;
}

const openAsync = promisify(open);
const readAsync = promisify(read);
const closeAsync = promisify(close);

/** Closes the files of a store that was dropped without `close`. */
const dropped = new FinalizationRegistry<ReadonlySet<number>>(descriptors => {
  for (const descriptor of descriptors) closeSync(descriptor);
});

/** A table file of a generation. */
interface File {
  readonly path: string;
  readonly bytes: number;
  readonly table: TableFile;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  /** The decoded index, while it is in memory. */
  index: Promise<TableIndex> | undefined;
  /** The open file, while it is open. */
  descriptor: Promise<number> | undefined;
  /** How many reads of the file are under way. */
  readings: number;
}

/** The data block that may hold a key, and the index of the key in the list of keys that were asked for. */
interface Wanted {
  readonly file: number;
  readonly place: BlockPlace;
  /** Index of the key in the list of keys. */
  readonly item: number;
}

/** Takes a value, and the index of its key in the list of keys. */
type Visit = (value: Uint8Array | undefined, item: number) => void;

/** Memory into which bytes of files are read. */
interface ReadMemory {
  /** Memory for `length` bytes. */
  take(length: number): Uint8Array;
  /** Takes memory back, once nobody uses its bytes any more. */
  give(bytes: Uint8Array): void;
}

/** Memory that is used once. */
const NEW_MEMORY: ReadMemory = { take: length => Buffer.allocUnsafeSlow(length), give: () => undefined };

/** Memory that later reads use again, since the system clears new memory before it is used. */
class ReusedMemory implements ReadMemory {
  private readonly free: ArrayBuffer[] = [];

  take(length: number): Uint8Array {
    if (length > READ_BYTES) return new Uint8Array(length);
    return new Uint8Array(this.free.pop() ?? new ArrayBuffer(READ_BYTES), 0, length);
  }

  give({ buffer }: Uint8Array): void {
    if (buffer.byteLength === READ_BYTES) this.free.push(buffer as ArrayBuffer);
  }
}

/**
 * Reads the values of a generation from its table files, without LevelDB: opening LevelDB takes longer than scoring a sentence, and its
 * reads copy every value twice. The files never change, their ranges of keys do not overlap, and their indexes are compared with the
 * pointer file. The data are not compared here, because each value has a checksum of its own.
 */
export class TableStore implements ModelStore {
  readonly name: string;
  /** The files in the order of their keys. */
  private readonly files: readonly File[];
  /** The file descriptors that are open. */
  private readonly descriptors = new Set<number>();
  /** The numbers of the files that are open, in the order of their last use. */
  private readonly opened = new Set<number>();
  /** The numbers of the files whose index is in memory, in the order of their last use. */
  private readonly indexed = new Set<number>();
  private readonly memory = new ReusedMemory();

  /** @throws KNESER_DAMAGED for files whose ranges of keys overlap. */
  constructor(readonly shared: SharedTables) {
    dropped.register(this, this.descriptors);
    const { folder, files, shown } = shared;
    this.name = shared.name;
    const bytesOf = (key: string): Uint8Array => Buffer.from(key, 'hex');
    this.files = files
      .flatMap(({ name: file, bytes, table }) =>
        table
          ? [{ path: join(folder, file), bytes, table, first: bytesOf(table.first), last: bytesOf(table.last) }]
          : [],
      )
      .map(file => ({ ...file, index: undefined, descriptor: undefined, readings: 0 }))
      .sort((a, b) => compareBytes(a.first, b.first));
    const overlaps = this.files.some(({ first }, i) => i > 0 && compareBytes(this.files[i - 1].last, first) >= 0);
    if (overlaps) throw new KneserError('KNESER_DAMAGED', `${shown}: the ranges of keys of two table files overlap`);
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return (await this.getMany([key]))[0];
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const values = new Array<Uint8Array | undefined>(keys.length);
    await this.visit(keys, NEW_MEMORY, (value, item) => (values[item] = value));
    return values;
  }

  visitMany(keys: readonly Uint8Array[], act: Visit): Promise<void> {
    return this.visit(keys, this.memory, act);
  }

  /** Calls `act` with the value of each key. @param memory for the bytes that are read. */
  private async visit(keys: readonly Uint8Array[], memory: ReadMemory, act: Visit): Promise<void> {
    const numbers = keys.map(key => this.fileOf(key));
    const indexes = new Map<number, TableIndex>();
    for (const number of new Set(numbers)) if (number >= 0) indexes.set(number, await this.indexOf(number));
    const wanted: Wanted[] = [];
    keys.forEach((key, item) => {
      const file = numbers[item];
      const index = indexes.get(file);
      const block = index ? index.find(key) : 0;
      if (index && block < index.length) wanted.push({ file, place: index.place(block), item });
      else act(undefined, item);
    });
    await Promise.all(
      runsOf(wanted).map(async run => {
        const [{ file, place: first }] = run;
        const last = run[run.length - 1].place;
        const bytes = memory.take(last.offset + last.length - first.offset);
        await this.read(file, first.offset, bytes);
        for (const { item, place } of run) {
          const from = place.offset - first.offset;
          const block = bytes.subarray(from, from + place.length);
          act(
            this.decode(file, keys[item], () => valueInBlock(block, keys[item])),
            item,
          );
        }
        memory.give(bytes);
      }),
    );
  }

  async *entries(): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    for (let number = 0; number < this.files.length; number++) {
      const index = await this.indexOf(number);
      const places = Array.from({ length: index.length }, (_, block) => index.place(block));
      const endOf = ({ offset, length }: BlockPlace): number => offset + length;
      for (let from = 0, to = from; from < places.length; from = to) {
        const start = places[from].offset;
        do to++;
        while (to < places.length && endOf(places[to]) - start <= READ_BYTES);
        const bytes = await this.readNew(number, start, endOf(places[to - 1]));
        for (const place of places.slice(from, to)) {
          const blockBytes = bytes.subarray(place.offset - start, endOf(place) - start);
          yield* this.decode(number, undefined, () => [...blockEntries(blockBytes)]);
        }
      }
    }
  }

  async close(): Promise<void> {
    for (const file of this.files) await this.closeFile(file);
  }

  /** The number of the file whose range holds a key; −1 if there is none. */
  private fileOf(key: Uint8Array): number {
    let low = 0;
    let high = this.files.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.files[middle].last, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low < this.files.length && compareBytes(this.files[low].first, key) <= 0 ? low : -1;
  }

  /** The index of a file, which is read if it is not in memory. @throws KNESER_DAMAGED */
  private indexOf(number: number): Promise<TableIndex> {
    const file = this.files[number];
    file.index ??= this.readNew(number, file.table.indexFrom, file.bytes).then(bytes =>
      this.decode(number, undefined, () => decodeTableIndex(bytes, file.table)),
    );
    const { index } = file;
    index.catch(() => (file.index = undefined));
    use(this.indexed, number);
    for (const oldest of this.indexed) {
      if (this.indexed.size <= KEPT_INDEXES) break;
      this.files[oldest].index = undefined;
      this.indexed.delete(oldest);
    }
    return index;
  }

  /** Bytes `[from, to)` of a file, in memory of their own. */
  private async readNew(number: number, from: number, to: number): Promise<Uint8Array> {
    const bytes = NEW_MEMORY.take(to - from);
    await this.read(number, from, bytes);
    return bytes;
  }

  /** Fills `bytes` with the bytes of a file from byte `from` on. */
  private async read(number: number, from: number, bytes: Uint8Array): Promise<void> {
    const file = this.files[number];
    file.readings++;
    try {
      file.descriptor ??= openAsync(file.path, 'r').then(descriptor => {
        this.descriptors.add(descriptor);
        return descriptor;
      });
      use(this.opened, number);
      const descriptor = await file.descriptor;
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await readAsync(descriptor, bytes, at, bytes.length - at, from + at);
        if (bytesRead === 0) throw this.damaged(number, undefined, 'cut short');
        at += bytesRead;
      }
    } catch (error) {
      if (error instanceof KneserError) throw error;
      if ((await file.descriptor?.catch(() => undefined)) === undefined) file.descriptor = undefined;
      throw readError(this.shownPath(number), error);
    } finally {
      file.readings--;
      await this.closeOldest();
    }
  }

  /** Closes files that were not used for the longest time, until few enough are open. */
  private async closeOldest(): Promise<void> {
    for (const number of this.opened) {
      if (this.opened.size <= OPEN_FILES) break;
      const file = this.files[number];
      if (file.readings > 0) continue;
      this.opened.delete(number);
      await this.closeFile(file);
    }
  }

  private async closeFile(file: File): Promise<void> {
    const opening = file.descriptor;
    file.descriptor = undefined;
    const descriptor = await opening?.catch(() => undefined);
    if (descriptor !== undefined && this.descriptors.delete(descriptor)) await closeAsync(descriptor);
  }

  /** Runs a decoder of bytes of a file. @throws KNESER_DAMAGED */
  private decode<T>(number: number, key: Uint8Array | undefined, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof BlockDamage) throw this.damaged(number, key, error.message);
      throw error;
    }
  }

  private damaged(number: number, key: Uint8Array | undefined, reason: string): KneserError {
    const part = key ? `${describeKey(key)}: ` : '';
    return new KneserError('KNESER_DAMAGED', `${this.shownPath(number)}: ${part}${reason}; the model is damaged`);
  }

  private shownPath(number: number): string {
    return join(this.shared.shown, basename(this.files[number].path));
  }
}

/** Groups data blocks that are near each other in a file, so that one read brings a whole group. */
function runsOf(wanted: Wanted[]): Wanted[][] {
  wanted.sort((a, b) => a.file - b.file || a.place.offset - b.place.offset);
  const runs: Wanted[][] = [];
  let run: Wanted[] = [];
  for (const next of wanted) {
    const { offset, length } = next.place;
    const first = run.at(0)?.place;
    const last = run.at(-1)?.place;
    const joins =
      first &&
      last &&
      run[0].file === next.file &&
      offset <= last.offset + last.length + GAP_BYTES &&
      offset + length - first.offset <= READ_BYTES;
    if (!joins) runs.push((run = []));
    run.push(next);
  }
  return runs;
}

/** Moves a number to the end of a set, which is in the order of last use. */
function use(set: Set<number>, number: number): void {
  set.delete(number);
  set.add(number);
}
