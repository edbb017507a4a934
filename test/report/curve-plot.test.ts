import { expect, test } from 'vitest';
import { linearAxis, logAxis } from '#kneser/src/report/axis.js';
import { curvePlot, type Curve } from '#kneser/src/report/curve-plot.js';

test('axes have round ticks, and contain their values', () => {
  expect(linearAxis([3, 97]).ticks).toEqual([0, 20, 40, 60, 80, 100]);
  expect(linearAxis([7, 7]).at(7)).toBeLessThanOrEqual(1);
  expect(logAxis([2e-5, 0.06]).ticks).toEqual([1e-5, 1e-4, 1e-3, 1e-2, 0.1]);
  expect(logAxis([1, 1])).toMatchObject({ ticks: [1, 10], low: 1, high: 10 });
  expect(logAxis([1e-300, 1e300]).ticks.length).toBeLessThan(10);
  expect(logAxis([1, 1000]).at(10)).toBeCloseTo(1 / 3, 12);
});

test('draws every style on every scale, also one point and none', () => {
  for (const style of ['line', 'dashed', 'dots', 'steps'] as const) {
    for (const scale of ['linear', 'log'] as const) {
      for (const points of [
        [],
        [[1, 1]],
        [
          [1, 1e-9],
          [1000, 1e9],
        ],
      ] as const) {
        const curves: Curve[] = [{ colour: 'red', style, points, title: '"<&' }];
        const svg = curvePlot({ title: 't', x: { title: 'x', scale }, y: { title: 'y', scale }, curves });
        expect(svg).not.toMatch(/NaN|Infinity|undefined/);
        expect(svg).toContain('<title>&quot;&lt;&amp;</title>');
      }
    }
  }
});
