import type { FileHandle } from 'node:fs/promises';

/** Bytes read from the disk at a time. */
const WINDOW_BYTES = 1 << 20;

/** A file that is read mostly in order. One window of the file, of at least 1 MB where the file has it, is in memory. */
export class FileWindow {
  /** The window. */
  private bytes = new Uint8Array(0);
  /** The window's offset in the file, in bytes. */
  private start = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
  ) {}

  /** Bytes `[from, to)` of the file, valid until the next call. @throws Error beyond the file's end */
  async view(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!(from >= 0 && from <= to && to <= this.size)) throw new Error('it refers to bytes beyond its end');
    if (from < this.start || to > this.start + this.bytes.length) {
      const length = Math.min(Math.max(to - from, WINDOW_BYTES), this.size - from);
      const bytes = this.bytes.length === length ? this.bytes : new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await this.file.read(bytes, filled, length - filled, from + filled);
        if (bytesRead === 0) throw new Error('it became shorter while it was read');
        filled += bytesRead;
      }
      this.bytes = bytes;
      this.start = from;
    }
    return this.bytes.subarray(from - this.start, to - this.start);
  }

  /** Bytes `[from, to)` of the file, in a new buffer. */
  async copy(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.view(from, to)).slice();
  }
}
