import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { KneserError } from '../../base/errors.js';
import { POINTER } from './pointer.js';

/**
 * Refuses an output inside the folder of a model: the model would have files that do not belong to it.
 *
 * @param out the path of a file, or of the folder of another model.
 * @throws KNESER_OPTION
 */
export async function checkOutsideModels(out: string): Promise<void> {
  for (let folder = dirname(resolve(out)), before = ''; folder !== before; folder = dirname(folder)) {
    before = folder;
    const pointer = await readFile(join(folder, POINTER), 'utf8').catch(() => '');
    if (pointer.includes('"generation"'))
      throw new KneserError('KNESER_OPTION', `${out}: is inside the model ${folder}; name a place outside`);
  }
}
