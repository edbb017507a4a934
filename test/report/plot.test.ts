import { describe, expect, test } from 'vitest';
import { escapeHtml } from '#kneser/src/report/html.js';
import { legend, linePlot } from '#kneser/src/report/plot.js';

describe('plot', () => {
  test('draws a single point, equal values and huge values', () => {
    for (const values of [[5], [7, 7], [1e9, 3], [0.001, 0.002]]) {
      const points = values.map((y, x) => ({ x, y, title: '"<&' }));
      const svg = linePlot({ title: 't', xTitle: 'x', yTitle: 'y', lines: [{ colour: 'red', points }] });
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(svg).toContain(`<title>${escapeHtml('"<&')}</title>`);
    }
  });

  test('labels each line in its colour', () => {
    expect(legend([{ name: 'a & b', colour: 'red' }])).toBe('<b style="color:red">a &amp; b</b>');
  });
});
