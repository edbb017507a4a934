import { openPackedFile } from '../store/packed/file-source.js';
import { openPacked } from '../store/packed/store.js';
import type { ModelFiles } from '../store/store.js';
import { openFolder } from '../store/folder/folder.js';
import type { ModelStore } from '../store/store.js';

const ADDRESS = /^https?:\/\//i;

/**
 * Opens the model at a path, a folder or a packed file, or at the address of a packed file, for reading.
 *
 * @throws what {@link openFolder}, {@link openPacked} and `openUrl` throw.
 */
export async function openModel(path: string): Promise<{ store: ModelStore; files: ModelFiles }> {
  if (ADDRESS.test(path)) {
    const { parseUrl, openUrl } = await import('../store/packed/url-source.js');
    return openPacked(await openUrl(parseUrl(path)));
  }
  const file = await openPackedFile(path);
  return file ? openPacked(file) : openFolder(path);
}
