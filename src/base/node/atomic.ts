import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KneserError } from '../errors.js';
import { makeFolder } from './folders.js';
import { ownMark, removeAbandoned } from './leftovers.js';

/**
 * Writes a file whole or not at all: into a temporary file beside it, which is renamed once it is complete. Makes the
 * folder if need be, replaces the file that was at `path`, and holds only one chunk at a time. What a process that is no
 * more left of such a file is removed.
 *
 * @param through what the chunks go through on their way, such as gzip.
 * @throws KNESER_OUTPUT_EXISTS where something other than a file is at `path`.
 */
export async function writeAtomically(
  path: string,
  chunks: Iterable<string> | AsyncIterable<string | Uint8Array>,
  ...through: Duplex[]
): Promise<void> {
  await makeFolder(dirname(path));
  const stats = await stat(path).catch(() => undefined);
  // A rename would put a file in the place of a device such as /dev/null.
  if (stats && !stats.isFile()) {
    throw new KneserError('KNESER_OUTPUT_EXISTS', `${path}: is no file, and cannot be replaced by one; name another`);
  }
  await removeAbandoned(dirname(path), `${basename(path)}.`);
  const temporary = `${path}.${ownMark()}.tmp`;
  try {
    await pipeline([Readable.from(chunks), ...through, createWriteStream(temporary)]);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
