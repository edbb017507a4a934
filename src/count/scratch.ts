/** A temporary file, which is read and written at any position. */
export interface ScratchFile {
  /** Fills `into` from a position on. @returns how many bytes were read; 0 at the end. */
  read(into: Uint8Array, position: number): number;
  /** Writes all of `data`. */
  write(data: ArrayBufferView, position: number): void;
  close(): void;
}

/** Temporary files, for what does not fit in memory. */
export interface Scratch {
  /** A new file. */
  create(path: string): ScratchFile;
  /** One that was created, maybe by another thread, for reading. */
  open(path: string): ScratchFile;
}
