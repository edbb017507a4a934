import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/**
 * Before each test file: comparisons first ask Node whether both values are deeply and strictly equal. Node compares typed arrays by
 * their bytes, and Vitest element by element in about 1 µs each. Values that differ for Node are left to Vitest, whose rules are
 * looser (a key that is undefined, `expect.stringMatching`) and whose message shows the difference.
 */
expect.addEqualityTesters([(a: unknown, b: unknown) => (isLarge(a) && isDeepStrictEqual(a, b)) || undefined]);

/** Whether a value may have many elements. */
function isLarge(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}
