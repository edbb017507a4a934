import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMsgpack } from '#kneser/src/base/encode-msgpack.js';
import { decodeMsgpack } from '#kneser/src/base/decode-msgpack.js';

describe('MessagePack', () => {
  test('decodes what it encoded', () => {
    const value = fc.letrec(tie => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.constant(null),
        fc.boolean(),
        fc.double().map(x => (x === 0 ? 0 : x)),
        fc.integer({ min: -(2 ** 31), max: 2 ** 32 }),
        fc.string({ maxLength: 400, unit: 'grapheme' }),
        fc.uint8Array({ maxLength: 400 }),
        fc.array(tie('any'), { maxLength: 20 }),
        fc.dictionary(
          fc.string({ minLength: 1 }).filter(key => key !== '__proto__'),
          tie('any'),
        ),
      ),
    })).any;
    fc.assert(
      fc.property(value, some => {
        expect(decodeMsgpack(Uint8Array.from(encodeMsgpack(some)))).toEqual(some);
      }),
    );
  });

  test('writes the same bytes as in existing models', () => {
    const bytes = encodeMsgpack({ a: [1, 200, 70_000, 0.5, -1, null, true], b: Uint8Array.of(7), c: 'ß' });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      'de0003a16197' +
        '01' +
        'ccc8' +
        'ce00011170' +
        'cb3fe0000000000000' +
        'ff' +
        'c0' +
        'c3' +
        'a162c40107' +
        'a163a2c39f',
    );
  });

  test('refuses values that are cut short, and bytes behind a value', () => {
    const bytes = encodeMsgpack([1, 'two', Uint8Array.of(3)]);
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeMsgpack(bytes.subarray(0, length))).toThrow();
    expect(() => decodeMsgpack(Uint8Array.of(...bytes, 0))).toThrow();
  });
});
