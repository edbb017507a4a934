/** A temporary file that can be read and written at any position [bytes]. */
export interface ScratchFile {
  /** Reads bytes from a position on, as many as `into` has room for. @returns how many were read; 0 at the end of the file. */
  read(into: Uint8Array, position: number): number;
  /** Writes all of `data`. */
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
