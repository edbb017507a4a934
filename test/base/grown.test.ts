import { expect, test } from 'vitest';
import { grown, grownAhead } from '#kneser/src/base/grown.js';

test('a grown array has the same type and numbers, then zeros', () => {
  expect(grown(Uint8Array.of(1, 2), 4)).toEqual(Uint8Array.of(1, 2, 0, 0));
  expect(grown(Int32Array.of(-1), 2)).toEqual(Int32Array.of(-1, 0));
  expect(grown(Float64Array.of(0.5), 1)).toEqual(Float64Array.of(0.5));
  expect(grownAhead(Uint32Array.of(7), 4)).toEqual(Uint32Array.of(7, 0, 0, 0, 0, 0));
});
