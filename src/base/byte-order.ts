import { KneserError } from './errors.js';

/**
 * Refuses big-endian machines, because typed arrays are written to disk in the machine's byte order and this code is not tested there.
 *
 * @param bytes the bytes of the 32-bit number 1 in memory.
 * @throws KNESER_PLATFORM
 */
export function checkByteOrder(bytes = new Uint8Array(Uint32Array.of(1).buffer)): void {
  if (bytes[0] === 1) return;
  throw new KneserError(
    'KNESER_PLATFORM',
    'this machine is big-endian (it stores the highest byte of a number first), and kneser runs on little-endian machines only; ' +
      'models can be made and used on any x64 or ARM machine',
  );
}
