import type { FileHandle } from 'node:fs/promises';

/** Bytes written between two waits for the disk. A wait cannot be interrupted; after this many bytes it is short. */
const SYNC_BYTES = 32 << 20;

/**
 * Writes pieces of bytes one after the other, and waits until the disk has them.
 *
 * @param position the offset in the file at which the first piece begins [bytes].
 * @param check called between writes; stops by throwing.
 */
export async function writeAll(
  file: FileHandle,
  pieces: Iterable<Uint8Array>,
  position: number,
  check: () => void,
): Promise<void> {
  let waiting = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const { bytesWritten } = await file.write(piece, at, piece.length - at, position);
      at += bytesWritten;
      position += bytesWritten;
      waiting += bytesWritten;
    }
    check();
    if (waiting < SYNC_BYTES) continue;
    await file.datasync();
    waiting = 0;
  }
  await file.sync();
}
