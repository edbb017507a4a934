import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const MOUNTS = '/proc/self/mounts';

/**
 * Removes the leftovers of killed runs from a folder: folders whose name is a prefix and the id of a process that has ended.
 */
export function removeLeftovers(parent: string, prefix: string): void {
  for (const name of readdirSync(parent).filter(name => name.startsWith(prefix))) {
    if (!runs(Number.parseInt(name.slice(prefix.length)))) removeFolder(join(parent, name));
  }
}

/** Removes a folder with the file systems mounted in it. A folder that cannot be removed is only reported, because it must not stop a run. */
export function removeFolder(folder: string): void {
  try {
    for (const path of mountedIn(folder)) spawnSync('umount', [path]);
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    console.warn(`${folder} could not be removed: ${(error as Error).message}`);
  }
}

/** The paths below a folder at which file systems are mounted, the innermost first. */
function mountedIn(folder: string): string[] {
  if (!existsSync(MOUNTS)) return [];
  const paths = readFileSync(MOUNTS, 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '');
  return paths.filter(path => path.startsWith(`${folder}/`)).reverse();
}

function runs(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
