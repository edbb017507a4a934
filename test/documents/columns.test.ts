import { expect, test } from 'vitest';
import { Column, Positions } from '#kneser/src/documents/columns.js';

test.each([0, 1, 16, 17, 65_536, 65_537, 200_000])('a column of %d numbers has them in their order', length => {
  const [column, positions] = [new Column(), new Positions()];
  const numbers = Array.from({ length }, (_, i) => i * 3);
  // Used again after `view`, which empties it.
  for (let round = 0; round < 2; round++) {
    for (const number of numbers) {
      column.push(number / 2);
      positions.push(number);
    }
    expect(positions.view()).toEqual(Uint32Array.from(numbers));
    expect(column.view()).toEqual(Float64Array.from(numbers, number => number / 2));
  }
});
