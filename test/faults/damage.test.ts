import { expect, test } from 'vitest';
import { damageModels } from '#kneser/test/faults/damage.js';

test('no flip and no truncation gives a wrong answer', async () => {
  const cases = await damageModels({ flip: 36, truncation: 12, 'flip while open': 12 }, 1);
  expect(cases.length).toBe(60);
  expect(cases.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
  expect(cases.filter(({ outcome }) => outcome === 'refused').length).toBeGreaterThan(50);
});
