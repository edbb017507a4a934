import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeError } from '../errors.js';

/** The mark in the name of a temporary file: the id of its process, and the machine, since other machines have processes of the same id. */
const MARK = /^(\d+)-([A-Za-z0-9]*)-/;

/** A unique part of a file name that names this process: `PID-HOST-RANDOM`. */
export function ownMark(): string {
  return `${process.pid}-${machine()}-${randomUUID().slice(0, 8)}`;
}

/** Makes a folder in the system's folder for temporary files. Folders of the same name that dead processes left are removed. */
export async function makeTemporaryFolder(name = 'kneser'): Promise<string> {
  // Absolute: a process may change to another folder.
  const folder = resolve(tmpdir());
  await removeAbandoned(folder, `${name}-`);
  return mkdtemp(join(folder, `${name}-${process.pid}-${machine()}-`)).catch((error: unknown) => {
    throw writeError(folder, error);
  });
}

/**
 * Removes the leftovers of dead processes of this machine: the entries of a folder whose names are `prefix` and the mark of such
 * a process. Entries that cannot be removed stay.
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

function machine(): string {
  return hostname().replaceAll(/[^A-Za-z0-9]/g, '');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
