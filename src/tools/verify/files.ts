import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.js';
import { digestBuffer } from '../../base/node/file-digest.js';
import { isOwnEntry, WEIGHTS_FILE, WEIGHTS_FOLDER } from '../../store/folder/folder.js';
import type { Pointer } from '../../store/folder/pointer.js';
import { checkFile } from '../../store/folder/view.js';
import type { Findings } from './findings.js';

const CHECK = 'files';

/**
 * Checks that the files of a model have the sizes and digests that the pointer file lists, and that the folder has no other files.
 *
 * @param path the folder of the model.
 * @param onBytes called with the size of each file that was read.
 */
export async function checkFiles(
  path: string,
  pointer: Pointer,
  findings: Findings,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const folder = join(path, pointer.generation);
  const tables = join(folder, 'tables');
  findings.checked(CHECK);
  const buffer = digestBuffer();
  for (const file of pointer.files) {
    findings.checked(CHECK);
    const part = join(pointer.generation, 'tables', file.name);
    await findings.try(CHECK, part, () => checkFile(tables, file, buffer), `${join(tables, file.name)}: `);
    onBytes(file.bytes);
  }
  const names = pointer.files.map(({ name }) => name);
  await refuseForeign(path, '', isOwnEntry, findings);
  await refuseForeign(path, pointer.generation, name => name === 'tables' || name === WEIGHTS_FOLDER, findings);
  await refuseForeign(path, join(pointer.generation, 'tables'), name => names.includes(name), findings);
  // A file whose name begins with a dot is a set of weights that another process is writing.
  const isWeights = (name: string): boolean => WEIGHTS_FILE.test(name) || name.startsWith('.');
  await refuseForeign(path, join(pointer.generation, WEIGHTS_FOLDER), isWeights, findings);
}

/** Adds a finding for each entry of a folder that is not known. @param folder relative to `path`. */
async function refuseForeign(
  path: string,
  folder: string,
  isKnown: (name: string) => boolean,
  findings: Findings,
): Promise<void> {
  const names = await readdir(join(path, folder)).catch((error: unknown): string[] => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names.sort()) {
    if (!isKnown(name)) findings.add(CHECK, join(folder, name), 'does not belong to the model');
  }
}
