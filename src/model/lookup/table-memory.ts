import { KneserError } from '../../base/errors.js';
import { sharedMemory } from '../../base/shared-memory.js';

/** Memory for a table, zeroed, which threads share. @throws KNESER_LIMIT */
export function tableMemory(bytes: number): ArrayBufferLike {
  try {
    return sharedMemory(bytes);
  } catch (error) {
    const megabytes = Math.round(bytes / 2 ** 20);
    throw new KneserError(
      'KNESER_LIMIT',
      `tables: there are no ${megabytes} MB of memory for one; use tables: 'page' (--tables page)`,
      { cause: error },
    );
  }
}
