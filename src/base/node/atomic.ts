import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KneserError } from '../errors.js';
import { makeFolder } from './folders.js';
import { ownMark, removeAbandoned } from './leftovers.js';

/**
 * Writes a file whole or not at all: writes a temporary file beside it, and renames this file when it is complete. Makes the folder if
 * it is missing, replaces a file at `path`, and removes temporary files that killed processes left for the same path. One chunk at a
 * time is in memory.
 *
 * @param through streams that transform the chunks, such as gzip.
 * @throws KNESER_OUTPUT_EXISTS if something other than a file is at `path`, such as a folder or a device.
 */
export async function writeAtomically(
  path: string,
  chunks: Iterable<string> | AsyncIterable<string | Uint8Array>,
  ...through: Duplex[]
): Promise<void> {
  await makeFolder(dirname(path));
  const stats = await stat(path).catch(() => undefined);
  // A rename would replace even a device such as /dev/null by a file.
  if (stats && !stats.isFile()) {
    throw new KneserError('KNESER_OUTPUT_EXISTS', `${path}: is a folder or a device; name a file`);
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
