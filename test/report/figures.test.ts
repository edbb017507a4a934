import { expect, test } from 'vitest';
import { signed } from '#kneser/src/report/figures.js';

test.each([
  [1.25, '+1.3'],
  [-1.25, '−1.3'],
  [0.01, '0.0'],
  [-0.01, '0.0'],
  [Infinity, '+∞'],
  [-Infinity, '−∞'],
  [null, '–'],
])('%f with its sign is %s', (value, expected) => {
  expect(signed(value, 1)).toBe(expected);
});
