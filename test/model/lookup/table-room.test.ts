import { describe, expect, test } from 'vitest';
import type { TablePart } from '#kneser/src/model/lookup/table-part.js';
import { canLoad, loadedBytes } from '#kneser/src/model/lookup/table-room.js';

describe('tables', () => {
  const part = (rows: number, contexts: number): TablePart => ({
    manifest: { pattern: '11', mixed: true, rows, contexts, tokens: rows, countsOfCounts: [0, 0, 0, 0] },
    pattern: [1],
    parent: -1,
    contextTable: -1,
    contextColumn: 0,
  });

  test('with more entries than a link can address are not loaded, only read in blocks', () => {
    // A number a row, up to 3 with the free slots of lines, and two numbers for each context with more than one follower.
    expect(canLoad([part(2_147_000_000, 1)], 10)).toBe(true);
    expect(canLoad([part(2_148_000_000, 1)], 10)).toBe(false);
    expect(canLoad([part(715_000_000, 1)], 2 ** 20)).toBe(true);
    expect(canLoad([part(716_000_000, 1)], 2 ** 20)).toBe(false);
    expect(canLoad([part(2 ** 31 + 2 ** 20, 2 ** 31)], 10)).toBe(false);
    expect(canLoad([part(2 ** 30 + 2 ** 29, 2 ** 29)], 10)).toBe(false);
    expect(canLoad([part(2 ** 32, 2 ** 31)], 10)).toBe(false);
    expect(loadedBytes([part(2 ** 32, 2 ** 31)], 10)).toBeGreaterThan(2 ** 35);
  });
});
