import { describe, expect, test } from 'vitest';
import {
  choosePatterns,
  comparePatterns,
  contiguous,
  formatPattern,
  parsePattern,
  withContexts,
  type Pattern,
} from '#kneser/src/tables/pattern.js';

describe('patterns', () => {
  /** All patterns of an order, in the order that models keep them in. */
  function lattice(order: number): Pattern[] {
    const patterns = Array.from({ length: 2 ** (order - 1) }, (_, bits) =>
      contiguous(order).filter(distance => (bits >> (distance - 1)) & 1),
    );
    return patterns.sort(comparePatterns);
  }

  test('are written and read back', () => {
    expect([[], [1], [1, 2], [2], [1, 3]].map(formatPattern)).toEqual(['1', '11', '111', '1_1', '1_11']);
    for (const pattern of lattice(8)) expect(parsePattern(formatPattern(pattern))).toEqual(pattern);
    for (const text of ['', '_1', '1_', '11_', '2', '1-1', ' 11']) expect(parsePattern(text)).toBeUndefined();
  });

  test('are sorted after all their subsets', () => {
    const patterns = lattice(6);
    for (const [i, pattern] of patterns.entries()) {
      for (const later of patterns.slice(i + 1))
        expect(later.every(distance => pattern.includes(distance))).toBe(false);
    }
  });
});

describe('patterns of a model', () => {
  test('are written oldest first, target last, and read back', () => {
    for (const text of ['1', '11', '1_1', '1__11', '11_1', '11111']) {
      const pattern = parsePattern(text);
      expect(pattern && formatPattern(pattern)).toBe(text);
    }
    expect(parsePattern('1_11')).toEqual([1, 3]);
    for (const text of ['', '_1', '1_', '0', '1 1', '__']) expect(parsePattern(text)).toBeUndefined();
  });

  test('all of an order, limited by gap and number, or listed; contiguous ones always', () => {
    const names = (...args: Parameters<typeof choosePatterns>): string[] => choosePatterns(...args).map(formatPattern);
    expect(names(5, { skip: true })).toHaveLength(16);
    expect(names(4, {})).toEqual(['1', '11', '111', '1111']);
    expect(names(4, { list: ['1_11', '11_1'] })).toEqual(['1', '11', '111', '1_11', '11_1', '1111']);
    expect(names(5, { skip: true, maxGap: 1 })).not.toContain('1__1');
    expect(names(8, { skip: true, maxPatterns: 40 })).toHaveLength(40);
    expect(() => choosePatterns(4, { list: ['1___1'] })).toThrow(/longer than the order/);
    expect(withContexts(choosePatterns(4, { list: ['1_11'] })).map(formatPattern)).toContain('1_1');
  });
});
