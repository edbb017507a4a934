import { expect, test } from 'vitest';
import { shareModel } from '#kneser/test/faults/many.js';
import '../support/models.js';

test('processes that read a model while it is trained and tuned never see a mixture', async () => {
  const report = await shareModel({ readers: 4, versions: 2, seconds: 2, seed: 1 });
  expect(report.wrong).toEqual([]);
  expect(report.opened).toBeGreaterThan(0);
  expect(report.trained).toBeGreaterThan(0);
});
