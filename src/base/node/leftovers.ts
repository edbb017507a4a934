import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDiskFull, isOutOfFiles, KneserError, systemCode, writeError } from '../errors.js';

/**
 * The mark in the name of a temporary file: the id of its process, and its machine, because other machines may use the same id. The name of a
 * temporary folder may say before it what it is for.
 */
const MARK = /^(?:[a-z]+-)?(\d+)-([A-Za-z0-9]*)-/;

/** A unique part of a file name that names this process: `PID-HOST-RANDOM`. */
export function ownMark(): string {
  return `${process.pid}-${machine()}-${crypto.randomUUID().slice(0, 8)}`;
}

/**
 * Makes a folder `kneser-PID-HOST-RANDOM` in the system's temporary folder, or `kneser-PURPOSE-PID-HOST-RANDOM`. Removes all such folders that
 * dead processes left, whatever they were for.
 */
export async function makeTemporaryFolder(purpose = ''): Promise<string> {
  // Absolute, because the process may change its working folder.
  const folder = resolve(tmpdir());
  await removeAbandoned(folder, 'kneser-');
  return mkdtemp(join(folder, `kneser-${purpose === '' ? '' : `${purpose}-`}${process.pid}-${machine()}-`)).catch(
    (error: unknown) => {
      // Another folder would not help.
      if (isDiskFull(error) || isOutOfFiles(error)) throw writeError(folder, error);
      const message = `${folder}: a temporary file cannot be made there (${systemCode(error)}); set TMPDIR to a folder that can be written`;
      throw new KneserError('KNESER_OUTPUT_DENIED', message, { cause: error });
    },
  );
}

/**
 * Removes the entries of a folder that dead processes of this machine left: their names begin with `prefix` and the mark of the process.
 * Entries that cannot be removed stay.
 */
export async function removeAbandoned(folder: string, prefix: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const mark = MARK.exec(name.slice(prefix.length));
    if (!mark || mark[2] !== machine() || isAlive(Number(mark[1]))) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The name of this machine, letters and digits only. */
function machine(): string {
  return hostname().replaceAll(/[^A-Za-z0-9]/g, '');
}

/** Whether a process runs, also if it is another user's. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
