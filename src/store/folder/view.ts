import { existsSync, rmSync } from 'node:fs';
import { copyFile, link, open, rm, stat, symlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { KneserError, readError, systemCode, writeError } from '../../base/errors.js';
import { makeTemporaryFolder } from '../../base/node/leftovers.js';
import { digestBuffer, digestFile } from '../../base/node/file-digest.js';
import type { PointerFile } from './pointer.js';
import { isIndexIntact, type TableFile } from './table-file.js';

/** Number of files whose CRC-32 is computed at the same time. */
const CHECKED_AT_ONCE = 4;
/** On Linux, names of the files that a process has open. */
const DESCRIPTORS = '/proc/self/fd';

/**
 * A private folder in which one process opens a generation's LevelDB: hard links to its table files, and copies of the files that
 * LevelDB rewrites when it opens. The view stays readable after the generation was replaced and removed.
 */
export interface View {
  readonly path: string;
  /** Removes the folder. Removing it twice is fine. */
  remove(): Promise<void>;
}

/**
 * Makes a view of the LevelDB in the folder `tables`, after comparing its files with the pointer file.
 *
 * @throws KNESER_DAMAGED if a file differs from the pointer file, KNESER_INPUT_UNREADABLE if one cannot be read,
 *   KNESER_OUTPUT_DENIED, KNESER_DISK_FULL or KNESER_IO if the view cannot be made.
 */
export async function createView(tables: string, files: readonly PointerFile[]): Promise<View> {
  await checkFiles(tables, files);
  const path = await makeTemporaryFolder();
  holdView(path);
  const held: FileHandle[] = [];
  const remove = async (): Promise<void> => {
    openViews?.delete(path);
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

/** Views of open models, which are removed when the process ends; `undefined` before the first view. */
let openViews: Set<string> | undefined;

/** Adds a view to {@link openViews}. The hook on the exit of the process is set by the first one, not by importing this file. */
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
 * Makes the file `from` readable as `to`, also after `from` was removed: by a hard link; where that is impossible, as on another
 * file system or for another user's file, by keeping the file open; where that is impossible too, by a copy.
 *
 * @param held gets the file if it is kept open.
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

/**
 * Compares files with the pointer file; of table files the length and LevelDB's index, since their data are compared when they are
 * read (`checked-store.ts`).
 *
 * @throws KNESER_DAMAGED, KNESER_INPUT_UNREADABLE
 */
async function checkFiles(folder: string, files: readonly PointerFile[]): Promise<void> {
  const rest = files.values();
  const checkRest = async (): Promise<void> => {
    const buffer = digestBuffer(SMALL_FILE);
    for (const file of rest)
      await (file.table ? checkIndex(folder, file, file.table) : checkFile(folder, file, buffer));
  };
  await Promise.all(Array.from({ length: CHECKED_AT_ONCE }, checkRest));
}

/** Files besides those of tables are about this long, or shorter [bytes]. */
const SMALL_FILE = 1 << 16;

/** Compares the length and the index of a table file with the pointer file. */
function checkIndex(folder: string, { name, bytes }: PointerFile, table: TableFile): Promise<void> {
  return checkWith(join(folder, name), bytes, path => isIndexIntact(path, bytes, table));
}

/**
 * Compares a whole file with the pointer file.
 *
 * @param buffer as `digestFile` takes it.
 * @param folder where the file is; `shown` is the folder that messages name.
 */
export function checkFile(
  folder: string,
  { name, bytes, crc32 }: PointerFile,
  buffer: Uint8Array,
  shown = folder,
): Promise<void> {
  const isIntact = async (path: string): Promise<boolean> => (await digestFile(path, buffer)) === crc32;
  return checkWith(join(folder, name), bytes, isIntact, join(shown, name));
}

/** Compares a file that has to have a length. @param isIntact compares its content. @param shown its path in messages. */
async function checkWith(
  path: string,
  bytes: number,
  isIntact: (path: string) => Promise<boolean>,
  shown = path,
): Promise<void> {
  let intact: boolean;
  try {
    const { size } = await stat(path);
    intact = size === bytes && (await isIntact(path));
  } catch (error) {
    throw systemCode(error) === 'ENOENT' ? missing(shown, error) : readError(shown, error);
  }
  if (!intact) throw new KneserError('KNESER_DAMAGED', `${shown}: this file of the model was changed or damaged`);
}

function missing(path: string, cause: unknown): KneserError {
  return new KneserError('KNESER_DAMAGED', `${path}: this file of the model is missing`, { cause });
}
