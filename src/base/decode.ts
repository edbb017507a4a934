import { KneserError } from './errors.js';
import { BlockDamage } from './sealed.js';

/**
 * Decodes a value that must be there.
 *
 * @param where names it in messages: the store, the table, the block.
 * @throws KNESER_DAMAGED where it is missing, or its bytes are not what was written.
 */
export function decodeValue<T>(where: string, value: Uint8Array | undefined, decode: (value: Uint8Array) => T): T {
  if (!value) throw new KneserError('KNESER_DAMAGED', `${where}: missing; the model is damaged`);
  try {
    return decode(value);
  } catch (error) {
    const reason = error instanceof BlockDamage ? error.message : 'unreadable';
    throw new KneserError('KNESER_DAMAGED', `${where}: ${reason}; the model is damaged`, { cause: error });
  }
}
