import { describe, expect, test } from 'vitest';
import { decodePointer, encodePointer, type Pointer } from '#kneser/src/store/folder/pointer.js';

describe('the pointer file', () => {
  const pointer: Pointer = {
    kneser: 2,
    generation: 'generation-1',
    created: '2026-01-02T03:04:05.678Z',
    bytes: 7,
    files: [{ name: 'CURRENT', bytes: 7, crc32: '00c0ffee' }],
  };
  const text = encodePointer(pointer);

  test('is read as it was written, also without a checksum', () => {
    expect(decodePointer(text)).toEqual(pointer);
    expect(decodePointer(JSON.stringify(pointer))).toEqual(pointer);
  });

  test('is refused, or means the same, if a byte changes', () => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at++) {
      for (const bits of [1, 4, 16, 64, 255]) {
        const changed = Buffer.from(bytes);
        changed[at] ^= bits;
        const decoded = decodePointer(changed.toString());
        if (decoded !== undefined) expect(decoded).toMatchObject(pointer);
      }
    }
  });
});
