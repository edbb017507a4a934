import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readVarint, writeVarint } from '#kneser/src/base/varint.js';

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('varints', () => {
  test('any unsigned 32-bit integer comes back', () =>
    fc.assert(
      fc.property(fc.array(uint32), numbers => {
        const bytes = new Uint8Array(5 * numbers.length);
        const length = numbers.reduce((at, number) => writeVarint(bytes, at, number), 0);
        const cursor = { at: 0 };
        expect(numbers.map(() => readVarint(bytes, cursor))).toEqual(numbers);
        expect(cursor.at).toBe(length);
      }),
    ));

  test.each([
    [0, [0]],
    [127, [127]],
    [128, [0x80, 1]],
    [16_383, [0xff, 0x7f]],
    [2 ** 28, [0x80, 0x80, 0x80, 0x80, 1]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('%i takes the bytes of LEB128', (number, expected) => {
    const bytes = new Uint8Array(8);
    expect([...bytes.subarray(0, writeVarint(bytes, 0, number))]).toEqual(expected);
  });

  test('bytes beyond the end are read as zeros', () => {
    expect(readVarint(new Uint8Array(0), { at: 0 }) || 0).toBe(0);
    expect(readVarint(Uint8Array.of(0x81), { at: 0 })).toBe(1);
  });

  test('numbers of one to five bytes come back, with the place behind them', () => {
    for (const value of [0, 1, 2, 3, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]) {
      const bytes = new Uint8Array(5);
      const end = writeVarint(bytes, 0, value);
      const cursor = { at: 0 };
      expect([readVarint(bytes, cursor), cursor.at]).toEqual([value, end]);
    }
  });
});
