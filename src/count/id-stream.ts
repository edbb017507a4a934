import { KneserError, writeError } from '../base/errors.js';
import { grown } from '../base/grown.js';
import type { Scratch, ScratchFile } from './scratch.js';

/** Length of a full slab [32-bit numbers; 1 MiB]: memory is allocated, and the file is written, one slab at a time. */
const SLAB = 1 << 18;
/** The first slab begins with this length [32-bit numbers] and grows to a full slab, so that a short text takes little memory. */
const FIRST_SLAB = 1 << 10;

/**
 * A long sequence of 32-bit numbers, appended one at a time and read back in the same sequence. Numbers that do not fit into the memory
 * allowed go to a temporary file.
 *
 *     file: slab 0 … slab k−1 │ memory: slab k … slab n−1 │ slab n, which is filled next
 */
export class IdStream {
  /** The slab that is filled at present. */
  private slab = new Uint32Array(FIRST_SLAB);
  /** How many entries of `slab` are in use. */
  private fill = 0;
  /** The full slabs in memory. */
  private slabs: Uint32Array[] = [];
  private file: ScratchFile | undefined;
  private slabsOnDisk = 0;

  /**
   * @param path the file for numbers that do not fit into memory; it is created when it is first needed.
   * @param memory how much memory full slabs may take [bytes]; when they take more, they are written to the file.
   * @param scratch creates the file; without it, more numbers than `memory` allows are refused with KNESER_LIMIT.
   */
  constructor(
    readonly path: string,
    private readonly memory: number,
    private readonly scratch?: Scratch | undefined,
  ) {}

  /** How many numbers were appended. */
  get length(): number {
    return SLAB * (this.slabsOnDisk + this.slabs.length) + this.fill;
  }

  push(id: number): void {
    this.slab[this.fill++] = id;
    if (this.fill === this.slab.length) this.makeRoom();
  }

  /**
   * Yields all numbers, in pieces. A piece is valid until the next one is asked for.
   *
   * @param consume whether the memory of each piece is then freed, so that the stream cannot be read again.
   */
  *pieces(consume = false): Generator<Uint32Array> {
    if (this.file !== undefined) {
      const piece = new Uint32Array(SLAB);
      const bytes = new Uint8Array(piece.buffer);
      for (let i = 0; i < this.slabsOnDisk; i++) {
        this.file.read(bytes, i * bytes.length);
        yield piece;
      }
    }
    for (let i = 0; i < this.slabs.length; i++) {
      yield this.slabs[i];
      if (consume) this.slabs[i] = new Uint32Array(0);
    }
    yield this.slab.subarray(0, this.fill);
  }

  /** The numbers that are not in the file, as bytes, and the position in the file where they belong [bytes]. No number may be appended afterwards. */
  inMemory(): { position: number; pieces: readonly Uint8Array[] } {
    const slabs = [...this.slabs, this.slab.subarray(0, this.fill)];
    const pieces = slabs.map(slab => new Uint8Array(slab.buffer, 0, slab.byteLength));
    return { position: this.slabsOnDisk * SLAB * 4, pieces };
  }

  /** Becomes the sequence of the first `length` numbers of a file. */
  restore(file: ScratchFile, length: number): void {
    this.file = file;
    this.slabsOnDisk = Math.floor(length / SLAB);
    this.fill = length - this.slabsOnDisk * SLAB;
    this.slab = new Uint32Array(SLAB);
    file.read(new Uint8Array(this.slab.buffer, 0, 4 * this.fill), this.slabsOnDisk * SLAB * 4);
  }

  close(): void {
    this.file?.close();
    this.file = undefined;
    this.slabs = [];
  }

  /** Makes room: enlarges the first slab, or begins the next slab. Writes all full slabs to the file if they take more than the memory allowed. */
  private makeRoom(): void {
    if (this.slab.length < SLAB) {
      this.slab = grown(this.slab, 4 * this.slab.length);
      return;
    }
    this.fill = 0;
    this.slabs.push(this.slab);
    if (this.slabs.length * SLAB * 4 <= this.memory) {
      this.slab = new Uint32Array(SLAB);
      return;
    }
    if (!this.scratch) throw tooLarge();
    try {
      this.file ??= this.scratch.create(this.path);
      for (const slab of this.slabs) this.file.write(slab, this.slabsOnDisk++ * slab.byteLength);
    } catch (error) {
      throw writeError(this.path, error);
    }
    this.slabs = [];
  }
}

/** The error for a text that does not fit into memory, where there is no disk. */
export function tooLarge(cause?: unknown): KneserError {
  return new KneserError(
    'KNESER_LIMIT',
    'the text is too large to be counted in memory, and there is no disk here to sort on; raise memory, or train on less text',
    { cause },
  );
}
