import { expect, test } from 'vitest';
import { parseOrders } from '#kneser/src/cli/values.js';

test('orders are read from lists and ranges', () => {
  expect(parseOrders('2-5')).toEqual([2, 3, 4, 5]);
  expect(parseOrders('1, 3-4')).toEqual([1, 3, 4]);
  for (const wrong of ['', '0', '13', '3-2', 'a', '2-', '-2']) expect(() => parseOrders(wrong)).toThrow('2-5');
});
