import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomNumbers } from '../../support/models.js';
import { LEAST_MATCH, LongestMatch } from '#kneser/src/smoothing/cache/longest-match.js';

/**
 * The prediction after a text, without hash tables: a match goes on while it predicts right, else it begins anew where the last
 * LEAST_MATCH words stood last.
 */
function slowly(text: readonly number[]): { predicted: number; length: number } {
  let at = -1;
  let length = 0;
  text.forEach((word, i) => {
    const goesOn = length > 0 && text[at] === word;
    at++;
    length = goesOn ? length + 1 : 0;
    if (goesOn || i + 1 < LEAST_MATCH) return;
    for (let end = i; end >= LEAST_MATCH && length === 0; end--) {
      if (Array.from({ length: LEAST_MATCH }, (_, k) => text[end - 1 - k] === text[i - k]).every(Boolean)) {
        at = end;
        length = LEAST_MATCH;
      }
    }
  });
  return { predicted: length > 0 ? text[at] : 0, length };
}

test('predicts the word after the last place that ends with the same words, and follows a match', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 80 }), text => {
      const match = new LongestMatch();
      text.forEach((word, i) => {
        match.add(word);
        const { predicted, length } = match;
        expect({ predicted, length }).toEqual(slowly(text.slice(0, i + 1)));
      });
      match.clear();
      expect([match.predicted, match.length]).toEqual([0, 0]);
    }),
  );
});

test('a text longer than what is kept', () => {
  const match = new LongestMatch();
  for (let i = 0; i < 300_000; i++) match.add(1 + i);
  expect(match.length).toBe(0);
  for (const word of [1, 2, 3, 4]) match.add(word); // forgotten
  expect(match.length).toBe(0);
  for (const word of [250_001, 250_002, 250_003, 250_004]) match.add(word);
  expect([match.predicted, match.length]).toEqual([250_005, LEAST_MATCH]);
});

test('finds the last place of any four words among the last 131,072, as a map of all places does', () => {
  const random = randomNumbers(5);
  const match = new LongestMatch();
  const text: number[] = [];
  const last = new Map<string, number>();
  let [at, length] = [0, 0];
  for (let i = 0; i < 200_000; i++) {
    const word = 1 + Math.floor(60 * random() ** 2);
    match.add(word);
    const goesOn = length > 0 && text[at] === word;
    text.push(word);
    at++;
    length = goesOn ? length + 1 : 0;
    if (text.length < LEAST_MATCH) continue;
    const key = text.slice(-LEAST_MATCH).join(' ');
    const place = last.get(key);
    if (!goesOn && place !== undefined && text.length - place + LEAST_MATCH <= 131_072) {
      at = place;
      length = LEAST_MATCH;
    }
    last.set(key, text.length);
    if (match.length !== length || match.predicted !== (length > 0 ? text[at] : 0)) {
      expect([i, match.length, match.predicted]).toEqual([i, length, length > 0 ? text[at] : 0]);
    }
  }
});
