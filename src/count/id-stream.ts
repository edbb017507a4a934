import { KneserError, writeError } from '../base/errors.js';
import type { Scratch, ScratchFile } from './scratch.js';

const SLAB = 1 << 18;

/**
 * A long sequence of numbers, appended one at a time and read back in order: in memory up to a bound, then in a
 * temporary file.
 */
export class IdStream {
  private slab = new Uint32Array(SLAB);
  private fill = 0;
  private slabs: Uint32Array[] = [];
  private file: ScratchFile | undefined;
  private slabsOnDisk = 0;

  /**
   * @param memory bytes that may stay in memory; the rest goes to the file `path`, made when it is needed.
   * @param scratch where that file is made; if nowhere, more numbers are refused.
   */
  constructor(
    readonly path: string,
    private readonly memory: number,
    private readonly scratch?: Scratch | undefined,
  ) {}

  /** How many numbers it has. */
  get length(): number {
    return SLAB * (this.slabsOnDisk + this.slabs.length) + this.fill;
  }

  push(id: number): void {
    this.slab[this.fill++] = id;
    if (this.fill === SLAB) this.turn();
  }

  /** The numbers, in pieces. A piece is valid until the next one; with `consume` its memory is freed then. */
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

  /** What the file does not hold: bytes, and where in it they belong. Nothing may be added from then on. */
  inMemory(): { position: number; pieces: readonly Uint8Array[] } {
    const slabs = [...this.slabs, this.slab.subarray(0, this.fill)];
    const pieces = slabs.map(slab => new Uint8Array(slab.buffer, 0, slab.byteLength));
    return { position: this.slabsOnDisk * SLAB * 4, pieces };
  }

  /** Takes so many numbers that a file holds. */
  restore(file: ScratchFile, length: number): void {
    this.file = file;
    this.slabsOnDisk = Math.floor(length / SLAB);
    this.fill = length - this.slabsOnDisk * SLAB;
    file.read(new Uint8Array(this.slab.buffer, 0, 4 * this.fill), this.slabsOnDisk * SLAB * 4);
  }

  close(): void {
    this.file?.close();
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

/** Refuses a text that does not fit in memory where nothing can be put elsewhere. */
export function tooLarge(cause?: unknown): KneserError {
  return new KneserError(
    'KNESER_LIMIT',
    'the text is too large to be counted in memory, and there is no disk here to sort on; allow more memory, or take less text',
    { cause },
  );
}
