import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemCode } from '../errors.js';

/**
 * Makes a folder and its missing parents, all or none. Node's `mkdir` with `recursive` is not used, because it never returns if the
 * system refuses the folder with ENOENT, as in `/proc`.
 *
 * @returns the outermost folder that was made; `undefined` if the folder already exists
 * @throws the error of the file system.
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await exists(at)); at = dirname(at)) missing.unshift(at);
  // The path exists; this call fails if it is a file.
  if (missing.length === 0) await makeOne(path);
  for (const folder of missing) {
    await makeOne(folder).catch(async (error: unknown) => {
      await removeEmpty(dirname(folder), missing[0]);
      throw error;
    });
  }
  return missing.at(0);
}

/** Removes a folder and its parents up to `outermost`, and stops at the first one that is not empty. */
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

/** Makes a folder unless it exists, because another process may have made it meanwhile. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const isThere = systemCode(error) === 'EEXIST' && (await isFolder(path));
    if (!isThere) throw error;
  }
}
