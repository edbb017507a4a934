import { open, stat } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { HEAD_BYTES, kindOf, type FileKind } from '../file-kinds.js';

/** Whether a path leads to a file with an end, rather than a pipe or a folder. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    stats => stats.isFile(),
    () => false,
  );
}

/** The first bytes of a file, at most {@link HEAD_BYTES}; none of a pipe, and of a file that cannot be read. */
export async function readHead(path: string): Promise<Uint8Array> {
  if (!(await isFile(path))) return new Uint8Array(0);
  const file = await open(path).catch(() => undefined);
  try {
    const read = await file?.read(new Uint8Array(HEAD_BYTES)).catch(() => undefined);
    return read ? read.buffer.subarray(0, read.bytesRead) : new Uint8Array(0);
  } finally {
    await file?.close();
  }
}

/** The kind of a file; for a gzip file, the kind of its content. `undefined` for text, unknown bytes, pipes and folders. */
export async function kindOfFile(path: string): Promise<FileKind | undefined> {
  const head = await readHead(path);
  const kind = kindOf(head);
  if (kind?.name !== 'gzip') return kind;
  try {
    return kindOf(gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH })) ?? kind;
  } catch {
    return kind;
  }
}
