import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { KneserError } from '../../base/errors.js';
import { makeFolder } from '../../base/node/folders.js';

/** A folder that one process at a time has. */
export interface FolderLock {
  /** Lets the folder go, and leaves what is in it. */
  release(): Promise<void>;
  /** Removes the folder. */
  remove(): Promise<void>;
}

/**
 * Takes a folder, which is made if it is missing, for this process alone. The lock is that of an empty LevelDB in it: the
 * system lets go of it when the process ends, however it ends, and it holds on every machine that mounts the folder.
 *
 * @param owner named in messages.
 * @throws KNESER_OUTPUT_EXISTS where another process has it; else what the file system does.
 */
export async function lockFolder(folder: string, owner: string): Promise<FolderLock> {
  const made = await makeFolder(folder);
  const path = join(folder, 'lock');
  const database = await openLock(path)
    .catch(async (error: unknown) => {
      if (isLocked(error)) throw error;
      // A lock that was had but cannot be read is one that a machine went down with.
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
        `${owner}: a model is being made here at this moment; wait for it, or name another folder with --out`,
        { cause },
      );
    });
  return {
    release: () => database.close(),
    async remove() {
      // Moved away while it is held: whoever comes next makes a folder of its own, and never has one that is going.
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
