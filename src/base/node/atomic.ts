import { createWriteStream } from 'node:fs';
import { readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KneserError } from '../errors.js';
import { makeFolder, removeEmpty } from './folders.js';
import { ownMark, removeAbandoned } from './leftovers.js';

/**
 * Writes a file whole or not at all: writes a temporary file beside it, and renames this file when it is complete. Makes the folder if
 * it is missing, replaces a file at `path` or at the end of a link, and removes temporary files that killed processes left for the same path. One chunk at a
 * time is in memory. If it fails, neither the file nor a folder that it made stays.
 *
 * @param through streams that transform the chunks, such as gzip.
 * @throws KNESER_OUTPUT_EXISTS if something other than a file is at `path`, such as a folder or a device.
 */
export async function writeAtomically(
  path: string,
  chunks: Iterable<string> | AsyncIterable<string | Uint8Array>,
  ...through: Duplex[]
): Promise<void> {
  const draft = await writeDraft(path, chunks, ...through);
  await draft.publish();
}

/** A file that is written completely, but not under its name yet. */
export interface Draft {
  /** Gives the file its name. If this fails, the file is removed. */
  publish(): Promise<void>;
  /** Removes the file, and the folders that were made for it. */
  discard(): Promise<void>;
}

/** As {@link writeAtomically}, up to the point where the file gets its name: several files can so appear together. */
export async function writeDraft(
  path: string,
  chunks: Iterable<string> | AsyncIterable<string | Uint8Array>,
  ...through: Duplex[]
): Promise<Draft> {
  const target = await targetOf(path);
  const folder = dirname(target);
  const made = await makeFolder(folder);
  const temporary = `${target}.${ownMark()}.tmp`;
  const discard = async (): Promise<void> => {
    await rm(temporary, { force: true });
    if (made !== undefined) await removeEmpty(folder, made);
  };
  const orDiscard = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await discard();
      throw error;
    }
  };
  await orDiscard(async () => {
    await checkReplaceable(path);
    await removeAbandoned(folder, `${basename(target)}.`);
    await pipeline([Readable.from(chunks), ...through, createWriteStream(temporary)]);
  });
  return { publish: () => orDiscard(() => rename(temporary, target)), discard };
}

/** Refuses a path at which something other than a file is. @throws KNESER_OUTPUT_EXISTS */
export async function checkReplaceable(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  // A rename would replace even a device such as /dev/null by a file.
  if (stats && !stats.isFile()) {
    throw new KneserError('KNESER_OUTPUT_EXISTS', `${path}: is a folder or a device; name a file`);
  }
}

/** The file that is written for a path: the path itself, or the target of the link at this path, which a rename would replace. */
async function targetOf(path: string): Promise<string> {
  const link = await readlink(path).catch(() => undefined);
  if (link === undefined) return path;
  // A link may lead to a file that does not exist yet.
  return realpath(path).catch(() => resolve(dirname(path), link));
}
