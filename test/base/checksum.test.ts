import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksum } from '#kneser/src/base/checksum.js';
import { BlockDamage, seal, unseal } from '#kneser/src/base/sealed.js';
import { damaged } from '../support/damaged.js';

const encoder = new TextEncoder();

describe('checksum', () => {
  // Known answers of the reference implementation; the last is long enough for the loop over 16 bytes.
  test.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('of “%s” is XXH32’s', (text, expected) => {
    const bytes = encoder.encode(text);
    expect(checksum(bytes)).toBe(expected);
    expect(checksum(encoder.encode(`<${text}>`), 1, 1 + bytes.length)).toBe(expected);
  });

  test('changes with any single byte', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, place, flip) => checksum(damaged(bytes, place, flip)) !== checksum(bytes),
      ),
      { numRuns: 1000 },
    ));

  test('sealed bytes come back; a value shorter than a seal is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        expect(unseal(seal(bytes))).toEqual(bytes);
      }),
    );
    for (let length = 0; length < 4; length++) expect(() => unseal(new Uint8Array(length))).toThrow(BlockDamage);
  });
});
