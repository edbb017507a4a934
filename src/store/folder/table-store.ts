import { close, closeSync, open, read } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { compareBytes } from '../../base/bytes.js';
import { KneserError, readError } from '../../base/errors.js';
import { BlockDamage } from '../../base/sealed.js';
import { describeKey } from '../keys.js';
import type { ModelStore, SharedTables, TableFile } from '../store.js';
import { blockEntries, decodeTableIndex, valueInBlock, type BlockLocation, type TableIndex } from './table-file.js';
import type { View } from './view.js';

/** The most table files that are open at the same time, except during reads that need more. */
const OPEN_FILES = 64;
/** The most table files whose index is in memory [about 10 kB each]. */
const KEPT_INDEXES = 4096;
/** Two data blocks are read in one read if at most this many bytes are between them. */
const GAP_BYTES = 16 << 10;
/** The most bytes of one read. */
const READ_BYTES = 1 << 20;

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
  /** The length of the file [bytes]. */
  readonly bytes: number;
  readonly table: TableFile;
  /** The first key. */
  readonly first: Uint8Array;
  /** The last key. */
  readonly last: Uint8Array;
  /** The decoded index, while it is in memory. */
  index: Promise<TableIndex> | undefined;
  /** The open file, while it is open. */
  descriptor: Promise<number> | undefined;
  /** How many reads of the file are under way. */
  readings: number;
}

/** A data block that may have the value of a key. */
interface Wanted {
  /** Index of the table file in {@link TableStore.files}. */
  readonly file: number;
  readonly place: BlockLocation;
  /** Index of the key in the list of keys that the caller gave. */
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
const NEW_MEMORY: ReadMemory = {
  // No Buffer, because the functions that read the bytes get Uint8Arrays else, and V8 compiles them for one kind of array.
  take: length => new Uint8Array(Buffer.allocUnsafeSlow(length).buffer),
  give: () => undefined,
};

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
 * reads copy every value twice. The files never change, and their ranges of keys do not overlap. The index of each file is compared with
 * its digest in the pointer file; data blocks have no digest there, because each value begins with a checksum.
 */
export class TableStore implements ModelStore {
  readonly name: string;
  /** The files in the order of their keys. */
  private readonly files: readonly File[];
  /** The file descriptors that are open. */
  private readonly descriptors = new Set<number>();
  /** The open files, as indices into `files`, least recently used first. */
  private readonly opened = new Set<number>();
  /** The files whose index is in memory, as indices into `files`, least recently used first. */
  private readonly indexed = new Set<number>();
  private readonly memory = new ReusedMemory();

