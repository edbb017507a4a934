import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { Scratch, ScratchFile } from './scratch.js';

/** Temporary files on the disk. */
export const scratchFiles: Scratch = {
  create: path => new DiskFile(openSync(path, 'w+')),
  open: path => new DiskFile(openSync(path, 'r')),
};

class DiskFile implements ScratchFile {
  constructor(private readonly file: number) {}

  read(into: Uint8Array, position: number): number {
    return readSync(this.file, into, 0, into.length, position);
  }

  /** Writes in as many calls as the system needs. */
  write(data: ArrayBufferView, position: number): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length;) at += writeSync(this.file, bytes, at, bytes.length - at, position + at);
  }

  close(): void {
    closeSync(this.file);
  }
}
