import { KneserError } from './errors.js';
import { BlockDamage } from './sealed.js';

/**
 * Decodes a value of the store that must be there.
 *
 * @param where names the value in messages: the store, the table, the block.
 * @param value its bytes, or `undefined` if the store does not have it.
 * @throws KNESER_DAMAGED if the value is missing, or `decode` throws.
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
