import { expect, test } from 'vitest';
import { placesIn } from '#kneser/src/serve/offsets.js';

const noPause = (): undefined => undefined;

/** The rest of the text, up to the next place, at the places of all parts of the made text. */
async function partsOf(text: string, ...made: string[]): Promise<string[]> {
  let length = 0;
  const offsets = made.map(part => (length += part.length) - part.trimStart().length);
  const places = await placesIn(text, made.join(''), offsets, noPause);
  return places.map((place, i) => text.slice(place, places[i + 1]));
}

test('a text that the tokens make has their places', async () => {
  expect(await placesIn('the cat', 'the cat', [0, 3], noPause)).toEqual([0, 3]);
});

test('white space may differ: more, other, and none', async () => {
  expect(await partsOf('the  cat', 'the', ' cat')).toEqual(['the  ', 'cat']);
  expect(await partsOf('hello, the', 'hello', ' ,', ' the')).toEqual(['hello', ', ', 'the']);
  expect(await partsOf("don't, no", 'don', " '", ' t', ' ,', ' no')).toEqual(['don', "'", 't', ', ', 'no']);
  for (const space of ['\t', '\u00a0', '\u3000']) {
    expect(await placesIn(`a${space}cat`, 'a cat', [0, 1, 2], noPause)).toEqual([0, 1, 2]);
  }
});

test('case, accents and compatibility characters may differ', async () => {
  expect(await partsOf('Zürich, THE cafe\u0301 ran', 'zurich', ' ,', ' the', ' cafe', ' ran')).toEqual([
    'Zürich',
    ', ',
    'THE ',
    'cafe\u0301 ',
    'ran',
  ]);
  expect(await partsOf('한국어 ré', '한국어'.normalize('NFD'), ' re')).toEqual(['한국어 ', 'ré']);
  expect(await placesIn('e\u0301 too', '\u00e9 too', [0, 1], noPause)).toEqual([0, 2]);
  expect(await partsOf('an of\ufb01ce is ①', 'an', ' office', ' is', ' 1')).toEqual(['an ', 'of\ufb01ce ', 'is ', '①']);
});

test('what the tokens have as a mark does not move what follows', async () => {
  expect(await partsOf('hello, the cat sat', '[UNK]', ' ,', ' the', ' cat', ' sat')).toEqual([
    'hello',
    ', ',
    'the ',
    'cat ',
    'sat',
  ]);
  const long = 'x'.repeat(500);
  expect(await partsOf(`${long} the cat`, '[UNK]', ' the', ' cat')).toEqual([`${long} `, 'the ', 'cat']);
  expect(await partsOf('a 🙂 b', 'a', ' [UNK]', ' b')).toEqual(['a ', '🙂 ', 'b']);
});

test('a line feed stands for the end of a sentence, by any mark', async () => {
  expect(await partsOf('a  \nb', 'a', '\n', 'b')).toEqual(['a  \n', '', 'b']);
  expect(await placesIn('a  \nb', 'a\nb', [0, 1, 2], noPause)).toEqual([0, 3, 4]);
  expect(await placesIn('the </s> the\nthe', 'the\nthe\nthe', [0, 3, 4, 7, 8], noPause)).toEqual([0, 4, 9, 12, 13]);
  expect(await placesIn('a </s> \nb', 'a\nb', [0, 1, 2], noPause)).toEqual([0, 2, 8]);
  expect(await placesIn('One. Two.', 'One .\nTwo .', [0, 4, 5, 6, 10], noPause)).toEqual([0, 3, 4, 5, 8]);
});

test('a character that was normalized to several at the end of a word keeps the white space behind it', async () => {
  expect(await placesIn('the cat…\nthe', 'the cat...\nthe', [0, 4, 10, 11], noPause)).toEqual([0, 4, 8, 9]);
  expect(await placesIn('a… b', 'a... b', [0, 1, 2, 3, 4, 5], noPause)).toEqual([0, 1, 2, 2, 2, 3]);
  expect(await placesIn('a½ b', 'a1⁄2 b', [0, 4, 5], noPause)).toEqual([0, 2, 3]);
});

test('long white space without a line feed is searched once', async () => {
  // A scan for each line feed would take some 10^10 steps.
  const length = 200_000;
  const offsets = Array.from({ length: length / 2 }, (_, i) => i);
  const places = await placesIn(`${' '.repeat(length)}x`, `${'\n'.repeat(length / 2)}x`, offsets, noPause);
  expect(places).toHaveLength(offsets.length);
  expect(places.every((place, i) => i === 0 || place >= places[i - 1])).toBe(true);
});
