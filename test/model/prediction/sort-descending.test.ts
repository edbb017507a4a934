import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortDescending } from '#kneser/src/model/prediction/sort-descending.js';

test('sorts numbers as a comparison does, equal numbers by their indices', () => {
  const number = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0.5, 0.25),
  );
  fc.assert(
    fc.property(fc.array(number, { maxLength: 60 }), numbers => {
      const all = Float64Array.from(numbers, Math.abs);
      const chosen = Uint32Array.from([...all.keys()].filter(i => i % 3 < 2));
      const expected = [...chosen].sort((a, b) => all[b] - all[a] || a - b);
      expect([...sortDescending(all, chosen)]).toEqual(expected);
    }),
  );
});
