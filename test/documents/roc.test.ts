import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelFigures } from '#kneser/src/documents/roc.js';

test('AUC, average precision and F1 are those of their definitions', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { minLength: 2, maxLength: 30 }),
      documents => {
        const [positive, negative] = [true, false].map(kind =>
          documents.filter(([, is]) => is === kind).map(([x]) => x),
        );
        fc.pre(positive.length > 0 && negative.length > 0);
        const found = labelFigures(
          Float64Array.from(documents, ([x]) => x),
          Uint8Array.from(documents, ([, is]) => Number(is)),
          { resamples: 0, seed: 1 },
        );
        let auc = 0;
        for (const p of positive) for (const n of negative) auc += p > n ? 1 : p === n ? 0.5 : 0;
        expect(found.auc).toBeCloseTo(auc / positive.length / negative.length, 12);
        const sign = found.direction === 'lower' ? -1 : 1;
        let [best, precision] = [0, 0];
        let before = 0;
        for (const threshold of [...new Set(documents.map(([x]) => sign * x))].sort((a, b) => b - a)) {
          const hits = positive.filter(x => sign * x >= threshold).length;
          const all = documents.filter(([x]) => sign * x >= threshold).length;
          best = Math.max(best, (2 * hits) / (all + positive.length));
          precision += ((hits - before) / positive.length) * (hits / all);
          before = hits;
        }
        expect(found.f1).toBeCloseTo(best, 12);
        expect(found.averagePrecision).toBeCloseTo(precision, 12);
      },
    ),
  );
});
