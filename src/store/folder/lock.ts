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
 * Locks a folder, which is made if it is missing, for this process. The lock is the file lock of an empty LevelDB in the folder. The
 * system releases it when the process ends, even if killed, and it holds on every machine that mounts the folder.
 *
 * @param owner the model folder, for messages.
 * @throws KNESER_OUTPUT_EXISTS if another process holds the lock; the error of the file system
 */
export async function lockFolder(folder: string, owner: string): Promise<FolderLock> {
  const made = await makeFolder(folder);
  const path = join(folder, 'lock');
  const database = await openLock(path)
    .catch(async (error: unknown) => {
      if (isLocked(error)) throw error;
      // Nobody holds the lock, but its LevelDB is unreadable, because the machine crashed while a process held it. Make a new one.
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
        `${owner}: another process is making a model here; wait for it, or name another folder as out (--out)`,
        { cause },
      );
    });
  return {
    release: () => database.close(),
    async remove() {
      // The folder is renamed while the lock is held, so that the next process makes a new folder instead of locking one that is being
      // removed.
      const renamed = `${folder}-${crypto.randomUUID()}`;
      const moved = await rename(folder, renamed).then(
        () => true,
        () => false,
      );
      await database.close();
      await rm(moved ? renamed : folder, { recursive: true, force: true });
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
