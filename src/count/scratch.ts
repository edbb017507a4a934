/** A temporary file that can be read and written at any position [bytes]. */
export interface ScratchFile {
  /** Reads bytes from `position` on, at most as many as `into` has room for. @returns how many bytes were read; 0 at the end of the file. */
  read(into: Uint8Array, position: number): number;
  /** Writes all of `data` from `position` on. */
  write(data: ArrayBufferView, position: number): void;
  close(): void;
}

/** Creates and opens temporary files, for data that does not fit into memory. */
export interface Scratch {
  /** Creates a file for reading and writing. */
  create(path: string): ScratchFile;
  /** Opens, for reading, a file that this or another thread created. */
  open(path: string): ScratchFile;
}
