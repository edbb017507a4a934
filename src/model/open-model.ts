import { fileURLToPath } from 'node:url';
import { KneserError } from '../base/errors.js';
import { openPackedFile } from '../store/packed/file-source.js';
import { openPacked } from '../store/packed/store.js';
import type { ModelFiles } from '../store/store.js';
import { openFolder } from '../store/folder/folder.js';
import { FORMAT_VERSION } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';

const ADDRESS = /^https?:\/\//i;
const FILE_ADDRESS = /^file:/i;

/**
 * Opens a model for reading. The place is the path or `file:` address of a folder or packed file, or the web address of a packed
 * file.
 *
 * @param format the version of the model that may be read.
 * @throws the errors of {@link openFolder}, {@link openPacked} and `openUrl`.
 */
export async function openModel(
  place: string | URL,
  signal?: AbortSignal,
  format = FORMAT_VERSION,
): Promise<{ store: ModelStore; files: ModelFiles }> {
  const address = place instanceof URL ? place.href : place;
  if (ADDRESS.test(address)) {
    const { parseUrl, openUrl } = await import('../store/packed/url-source.js');
    return openPacked(await openUrl(parseUrl(address), signal), format);
  }
  const path = FILE_ADDRESS.test(address) ? pathOf(address) : address;
  const file = await openPackedFile(path);
  return file ? openPacked(file, format) : openFolder(path, format);
}

/** The path that a `file:` address stands for. @throws KNESER_OPTION */
function pathOf(address: string): string {
  try {
    return fileURLToPath(address);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KneserError('KNESER_OPTION', `${address}: this address names no file of this machine (${reason})`, {
      cause: error,
    });
  }
}
