import { read } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { KneserError, systemCode } from '../../base/errors.js';
import { isPacked, MAGIC } from './format.js';
import { cutShort, type ByteSource } from './source.js';

const readAt = promisify(read);

/**
 * Opens the file at a path if it is a packed model, which begins with {@link MAGIC}.
 *
 * @returns `undefined` for a folder or another file, and if there is nothing at the path
 * @throws KNESER_INPUT_UNREADABLE for a file that cannot be opened; reading throws KNESER_IO
 */
export async function openPackedFile(path: string): Promise<ByteSource | undefined> {
  const file = await open(path).catch(async (error: unknown) => {
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) return undefined;
    const code = systemCode(error) ?? String(error);
    throw new KneserError('KNESER_INPUT_UNREADABLE', `${path}: cannot be read (${code})`, { cause: error });
  });
  if (!file) return undefined;
  const read = readerOf(file.fd, path);
  try {
    const stats = await file.stat();
    if (stats.isFile() && isPacked(await read(0, Math.min(stats.size, MAGIC.length)))) {
      return { name: path, size: stats.size, read, close: () => file.close(), descriptor: file.fd };
    }
  } catch {
    // The caller tries the path as a model folder next, and reports the error.
  }
  await file.close();
  return undefined;
}

/** The packed model in a file that another thread of this process opened and will close. */
export function sharedFile(descriptor: number, name: string, size: number): ByteSource {
  return { name, size, read: readerOf(descriptor, name) };
}

/** The `read` of a source whose file is open as `descriptor`. @param path for messages. */
function readerOf(descriptor: number, path: string): ByteSource['read'] {
  return async (offset, length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const { bytesRead } = await readAt(descriptor, bytes, at, length - at, offset + at).catch((error: unknown) => {
        throw new KneserError('KNESER_IO', `${path}: cannot be read (${systemCode(error) ?? String(error)})`, {
          cause: error,
        });
      });
      if (bytesRead === 0) throw cutShort(path);
      at += bytesRead;
    }
    return bytes;
  };
}
