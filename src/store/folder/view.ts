import { existsSync, rmSync } from 'node:fs';
import { copyFile, link, open, rm, stat, symlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { KneserError, readError, systemCode, writeError } from '../../base/errors.js';
import { makeTemporaryFolder } from '../../base/node/leftovers.js';
import { digestBuffer, digestFile } from '../../base/node/file-digest.js';
import type { PointerFile } from './pointer.js';

/** Files that are checked at the same time. */
const CHECKED_AT_ONCE = 4;
/** Where Linux has the files that a process holds open. */
const DESCRIPTORS = '/proc/self/fd';

/**
 * A private folder through which one process reads a generation's LevelDB: the same table files, and copies of those that
 * LevelDB writes when it opens. It outlives the generation: a reader goes on when the model was replaced.
 */
export interface View {
  readonly path: string;
  /** Removes it. Removing it twice is fine. */
  remove(): Promise<void>;
}

/**
 * Makes a view of the LevelDB in the folder `tables`, whose files are checked first.
 *
 * @throws KNESER_DAMAGED where files are not what the pointer file says, KNESER_INPUT_UNREADABLE where they cannot be read,
 *   KNESER_OUTPUT_DENIED, KNESER_DISK_FULL or KNESER_IO where the folder cannot be made.
 */
export async function createView(tables: string, files: readonly PointerFile[]): Promise<View> {
  await checkFiles(tables, files);
  const path = await makeTemporaryFolder();
  openViews.add(path);
  const held: FileHandle[] = [];
  const remove = async (): Promise<void> => {
    openViews.delete(path);
    await rm(path, { recursive: true, force: true });
    for (const file of held.splice(0)) await file.close();
  };
  try {
    for (const { name } of files) {
      const [from, to] = [join(tables, name), join(path, name)];
      if (name.endsWith('.ldb')) await shareFile(from, to, held);
      else await copyFile(from, to);
    }
    return { path, remove };
  } catch (error) {
    await remove();
    throw systemCode(error) === 'ENOENT' ? missing(tables, error) : writeError(path, error);
  }
}

/** Views that are to be removed when the process ends without closing its models. */
const openViews = new Set<string>();
process.once('exit', () => {
  for (const view of openViews) rmSync(view, { recursive: true, force: true });
});

/**
 * Makes the file `from` readable as `to`, also after `from` was removed. Where a second name is not possible, as on another
 * file system or for another user's file, the file is held open, or copied.
 */
async function shareFile(from: string, to: string, held: FileHandle[]): Promise<void> {
  try {
    await link(from, to);
    return;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error;
  }
  if (!existsSync(DESCRIPTORS)) return copyFile(from, to);
  const file = await open(from, 'r');
  held.push(file);
  await symlink(`${DESCRIPTORS}/${file.fd}`, to);
}

/** Looks whether files are what the pointer file says. @throws KNESER_DAMAGED, KNESER_INPUT_UNREADABLE */
async function checkFiles(folder: string, files: readonly PointerFile[]): Promise<void> {
  const rest = files.values();
  const checkRest = async (): Promise<void> => {
    const buffer = digestBuffer();
    for (const file of rest) await checkFile(folder, file, buffer);
  };
  await Promise.all(Array.from({ length: CHECKED_AT_ONCE }, checkRest));
}

/** The same for one file. @param buffer as `digestFile` takes it. */
export async function checkFile(
  folder: string,
  { name, bytes, crc32 }: PointerFile,
  buffer: Uint8Array,
): Promise<void> {
  const path = join(folder, name);
  let intact: boolean;
  try {
    const { size } = await stat(path);
    intact = size === bytes && (await digestFile(path, buffer)) === crc32;
  } catch (error) {
    throw systemCode(error) === 'ENOENT' ? missing(path, error) : readError(path, error);
  }
  if (!intact) throw new KneserError('KNESER_DAMAGED', `${path}: this file of the model was changed or damaged`);
}

function missing(path: string, cause: unknown): KneserError {
  return new KneserError('KNESER_DAMAGED', `${path}: this file of the model is missing`, { cause });
}
