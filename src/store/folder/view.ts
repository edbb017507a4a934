import { existsSync, rmSync } from 'node:fs';
import { copyFile, link, open, rm, stat, symlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { KneserError, readError, systemCode, writeError } from '../../base/errors.js';
import { makeTemporaryFolder } from '../../base/node/leftovers.js';
import { digestBuffer, digestFile } from '../../base/node/file-digest.js';
import type { PointerFile } from './pointer.js';
import { isIndexIntact, type TableFile } from './table-file.js';

/** How many files are compared with the pointer file at the same time. */
const CHECKED_AT_ONCE = 4;
/** On Linux, the folder with a link to each file that this process has open. */
const DESCRIPTORS = '/proc/self/fd';

/**
 * A private folder in which one process opens a generation's LevelDB. It has hard links to the table files, and copies of the files that
 * LevelDB rewrites when it opens. A view stays readable after its generation was replaced and removed.
 */
export interface View {
  readonly path: string;
  /** Removes the folder. Removing it twice is fine. */
  remove(): Promise<void>;
}

/**
 * Compares the LevelDB in the folder `tables` with the pointer file, and makes a view of it.
 *
 * @param files the files of the LevelDB, from the pointer file.
 * @throws KNESER_DAMAGED if a file differs from the pointer file; KNESER_INPUT_UNREADABLE if it cannot be read; KNESER_OUTPUT_DENIED,
 *   KNESER_DISK_FULL or KNESER_IO if the view cannot be made.
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
 * Makes the file `from` readable as `to`, even after `from` is removed: by a hard link; where this is impossible (on another file system,
 * or for another user's file), by a link to the open file; where this is impossible too, by a copy.
 *
 * @param held gets the file if it stays open.
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
 * Compares files with the pointer file. Of a table file only the length and LevelDB's index are compared, because `checked-store.ts`
 * compares the data before they are read.
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

/** The usual size of the files that are not table files, in bytes, at most. */
const SMALL_FILE = 1 << 16;

/** Compares the length and the index of a table file with the pointer file. @throws KNESER_DAMAGED, KNESER_INPUT_UNREADABLE */
function checkIndex(folder: string, { name, bytes }: PointerFile, table: TableFile): Promise<void> {
  return checkWith(join(folder, name), bytes, path => isIndexIntact(path, bytes, table));
}

/**
 * Compares a whole file with the pointer file.
 *
 * @param folder the folder of the file.
 * @param buffer a buffer for `digestFile`.
 * @param shown the folder that messages name.
 * @throws KNESER_DAMAGED, KNESER_INPUT_UNREADABLE
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

/** Compares the length and the content of a file. @param bytes the right length. @param isIntact compares the content. @param shown the path in messages. */
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
