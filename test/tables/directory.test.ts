import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockDamage } from '#kneser/src/base/sealed.js';
import { contiguous } from '#kneser/src/tables/pattern.js';
import { decodeDirectory, encodeDirectory } from '#kneser/src/tables/directory.js';
import { damaged } from '../support/damaged.js';
import { findBlock } from '../support/find-block.js';

/** Word ids: mostly small, sometimes as large as possible. */
const id = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.integer({ min: 1, max: 2 ** 32 - 1 }));

function compareRows(a: ArrayLike<number>, b: ArrayLike<number>): number {
  for (let j = 0; j < a.length; j++) if (a[j] !== b[j]) return a[j] - b[j];
  return 0;
}

const width = fc.integer({ min: 0, max: 11 });
const rowLists = width.chain(w =>
  fc.record({
    width: fc.constant(w),
    rows: fc
      .uniqueArray(fc.array(id, { minLength: w + 1, maxLength: w + 1 }), { selector: row => row.join(), maxLength: 40 })
      .map(rows => rows.sort(compareRows).map(row => Uint32Array.from(row))),
  }),
);

describe('directories', () => {
  test('any directory comes back', () =>
    fc.assert(
      fc.property(rowLists, ({ width: w, rows }) => {
        const directory = decodeDirectory(encodeDirectory(rows, w), w);
        expect(directory.columns.length).toBe(w);
        expect(rows.map((_, b) => [...directory.columns.map(column => column[b]), directory.words[b]])).toEqual(
          rows.map(row => [...row]),
        );
      }),
    ));

  test('findBlock finds the same block as a scan of all blocks', () => {
    const smallId = fc.integer({ min: 1, max: 4 });
    const small = fc.integer({ min: 0, max: 3 }).chain(w =>
      fc.record({
        width: fc.constant(w),
        rows: fc
          .uniqueArray(fc.array(smallId, { minLength: w + 1, maxLength: w + 1 }), {
            selector: row => row.join(),
            minLength: 1,
            maxLength: 60,
          })
          .map(rows => rows.sort(compareRows)),
        limit: fc.integer({ min: 1, max: 5 }),
        query: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: w + 1, maxLength: w + 1 }),
      }),
    );
    fc.assert(
      fc.property(small, ({ width: w, rows, limit, query }) => {
        const table = blocksOfRows(rows, w, limit);
        const directory = decodeDirectory(
          encodeDirectory(
            table.map(block => Uint32Array.from(block[0])),
            w,
          ),
          w,
        );
        const context = query.slice(0, w);
        const word = query[w];
        // The context stands before the position, its nearest word last.
        const ids = Uint32Array.from([99, ...context.toReversed(), word]);
        const found = findBlock(directory, ids, w + 1, contiguous(w + 1), word);
        const holding = table.flatMap((block, b) =>
          block.some(row => row.slice(0, w).join() === context.join()) ? [b] : [],
        );
        if (holding.length === 0) expect(holding).not.toContain(found);
        else expect(found).toBe(holding.findLast(b => table[b][0][w] <= word) ?? holding[0]);
      }),
      { numRuns: 2000 },
    );
  });

  /** Rows cut as {@link TableWriter} cuts them, with blocks of `limit` rows. */
  function blocksOfRows(rows: number[][], w: number, limit: number): number[][][] {
    const groups = new Map<string, number[][]>();
    for (const row of rows) {
      const key = row.slice(0, w).join();
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
    const table: number[][][] = [];
    let current: number[][] = [];
    const flush = (): void => {
      if (current.length > 0) table.push(current);
      current = [];
    };
    for (const group of groups.values()) {
      if (current.length + group.length > limit) flush();
      current.push(...group);
      if (group.length <= limit) continue;
      const wide = current;
      current = [];
      for (let at = 0; at < wide.length; at += limit) table.push(wide.slice(at, at + limit));
    }
    flush();
    return table;
  }
});

describe('any change of a byte is noticed', () => {
  const change = [fc.nat(), fc.integer({ min: 1, max: 255 })] as const;

  test('in a directory', () =>
    fc.assert(
      fc.property(rowLists, ...change, ({ width: w, rows }, place, flip) => {
        expect(() => decodeDirectory(damaged(encodeDirectory(rows, w), place, flip), w)).toThrow(BlockDamage);
      }),
    ));
});
