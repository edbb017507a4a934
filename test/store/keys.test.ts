import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes } from '#kneser/src/base/bytes.js';
import { blockKey, dictionaryKey, FORMAT_VERSION, ROWS_VERSION, versionError } from '#kneser/src/store/keys.js';

const width = fc.integer({ min: 0, max: 11 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function compareRows(a: ArrayLike<number>, b: ArrayLike<number>): number {
  for (let j = 0; j < a.length; j++) if (a[j] !== b[j]) return a[j] - b[j];
  return 0;
}

describe('keys', () => {
  test('are sorted as their rows', () =>
    fc.assert(
      fc.property(
        width.chain(w => fc.tuple(...[0, 1].map(() => fc.array(uint32, { minLength: w + 1, maxLength: w + 1 })))),
        ([a, b]) => {
          const compared = compareBytes(blockKey('11_1', a), blockKey('11_1', b));
          expect(Math.sign(compared)).toBe(Math.sign(compareRows(a, b)));
        },
      ),
    ));

  test('of the dictionary are sorted by the index of the block', () =>
    fc.assert(
      fc.property(uint32, uint32, (a, b) => {
        expect(Math.sign(compareBytes(dictionaryKey(a), dictionaryKey(b)))).toBe(Math.sign(a - b));
      }),
    ));
});

describe('the error for a model of another format', () => {
  test('names the command that converts an older model', () => {
    const error = versionError('m', ROWS_VERSION, FORMAT_VERSION);
    expect(error.code).toBe('KNESER_VERSION');
    expect(error.message).toContain('kneser upgrade m');
  });

  test('says that a model needs no upgrade', () => {
    expect(versionError('m', FORMAT_VERSION, ROWS_VERSION)).toMatchObject({ code: 'KNESER_OPTION' });
  });

  test('of a newer kneser is the same, whichever format is wanted', () => {
    for (const wanted of [ROWS_VERSION, FORMAT_VERSION]) {
      expect(versionError('m', FORMAT_VERSION + 1, wanted)).toMatchObject({
        code: 'KNESER_VERSION',
        message: 'm: a model of format 3; this version of kneser reads format 2. Train it again, or use a newer kneser',
      });
    }
  });
});
