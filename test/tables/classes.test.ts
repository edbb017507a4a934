import { expect, test } from 'vitest';
import { decodeClasses, encodeClasses } from '#kneser/src/tables/classes.js';

test('counts up to 2³² − 1 come back as shares of their class', () => {
  const most = 2 ** 32 - 1;
  const counts = Float64Array.of(0, 1, 1, 1, most, most);
  expect(decodeClasses(encodeClasses(5, Uint32Array.of(0, 1, 2, 3, 4, 4), counts)).share[4]).toBe(0.5);
});
