import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemCode } from '../errors.js';

/**
 * Makes a folder and those that it is to be in, all or none. Node's own way of that goes on for ever where folders cannot be
 * made and the system says that they are not there, as in `/proc`.
 *
 * @returns the first one that was missing, if any was.
 * @throws what the file system does.
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await exists(at)); at = dirname(at)) missing.unshift(at);
  // A file in its place is refused by the system.
  if (missing.length === 0) await makeOne(path);
  for (const folder of missing) {
    await makeOne(folder).catch(async (error: unknown) => {
      await removeEmpty(dirname(folder), missing[0]);
      throw error;
    });
  }
  return missing.at(0);
}

/** Removes a folder and those around it, out to `outermost`, as far as they are empty. */
export async function removeEmpty(path: string, outermost: string): Promise<void> {
  for (let at = resolve(path); at.length >= resolve(outermost).length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' && path !== dirname(path)) return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}

/** Makes a folder, unless it is there: another process may be as quick. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const isThere = systemCode(error) === 'EEXIST' && (await isFolder(path));
    if (!isThere) throw error;
  }
}
