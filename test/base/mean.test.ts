import { expect, test } from 'vitest';
import { meanOf } from '#kneser/src/base/mean.js';

test('the mean of no numbers is undefined', () => {
  expect(meanOf([])).toBeNaN();
  expect(meanOf(Float64Array.of(1, 2, 6))).toBe(3);
});
