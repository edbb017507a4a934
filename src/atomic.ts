import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes a file whole or not at all: into a temporary file beside it, which is renamed once it is complete. Makes the
 * folder if need be, replaces what was at `path`, and holds only one chunk at a time.
 *
 * @param through what the chunks go through on their way, such as gzip.
 */
export async function writeAtomically(
  path: string,
  chunks: Iterable<string> | AsyncIterable<string | Uint8Array>,
  ...through: Duplex[]
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await pipeline([Readable.from(chunks), ...through, createWriteStream(temporary)]);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