  /**
   * @param view the view with the files, which is removed when the store is closed; `undefined` if the files belong to another store.
   * @throws KNESER_DAMAGED for files whose ranges of keys overlap.
   */
  constructor(
    readonly shared: SharedTables,
    private readonly view?: View,
  ) {
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

  readonly get: ModelStore['get'] = async key => (await this.getMany([key]))[0];

  readonly getMany: ModelStore['getMany'] = async keys => {
    const values = new Array<Uint8Array | undefined>(keys.length);
    await this.visit(keys, NEW_MEMORY, (value, item) => (values[item] = value));
    return values;
  };

  readonly visitMany: ModelStore['visitMany'] = (keys, act) => this.visit(keys, this.memory, act);

  /** Calls `act` with the value of each key. @param memory for the bytes that are read. */
  private async visit(keys: readonly Uint8Array[], memory: ReadMemory, act: Visit): Promise<void> {
    let near = -1;
    const filesOfKeys = keys.map(key => (near = this.fileOf(key, near)));
    const indexes = new Map<number, TableIndex>();
    for (const file of new Set(filesOfKeys)) if (file >= 0) indexes.set(file, await this.indexOf(file));
    const wanted: Wanted[] = [];
    let block = 0;
    keys.forEach((key, item) => {
      const file = filesOfKeys[item];
      const index = indexes.get(file);
      if (index) block = index.find(key, block);
      if (index && block < index.length) wanted.push({ file, place: index.locate(block), item });
      else act(undefined, item);
    });
    await Promise.all(
      groupNeighbours(wanted).map(async group => {
        const [{ file, place: first }] = group;
        const last = group[group.length - 1].place;
        const bytes = memory.take(last.offset + last.length - first.offset);
        await this.read(file, first.offset, bytes);
        for (const { item, place } of group) {
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

  readonly entries: ModelStore['entries'] = () => this.readAll();

  private async *readAll(): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    for (let file = 0; file < this.files.length; file++) {
      const index = await this.indexOf(file);
      const blocks = Array.from({ length: index.length }, (_, block) => index.locate(block));
      const endOf = ({ offset, length }: BlockLocation): number => offset + length;
      for (let from = 0, to = from; from < blocks.length; from = to) {
        const start = blocks[from].offset;
        do to++;
        while (to < blocks.length && endOf(blocks[to]) - start <= READ_BYTES);
        const bytes = await this.readNew(file, start, endOf(blocks[to - 1]));
        for (const block of blocks.slice(from, to)) {
          const blockBytes = bytes.subarray(block.offset - start, endOf(block) - start);
          yield* this.decode(file, undefined, () => [...blockEntries(blockBytes)]);
        }
      }
    }
  }

  readonly close: ModelStore['close'] = async () => {
    for (const file of this.files) await this.closeFile(file);
    await this.view?.remove();
  };

  /** The index in `files` of the file whose range of keys includes `key`; −1 if there is none. @param near index of the first file to try. */
  private fileOf(key: Uint8Array, near: number): number {
    if (near >= 0 && this.hasInRange(near, key)) return near;
    let low = 0;
    let high = this.files.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.files[middle].last, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low < this.files.length && this.hasInRange(low, key) ? low : -1;
  }

  /** Whether the range of keys of a file includes `key`. @param at index into `files`. */
  private hasInRange(at: number, key: Uint8Array): boolean {
    const { first, last } = this.files[at];
    return compareBytes(first, key) <= 0 && compareBytes(key, last) <= 0;
  }

  /** The table index of a file, which is read if it is not in memory. @param at index into `files`. @throws KNESER_DAMAGED */
  private indexOf(at: number): Promise<TableIndex> {
    const file = this.files[at];
    file.index ??= this.readNew(at, file.table.indexFrom, file.bytes).then(bytes =>
      this.decode(at, undefined, () => decodeTableIndex(bytes, file.table)),
    );
    const { index } = file;
    index.catch(() => (file.index = undefined));
    moveToEnd(this.indexed, at);
    for (const oldest of this.indexed) {
      if (this.indexed.size <= KEPT_INDEXES) break;
      this.files[oldest].index = undefined;
      this.indexed.delete(oldest);
    }
    return index;
  }

  /** Bytes `[from, to)` of a file, in memory of their own. */
  private async readNew(at: number, from: number, to: number): Promise<Uint8Array> {
    const bytes = NEW_MEMORY.take(to - from);
    await this.read(at, from, bytes);
    return bytes;
  }

  /** Fills `bytes` with the bytes of a file from byte `from` on. */
  private async read(at: number, from: number, bytes: Uint8Array): Promise<void> {
    const file = this.files[at];
    file.readings++;
    try {
      file.descriptor ??= openAsync(file.path, 'r').then(descriptor => {
        this.descriptors.add(descriptor);
        return descriptor;
      });
      moveToEnd(this.opened, at);
      const descriptor = await file.descriptor;
      for (let filled = 0; filled < bytes.length;) {
        const { bytesRead } = await readAsync(descriptor, bytes, filled, bytes.length - filled, from + filled);
        if (bytesRead === 0) throw this.damaged(at, undefined, 'cut short');
        filled += bytesRead;
      }
    } catch (error) {
      if (error instanceof KneserError) throw error;
      if ((await file.descriptor?.catch(() => undefined)) === undefined) file.descriptor = undefined;
      throw readError(this.shownPath(at), error);
    } finally {
      file.readings--;
      await this.closeOldest();
    }
  }

  /** Closes the least recently used files until at most {@link OPEN_FILES} are open. Files that are being read stay open. */
  private async closeOldest(): Promise<void> {
    for (const at of this.opened) {
      if (this.opened.size <= OPEN_FILES) break;
      const file = this.files[at];
      if (file.readings > 0) continue;
      this.opened.delete(at);
      await this.closeFile(file);
    }
  }

  private async closeFile(file: File): Promise<void> {
    const opening = file.descriptor;
    file.descriptor = undefined;
    const descriptor = await opening?.catch(() => undefined);
    if (descriptor !== undefined && this.descriptors.delete(descriptor)) await closeAsync(descriptor);
  }

  /**
   * Calls `act`, which decodes bytes of a file.
   *
   * @param at index of the file in `files`.
   * @param key the key whose value is decoded, for the message.
   * @throws KNESER_DAMAGED if `act` throws a BlockDamage.
   */
  private decode<T>(at: number, key: Uint8Array | undefined, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof BlockDamage) throw this.damaged(at, key, error.message);
      throw error;
    }
  }

  private damaged(at: number, key: Uint8Array | undefined, reason: string): KneserError {
    const part = key ? `${describeKey(key)}: ` : '';
    return new KneserError('KNESER_DAMAGED', `${this.shownPath(at)}: ${part}${reason}; the model is damaged`);
  }

  /** The path of a file in messages. @param at index of the file in `files`. */
  private shownPath(at: number): string {
    return join(this.shared.shown, basename(this.files[at].path));
  }
}

/** Groups data blocks that are near each other in a file, so that one read brings a whole group. */
function groupNeighbours(wanted: Wanted[]): Wanted[][] {
  wanted.sort((a, b) => a.file - b.file || a.place.offset - b.place.offset);
  const groups: Wanted[][] = [];
  let group: Wanted[] = [];
  for (const next of wanted) {
    const { offset, length } = next.place;
    const first = group.at(0)?.place;
    const last = group.at(-1)?.place;
    const joins =
      first &&
      last &&
      group[0].file === next.file &&
      offset <= last.offset + last.length + GAP_BYTES &&
      offset + length - first.offset <= READ_BYTES;
    if (!joins) groups.push((group = []));
    group.push(next);
  }
  return groups;
}

/** Moves an item to the end of a set, or adds it there. The items of the set are in the order of their last use. */
function moveToEnd(set: Set<number>, item: number): void {
  set.delete(item);
  set.add(item);
}
