import { expect, test } from 'vitest';
import { heatScale, heatStep, valueAt } from '#kneser/src/report/heat.js';

test('heat goes from the lowest value to the highest, over three powers of ten at least', () => {
  const wide = heatScale([Float64Array.of(20, 2e6), Float64Array.of()]);
  expect(wide).toEqual({ low: 20, high: 2e6 });
  expect([20, 6000, 2e6].map(value => heatStep(value, wide, 5))).toEqual([0, 2, 4]);
  expect(heatScale([Float64Array.of(5, 7)])).toEqual({ low: 5, high: 5000 });
  expect(heatScale([])).toEqual({ low: 1, high: 1000 });
  expect([0, 1, 2, 3].map(token => valueAt(Float64Array.of(1, 2), token, 4))).toEqual([1, 1, 2, 2]);
  expect([0, 1].map(token => valueAt(Float64Array.of(1, 2, 3, 4), token, 2))).toEqual([2, 4]);
});
