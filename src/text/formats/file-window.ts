import type { FileHandle } from 'node:fs/promises';

/** The least that is read from the disk at a time [bytes]. */
const WINDOW_BYTES = 1 << 20;

/** A file that is read mostly in order. One window is in memory: 1 MB, or longer for a longer request, cut off at the file's end. */
export class FileWindow {
  /** The window. */
  private bytes = new Uint8Array(0);
  /** The window's offset in the file, in bytes. */
  private start = 0;
  /** Settles when the last copy was made. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
  ) {}

  /** Bytes `[from, to)` of the file, valid until the next call, which must not begin before this one ends. @throws Error beyond the file's end */
  async view(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!(from >= 0 && from <= to && to <= this.size))
      throw new Error(`the file refers to bytes up to ${to}, but has only ${this.size}`);
    if (from < this.start || to > this.start + this.bytes.length) {
      const length = Math.min(Math.max(to - from, WINDOW_BYTES), this.size - from);
      const bytes = this.bytes.length === length ? this.bytes : new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await this.file.read(bytes, filled, length - filled, from + filled);
        if (bytesRead === 0) throw new Error('the file became shorter while it was read');
        filled += bytesRead;
      }
      this.bytes = bytes;
      this.start = from;
    }
    return this.bytes.subarray(from - this.start, to - this.start);
  }

  /** Bytes `[from, to)` of the file, in a new buffer. Calls may overlap: hyparquet asks for all columns of a row group at once. */
  copy(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    const copied = this.turn.then(async () => (await this.view(from, to)).slice());
    // The error goes to the caller of this copy; the next copy reads on.
    this.turn = copied.catch(() => undefined);
    return copied;
  }
}
