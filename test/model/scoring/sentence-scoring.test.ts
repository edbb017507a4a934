import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LanguageModel, train, type Score } from '#kneser/src/index.js';
import { CommandLine } from '../../support/command-line.js';
import { temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('sentence-scoring');
const cli = new CommandLine('sentence-scoring-cli');
const SENTENCES = Array.from(
  { length: 4000 },
  (_, i) => ['a b c d', 'b stranger c', 'd', '', 'c a b a c d a b'][i % 5],
);

async function all(scores: AsyncIterable<Score>): Promise<Score[]> {
  const found: Score[] = [];
  for await (const score of scores) found.push(score);
  return found;
}

test('sentences that threads score have the scores of single calls, in order', async () => {
  const out = join(folder, 'model');
  await train({ sentences: SENTENCES, out, order: 3 });
  await using opened = await LanguageModel.open(out);
  await using model = await opened.load();
  for (const ends of [{}, { start: false }, { end: false }]) {
    const expected = SENTENCES.map(sentence => model.score(sentence, ends));
    for (const threads of [1, 2]) expect(await all(model.scoreEach(SENTENCES, { ...ends, threads }))).toEqual(expected);
  }
  expect(await all(model.scoreEach([]))).toEqual([]);
  await expect(all(model.scoreEach(SENTENCES, { threads: 0 }))).rejects.toMatchObject({ code: 'KNESER_OPTION' });
});

test('a sentence is scored before the next one arrives', async () => {
  const out = join(folder, 'slow');
  await train({ sentences: SENTENCES, out, order: 2 });
  await using opened = await LanguageModel.open(out);
  await using model = await opened.load();
  const texts = ['a b', 'c d', 'a'];
  const seen = texts.map(() => {
    let see = (): void => undefined;
    return { promise: new Promise<void>(resolve => (see = resolve)), see };
  });
  let asked = 0;
  async function* slowly(): AsyncGenerator<string> {
    for (const [i, text] of texts.entries()) {
      asked++;
      yield text;
      // The next one comes when this one's score was seen.
      await seen[i].promise;
    }
  }
  let scored = 0;
  for await (const score of model.scoreEach(slowly(), { threads: 2 })) {
    expect(score).toEqual(model.score(texts[scored]));
    expect(asked).toBe(scored + 1);
    seen[scored++].see();
  }
  expect(scored).toBe(3);
});

test('kneser score prints the same with --threads', async () => {
  const text = cli.file(SENTENCES.join('\n') + '\n');
  const model = cli.fresh();
  await cli.train([text, '--out', model, '--order', '3']);
  const flags = ['score', model, text, '--tables', 'load'];
  const printed = await cli.print(flags);
  expect(printed.split('\n')).toHaveLength(4001);
  expect(await cli.print([...flags, '--threads', '2'])).toBe(printed);
  expect(await cli.json([...flags, '--no-end', '--threads', '2'])).toEqual(await cli.json([...flags, '--no-end']));
  expect(await cli.refuse(2, [...flags, '--threads', '0'])).toContain('--threads');
});
