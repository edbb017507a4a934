import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { KneserError, writeError } from '../errors.js';
import { writeAll } from '../resume/files.js';

const SLAB = 1 << 18;

/**
 * A long sequence of numbers, appended one at a time and read back in order: in memory up to a bound, then in a
 * temporary file.
 */
export class IdStream {
  private slab = new Uint32Array(SLAB);
  private fill = 0;
  private slabs: Uint32Array[] = [];
  private file: number | undefined;
  private slabsOnDisk = 0;

  /** @param memory bytes that may stay in memory; the rest goes to the file `path`, made when it is needed. */
  constructor(
    private readonly path: string,
    private readonly memory: number,
  ) {}

  /** The name of its file. */
  get name(): string {
    return basename(this.path);
  }

  push(id: number): void {
    this.slab[this.fill++] = id;
    if (this.fill === SLAB) this.turn();
  }

  /** The numbers, in pieces. A piece is valid until the next one; with `consume` its memory is freed then. */
  *pieces(consume = false): Generator<Uint32Array> {
    if (this.file !== undefined) {
      const piece = new Uint32Array(SLAB);
      for (let i = 0; i < this.slabsOnDisk; i++) {
        readFully(this.file, piece, i * piece.byteLength);
        yield piece;
      }
    }
    for (let i = 0; i < this.slabs.length; i++) {
      yield this.slabs[i];
      if (consume) this.slabs[i] = new Uint32Array(0);
    }
    yield this.slab.subarray(0, this.fill);
  }

  /**
   * Puts all numbers into the file, and waits until the disk has them. They may be read meanwhile, not added to.
   *
   * @param check called between writes; stops by throwing.
   */
  async save(check: () => void): Promise<void> {
    const last = this.slab.subarray(0, this.fill);
    const pieces = [...this.slabs, last].map(slab => new Uint8Array(slab.buffer, 0, slab.byteLength));
    const position = this.slabsOnDisk * SLAB * 4;
    const file = await open(this.path, this.file === undefined ? 'w' : 'r+');
    try {
      await writeAll(file, pieces, position, check);
    } finally {
      await file.close();
    }
  }

  /** Takes the numbers that were saved. */
  restore(): void {
    this.file = openSync(this.path, 'r');
    const { size } = fstatSync(this.file);
    this.slabsOnDisk = Math.floor(size / (4 * SLAB));
    this.fill = size / 4 - this.slabsOnDisk * SLAB;
    readFully(this.file, this.slab.subarray(0, this.fill), this.slabsOnDisk * SLAB * 4);
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
    this.slabs = [];
  }

  private turn(): void {
    this.fill = 0;
    this.slabs.push(this.slab);
    if (this.slabs.length * SLAB * 4 <= this.memory) {
      this.slab = new Uint32Array(SLAB);
      return;
    }
    try {
      this.file ??= openSync(this.path, 'w+');
      for (const slab of this.slabs) writeFully(this.file, slab, this.slabsOnDisk++ * slab.byteLength);
    } catch (error) {
      throw writeError(this.path, error);
    }
    this.slabs = [];
  }
}

/** Writes all of an array's bytes at a position of a file, however many calls that takes. */
export function writeFully(file: number, data: ArrayBufferView, position: number): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, position + at);
}

function readFully(file: number, data: Uint32Array, position: number): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < bytes.length;) {
    const read = readSync(file, bytes, at, bytes.length - at, position + at);
    if (read === 0) throw new KneserError('KNESER_IO', 'a temporary file of word numbers was cut short');
    at += read;
  }
}
