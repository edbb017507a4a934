import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LanguageModel, pack, train, type Score } from '#kneser/src/index.js';
import { PIECE_WORDS } from '#kneser/src/model/scoring/perplexity.js';
import { randomNumbers, temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('block-threads');

/** Lines of up to 8 words. */
function textOf(lines: number, seed: number): string {
  const random = randomNumbers(seed);
  const word = (): string => `w${Math.floor(300 * random() ** 3)}`;
  return Array.from(
    { length: lines },
    () => Array.from({ length: Math.floor(9 * random()) }, word).join(' ') + '\n',
  ).join('');
}

async function all(scores: AsyncIterable<Score>): Promise<Score[]> {
  const found: Score[] = [];
  for await (const score of scores) found.push(score);
  return found;
}

const text = join(folder, 'text.txt');
const lines = textOf(7200, 1);
writeFileSync(text, lines);

test('the text is longer than a piece, so that threads share it', () => {
  // The words, and the end of each line.
  expect(lines.match(/\w+|\n/g)?.length).toBeGreaterThan(PIECE_WORDS);
});

test.each([
  ['Kneser-Ney', {}],
  ['a mixture with classes', { patterns: { skip: true }, classes: [5, 3] }],
])('%s: threads that read blocks give the figures of tables in memory, to the last bit', async (name, options) => {
  const out = join(folder, name);
  await train({ sentences: textOf(600, 2).split('\n'), out, order: 3, ...options });
  await pack({ model: out, out: `${out}.kneser` });
  await using inMemory = await LanguageModel.open(out, { tables: 'load' });
  const ends = [{}, { start: false }, { end: false }];
  const expected = await Promise.all(ends.map(how => inMemory.perplexityOfFile(text, how)));
  for (const path of [out, `${out}.kneser`]) {
    await using model = await LanguageModel.open(path, { tables: 'page' });
    for (const threads of [1, 2, 3]) {
      expect(await Promise.all(ends.map(how => model.perplexityOfFile(text, { ...how, threads })))).toEqual(expected);
    }
  }
});

test('threads that score the first words of a large text before its batches give the same figures', async () => {
  const out = join(folder, 'warm');
  await train({ sentences: textOf(600, 5).split('\n'), out, order: 4 });
  const perplexityWith = async (threads: number): Promise<unknown> => {
    await using model = await LanguageModel.open(out, { tables: 'page' });
    // The second text finds threads that have scored the first.
    return [
      await model.perplexityOfFile(text, { threads, expectedBytes: 1e8 }),
      await model.perplexityOfFile(text, { threads, expectedBytes: 1e8 }),
    ];
  };
  expect(await perplexityWith(3)).toEqual(await perplexityWith(1));
});

test('sentences that are scored together from blocks have the scores of single calls, in order', async () => {
  const out = join(folder, 'sentences');
  await train({ sentences: textOf(300, 3).split('\n'), out, order: 3 });
  await pack({ model: out, out: `${out}.kneser` });
  const sentences = [...textOf(300, 4).split('\n'), 'unheard words'];
  for (const path of [out, `${out}.kneser`]) {
    await using model = await LanguageModel.open(path, { tables: 'page' });
    for (const ends of [{}, { start: false }, { end: false }]) {
      const expected: Score[] = [];
      for (const sentence of sentences) expected.push(await model.score(sentence, ends));
      for (const threads of [1, 2])
        expect(await all(model.scoreEach(sentences, { ...ends, threads }))).toEqual(expected);
    }
    expect(await all(model.scoreEach([]))).toEqual([]);
    await expect(all(model.scoreEach(sentences, { threads: 0 }))).rejects.toMatchObject({ code: 'KNESER_OPTION' });
  }
});

test('closing a model refuses the calls that are under way', async () => {
  const out = join(folder, 'closed');
  await train({ sentences: textOf(300, 5).split('\n'), out, order: 2 });
  const model = await LanguageModel.open(out, { tables: 'page' });
  let close = (): void => undefined;
  const closed = new Promise<void>(resolve => (close = resolve));
  async function* sentences(): AsyncGenerator<string> {
    yield 'a sentence';
    await closed;
    yield 'another sentence';
  }
  const scores = model.scoreEach(sentences(), { threads: 2 });
  expect((await scores.next()).done).toBe(false);
  await model.close();
  close();
  await expect(all(scores)).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
  await expect(model.perplexityOfFile(text)).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
});
