import { expect, test } from 'vitest';
import { checkByteOrder } from '#kneser/src/base/byte-order.js';

test('big-endian machines are refused by name', () => {
  checkByteOrder();
  checkByteOrder(Uint8Array.of(1, 0, 0, 0));
  const foreign = (): void => checkByteOrder(Uint8Array.of(0, 0, 0, 1));
  expect(foreign).toThrow(/big-endian/);
  expect(foreign).toThrow(expect.objectContaining({ code: 'KNESER_PLATFORM', exitCode: 2 }));
});
