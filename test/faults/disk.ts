import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';

/** A small file system in memory. */
export interface SmallDisk {
  readonly path: string;
  setReadOnly(readOnly: boolean): void;
  /** Gives the disk this number of free bytes; without a number, its first size. */
  leave(free?: number): void;
  unmount(): void;
}

/** Mounts a small file system at an empty folder. @returns the disk, or the system's reason for refusing it. */
export function mountDisk(path: string, bytes: number): SmallDisk | string {
  const mount = (options: string): string | undefined => {
    const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], {
      encoding: 'utf8',
    });
    return status === 0 ? undefined : (error?.message ?? stderr.trim());
  };
  const problem = mount(`size=${bytes},mode=755`);
  if (problem !== undefined) return `no file system can be mounted here: ${problem}`;
  return {
    path,
    setReadOnly: readOnly => void mount(`remount,${readOnly ? 'ro' : 'rw'}`),
    leave: free => {
      const { blocks, bfree, bsize } = statfsSync(path);
      const size = free === undefined ? bytes : (blocks - bfree) * bsize + free;
      const problem = mount(`remount,size=${size}`);
      if (problem !== undefined) throw new Error(`${path}: cannot be resized: ${problem}`);
    },
    unmount: () => void spawnSync('umount', [path]),
  };
}
