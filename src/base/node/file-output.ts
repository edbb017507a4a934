import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/** Whether a descriptor is of a regular file. */
export function isRegularFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

/**
 * Writes to an open file until the file has taken all bytes. The stream that Node makes for a file as standard output makes one system call for
 * each chunk: on a disk that becomes full the call takes some of the bytes, and the others are lost without an error.
 *
 * @param writeSome makes one call and returns how many bytes the file took, as `fs.writeSync`.
 */
export class FileOutput extends Writable {
  constructor(
    private readonly descriptor: number,
    private readonly writeSome: (descriptor: number, bytes: Uint8Array, from: number) => number = writeSync,
  ) {
    super();
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      for (let at = 0; at < bytes.length;) at += this.writeSome(this.descriptor, bytes, at);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  }
}
