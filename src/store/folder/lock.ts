import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { KneserError } from '../../base/errors.js';
import { makeFolder } from '../../base/node/folders.js';

/** The lock on a folder, which one process at a time can hold. */
export interface FolderLock {
  /** Releases the lock and keeps the files of the folder. */
  release(): Promise<void>;
  /** Removes the folder with all files, and releases the lock. */
  remove(): Promise<void>;
}

/**
 * Locks a folder, which is made if it is missing, for this process. The lock is the file lock of an empty LevelDB in the folder:
 * the system releases it when the process ends, however it ends, and it holds on every machine that mounts the folder.
 *
 * @param owner the model folder, for messages.
 * @throws KNESER_OUTPUT_EXISTS if another process holds the lock, or the error of the file system.
 */
export async function lockFolder(folder: string, owner: string): Promise<FolderLock> {
  const made = await makeFolder(folder);
  const path = join(folder, 'lock');
  const database = await openLock(path)
    .catch(async (error: unknown) => {
      if (isLocked(error)) throw error;
      // Nobody holds the lock, but its LevelDB is unreadable: the machine crashed while it was held. Make a new one.
      await rm(path, { recursive: true, force: true });
      return openLock(path);
    })
    .catch(async (cause: unknown) => {
      if (!isLocked(cause)) {
        if (made !== undefined) await rm(folder, { recursive: true, force: true });
        throw cause;
      }
      throw new KneserError(
        'KNESER_OUTPUT_EXISTS',
        `${owner}: a model is being made here at this moment; wait for it, or name another folder as out (--out)`,
        { cause },
      );
    });
  return {
    release: () => database.close(),
    async remove() {
      // Renamed while the lock is held: the next process makes a new folder, and never locks one that is being removed.
      const going = `${folder}-${randomUUID()}`;
      const moved = await rename(folder, going).then(
        () => true,
        () => false,
      );
      await database.close();
      await rm(moved ? going : folder, { recursive: true, force: true });
    },
  };
}

async function openLock(path: string): Promise<Level> {
  const database = new Level(path);
  await database.open();
  return database;
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && (error.cause as { code?: unknown } | undefined)?.code === 'LEVEL_LOCKED';
}
