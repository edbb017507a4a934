import { open, stat } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { HEAD_BYTES, kindOf, type FileKind } from '../file-kinds.js';

/** Whether a path leads to a regular file, rather than to a pipe or a folder or to nothing. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    stats => stats.isFile(),
    () => false,
  );
}

/** The first {@link HEAD_BYTES} bytes of a file; no bytes for a pipe and for a file that cannot be read. */
export async function readHead(path: string): Promise<Uint8Array> {
  if (!(await isFile(path))) return new Uint8Array(0);
  const file = await open(path).catch(() => undefined);
  try {
    const read = await file?.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, null).catch(() => undefined);
    return read ? read.buffer.subarray(0, read.bytesRead) : new Uint8Array(0);
  } finally {
    await file?.close();
  }
}

/** The kind of a file or, for a gzip file with content of a known kind, of its content. `undefined` for text, unknown bytes, pipes and folders. */
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
