import { expect, test } from 'vitest';
import { train } from '#kneser/src/index.js';
import { randomNumbers, temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('fallback-note');
const random = randomNumbers(11);
/** Words of a vocabulary that falls off as that of natural text does. */
const words = (types: number, length: number): string =>
  Array.from({ length }, () => `w${Math.floor(types ** random())}`).join(' ');
const many = Array.from({ length: 3000 }, () => words(3000, 8));
let models = 0;

async function notesOf(sentences: readonly string[], order = 3): Promise<readonly string[]> {
  return (await train({ sentences, out: `${folder}/model-${models++}`, order })).notes;
}

test.each<[string, () => readonly string[], number, RegExp]>([
  ['a small text', () => ['the cat sat', 'the dog sat'], 2, /small, 8 tokens: train on more\.$/],
  [
    'characters, of which there are few types',
    () =>
      Array.from({ length: 2000 }, () =>
        Array.from({ length: 40 }, () => 'abcdefghijklmn'[Math.floor(14 * random())]).join(' '),
      ),
    3,
    /^The discounts of 1 \(none of 15 n-grams has the count 1\), .* 0\.5, 1 and 1\.5 are used there\. The text has few types, 16,/,
  ],
  [
    'a text that is given four times',
    () => [...many, ...many, ...many, ...many],
    3,
    /111 \(none of [\d,]+ n-grams has the count 1\) cannot be .* occurs once: does the text hold everything several times\?/,
  ],
  [
    'n-grams so long that hardly one recurs',
    () => many,
    6,
    /111111 \(none of [\d,]+ n-grams has the count [23]\) .*train on more text, or lower the order\.$/,
  ],
])('the cause is named, with figures, for %s', async (_, text, order, note) => {
  expect(await notesOf(text(), order)).toEqual([expect.stringMatching(note)]);
});

test('there is no note where all discounts are estimated', async () => {
  expect(await notesOf(many, 2)).toEqual([]);
});

test('many tables are not all listed', async () => {
  const { notes } = await train({ sentences: ['a b c d e'], out: `${folder}/all`, order: 5, patterns: { skip: true } });
  expect(notes).toEqual([
    expect.stringMatching(/^The discounts of 1 \(.*\), 11 \(.*\), 1_1 \(.*\), 13 other tables cannot be/),
  ]);
});

test('fewer classes than asked for are noted', async () => {
  const classes = [3, 2];
  const { notes } = await train({ sentences: ['a b c d e'], out: `${folder}/classes`, order: 3, classes, modelM: 2 });
  expect(notes.slice(1)).toEqual([
    expect.stringMatching(
      /^classes 3, 2: a vocabulary of \d+ types has none, and Model M was left out, because each class has 20 words or more$/,
    ),
  ]);
});
