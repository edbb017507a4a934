import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDecimals, writeDecimals } from '#kneser/src/tables/decimals.js';

const numbers = fc.oneof(
  fc.double({ noNaN: true }),
  fc.double({ min: -10, max: 1, noNaN: true }),
  fc.tuple(fc.integer(), fc.integer({ min: 0, max: 16 })).map(([digits, point]) => digits / 10 ** point),
);

test('numbers are stored without rounding', () => {
  fc.assert(
    fc.property(fc.array(numbers), list => {
      const values = Float64Array.from(list, value => (value === 0 ? 0 : value));
      const bytes = new Uint8Array(9 * list.length + 9);
      const end = writeDecimals(bytes, 3, values, values.length);
      const read = new Float64Array(values.length);
      const cursor = { at: 3 };
      readDecimals(bytes, cursor, read, read.length);
      expect(cursor.at).toBe(end);
      expect(read).toEqual(values);
    }),
  );
});
