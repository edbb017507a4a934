import { execSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeFolder, removeLeftovers } from './leftovers.js';

const NAME = 'kneser-tests-';
/** Linux's file system in memory. */
const IN_MEMORY = '/dev/shm';
/** The most bytes of the files of all tests, and the bytes that must be free besides for the tests' processes. */
const ROOM = 4e9;

/**
 * Before any test: builds the files of `dist` whose source has changed, and makes the folder for all temporary files of this
 * run. It is in memory if there is room: the tests train thousands of small models, and each training ends by waiting for the disk.
 *
 * @returns a function that removes the folder after the last test.
 */
export default function setup(): () => void {
  execSync('npm run --silent build', { stdio: 'inherit' });
  const parent = hasRoom(IN_MEMORY) ? IN_MEMORY : tmpdir();
  removeLeftovers(parent, NAME);
  const folder = mkdtempSync(join(parent, `${NAME}${process.pid}-`));
  // Some tests run as another user, so the folder has the rights of /tmp.
  chmodSync(folder, 0o1777);
  // The processes that run the tests start with this environment.
  process.env.KNESER_TEST_DISK = tmpdir();
  process.env.KNESER_TEST_SHARED = join(folder, 'shared');
  process.env.TMPDIR = folder;
  mkdirSync(process.env.KNESER_TEST_SHARED);
  return () => removeFolder(folder);
}

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize > ROOM && freemem() > 2 * ROOM;
  } catch {
    return false;
  }
}
