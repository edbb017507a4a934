import { stat } from 'node:fs/promises';

/** A string that identifies a file: equal for two paths of the same file, also by links; `undefined` if there is none. */
export async function fileIdentity(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && `${stats.dev}/${stats.ino}`;
}
