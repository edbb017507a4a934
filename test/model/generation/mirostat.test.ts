import { expect, test } from 'vitest';
import { Mirostat, zipfExponent, zipfWords } from '#kneser/src/model/generation/mirostat.js';

test('version 1 of mirostat computes the published number of types', () => {
  const zipf = Float64Array.from({ length: 10_000 }, (_, i) => (i + 1) ** -1.2);
  expect(zipfExponent(zipf, new Uint32Array(10_000).fill(1))).toBeCloseTo(1.2, 10);
  expect(zipfWords(1.2, 6, 10_000)).toBe(11);
  expect(zipfWords(1.2, 9, 10_000)).toBe(56);
  expect(zipfWords(1, 6, 10_000)).toBe(Math.round(64 / Math.log(10_000)) + 1);
  expect(new Mirostat(5, 0.1, 2, 100).mu).toBe(10);
});
