import { existsSync, linkSync, rmSync, statSync } from 'node:fs';
import { copyFile, open, symlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { KneserError, readError, systemCode, writeError } from '../../base/errors.js';
import { makeTemporaryFolder } from '../../base/node/leftovers.js';
import { digestBuffer, digestFile } from '../../base/node/file-digest.js';
import type { PointerFile } from './pointer.js';

/** On Linux, the folder with a link to each file that this process has open. */
const DESCRIPTORS = '/proc/self/fd';

/**
 * A private folder in which one process reads a generation: hard links to its table files, and copies of the other files, which LevelDB
 * rewrites when it opens a model of kneser 0.1.0. A view stays readable after its generation was replaced and removed.
 */
export interface View {
  readonly path: string;
  /** Removes the folder. Removing it twice is fine. */
  remove(): Promise<void>;
}

/**
 * Compares the files of a generation with the pointer file, and makes a view of them. If the pointer file describes the index of a table
 * file, only the length of the file is compared here, because `TableStore` compares the index, and each value has a checksum.
 *
 * @param tables the folder of the LevelDB.
 * @param files the files of the LevelDB, from the pointer file.
 * @throws KNESER_DAMAGED if a file differs from the pointer file; KNESER_INPUT_UNREADABLE if it cannot be read; KNESER_OUTPUT_DENIED,
 *   KNESER_DISK_FULL or KNESER_IO if the view cannot be made.
 */
export async function createView(tables: string, files: readonly PointerFile[]): Promise<View> {
  const buffer = digestBuffer(SMALL_FILE);
  for (const file of files) {
    if (file.table) checkLength(tables, file);
    else await checkFile(tables, file, buffer);
  }
  const path = await makeTemporaryFolder();
  holdView(path);
  const held: FileHandle[] = [];
  const remove = async (): Promise<void> => {
    openViews?.delete(path);
    rmSync(path, { recursive: true, force: true });
    for (const file of held.splice(0)) await file.close();
  };
  try {
    for (const { name } of files) {
      const [from, to] = [join(tables, name), join(path, name)];
      if (!name.endsWith('.ldb')) await copyFile(from, to);
      else if (!linkFile(from, to)) await shareFile(from, to, held);
    }
    return { path, remove };
  } catch (error) {
    await remove();
    throw systemCode(error) === 'ENOENT' ? missing(tables, error) : writeError(path, error);
  }
}

/** The views of open models, which are removed when the process ends; `undefined` before the first view. */
let openViews: Set<string> | undefined;

/** Adds a view to {@link openViews}. The first view sets the hook on the exit of the process; an import of this file does not. */
function holdView(path: string): void {
  if (!openViews) {
    const views = (openViews = new Set());
    process.once('exit', () => {
      for (const view of views) rmSync(view, { recursive: true, force: true });
    });
  }
  openViews.add(path);
}

/**
 * Makes a hard link. The call is synchronous, because that takes a tenth of the time of a promise, and a model has hundreds of table files.
 *
 * @returns false where a hard link is impossible: on another file system, or for another user's file.
 */
function linkFile(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error;
    return false;
  }
}

/**
 * Makes the file `from` readable as `to`, even after `from` is removed: by a link to the open file; where this is impossible, by a copy.
 *
 * @param held gets the file if it stays open.
 */
async function shareFile(from: string, to: string, held: FileHandle[]): Promise<void> {
  if (!existsSync(DESCRIPTORS)) return copyFile(from, to);
  const file = await open(from, 'r');
  held.push(file);
  await symlink(`${DESCRIPTORS}/${file.fd}`, to);
}

/** Files that are not table files usually have at most this size [bytes]. */
const SMALL_FILE = 1 << 16;

/** Compares the length of a file with the pointer file. @throws KNESER_DAMAGED, KNESER_INPUT_UNREADABLE */
function checkLength(folder: string, { name, bytes }: PointerFile): void {
  const path = join(folder, name);
  let size: number;
  try {
    ({ size } = statSync(path));
  } catch (error) {
    throw systemCode(error) === 'ENOENT' ? missing(path, error) : readError(path, error);
  }
  if (size !== bytes) throw changed(path);
}

/**
 * Compares a whole file with the pointer file.
 *
 * @param folder the folder of the file.
 * @param buffer a buffer for `digestFile`.
 * @throws KNESER_DAMAGED, KNESER_INPUT_UNREADABLE
 */
export async function checkFile(folder: string, file: PointerFile, buffer: Uint8Array): Promise<void> {
  checkLength(folder, file);
  const path = join(folder, file.name);
  const digest = await digestFile(path, buffer).catch((error: unknown) => {
    throw systemCode(error) === 'ENOENT' ? missing(path, error) : readError(path, error);
  });
  if (digest !== file.crc32) throw changed(path);
}

function changed(path: string): KneserError {
  return new KneserError('KNESER_DAMAGED', `${path}: this file of the model was changed or damaged`);
}

function missing(path: string, cause: unknown): KneserError {
  return new KneserError('KNESER_DAMAGED', `${path}: this file of the model is missing`, { cause });
}
