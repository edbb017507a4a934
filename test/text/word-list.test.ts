import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkWords, hashBytes, MOST_BYTES, MOST_WORDS, WordList } from '#kneser/src/text/word-list.js';
import { expectToBe } from '../support/expect-to-be.js';
import { refusedLimit } from '../support/refusal.js';

describe('a list of words', () => {
  test('gives each different byte string one id', () =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 300 }), words => {
        const list = new WordList();
        const numbers = new Map<string, number>(['<unk>', '<s>', '</s>'].map((word, i) => [word, i + 1]));
        for (const bytes of words) {
          const key = Buffer.from(bytes).toString('latin1');
          const expected = numbers.get(key) ?? numbers.size + 1;
          numbers.set(key, expected);
          expectToBe(list.add(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length)), expected);
        }
        expect(list.size).toBe(numbers.size);
        for (const [key, number] of numbers) expectToBe(Buffer.from(list.bytes(number)).toString('latin1'), key);
      }),
    ));

  test('finds every word after growing, and no other', () => {
    const list = new WordList();
    for (let i = 0; i < 20_000; i++) expectToBe(list.addWord(`word ${i}`), i + 4);
    let wrong = 0;
    for (let i = 0; i < 20_000; i++)
      if (list.findWord(`word ${i}`) !== i + 4 || list.findWord(`Word ${i}`) !== 0) wrong++;
    expect(wrong).toBe(0);
  });
});

test('a vocabulary may have more than 2²⁴ words; the limits are those of word ids and of the bytes of all words', () => {
  checkWords(2 ** 24 + 1, 2 ** 31 + 1);
  checkWords(MOST_WORDS, MOST_BYTES);
  expect(refusedLimit(() => checkWords(MOST_WORDS + 1, 1))).toMatch(/90,000,000.*--vocab-limit/);
  expect(refusedLimit(() => checkWords(1, MOST_BYTES + 1))).toMatch(/4 GB.*--vocab-limit/);
  // A pair of word numbers is an exact double, and a hash table of twice as many slots as words is within the limit of arrays.
  expect(Number.isSafeInteger((MOST_WORDS + 4) ** 2)).toBe(true);
  expect(4 * MOST_WORDS).toBeLessThan(2 ** 32);
});
