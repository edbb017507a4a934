import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkTokens, layoutChunks, layoutLength } from '#kneser/src/count/layout.js';
import { IdStream } from '#kneser/src/count/id-stream.js';
import { BOS, EOS, FIRST_WORD, NONE } from '#kneser/src/text/tokens.js';
import { temporaryFolder } from '../support/models.js';
import { refusedLimit } from '../support/refusal.js';

const folder = temporaryFolder('layout');

const MOST = 2 ** 32 - 1;

test('a text in chunks has every word once, with its whole history', () => {
  const sentences = fc.array(fc.array(fc.integer({ min: FIRST_WORD, max: 9 }), { maxLength: 40 }), { maxLength: 20 });
  fc.assert(
    fc.property(
      sentences,
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 1, max: 120 }),
      fc.boolean(),
      (text, order, limit, consume) => {
        const stream = new IdStream(join(folder, 'never'), 1 << 30);
        for (const words of text) for (const id of [...words, EOS]) stream.push(id);
        const reach = order - 1;
        const padding = [...Array.from({ length: reach - 1 }, () => NONE), BOS];
        const expected = text.flatMap(words => {
          const laidOut = [...padding, ...words, EOS];
          return laidOut.slice(reach).map((_, i) => laidOut.slice(i, i + order));
        });
        const total = layoutLength(text.flat().length, text.length, order);
        const identity = Uint32Array.from({ length: 10 }, (_, i) => i);
        const found: number[][] = [];
        for (const { ids, begin, end } of layoutChunks(stream, identity, order, total, limit, consume)) {
          expect(end - begin).toBeLessThanOrEqual(Math.max(limit, 4 * reach) + reach);
          for (let at = begin; at < end; at++) {
            if (ids[at] !== BOS && ids[at] !== NONE) found.push([...ids.subarray(at - reach, at + 1)]);
          }
        }
        expect(found).toEqual(expected);
      },
    ),
    { numRuns: 300 },
  );
});

describe('texts of more tokens than counts have bits for', () => {
  test('are refused as soon as a sum of counts could have more than 32', () => {
    checkTokens(MOST - 2, 1, 2);
    checkTokens(MOST - 12, 1, 12);
    expect(layoutLength(MOST - 12, 1, 12)).toBe(MOST);
    for (const [tokens, sentences, order] of [
      [MOST - 1, 1, 2],
      [MOST - 11, 1, 12],
      [2 ** 32, 1, 5],
      [0, 2 ** 31, 2],
      [1e15, 1e9, 5],
    ]) {
      expect(refusedLimit(() => checkTokens(tokens, sentences, order))).toMatch(/4,000,000,000 tokens/);
    }
  });
});
