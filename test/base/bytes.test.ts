import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes } from '#kneser/src/base/bytes.js';
import { anyCharacter } from '../support/characters.js';

test('bytes are ordered as code points are', () =>
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), fc.string({ unit: anyCharacter }), (a, b) => {
      const points = (value: string): number[] => Array.from(value, c => c.codePointAt(0) ?? 0);
      const [x, y] = [points(a), points(b)];
      const first = x.findIndex((point, i) => point !== y[i]);
      const expected = first < 0 ? x.length - y.length : first < y.length ? x[first] - y[first] : 1;
      const encoder = new TextEncoder();
      expect(Math.sign(compareBytes(encoder.encode(a), encoder.encode(b)))).toBe(Math.sign(expected));
    }),
  ));
