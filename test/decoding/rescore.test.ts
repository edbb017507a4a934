import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LanguageModel, rescore, train, tuneRescoring } from '#kneser/src/index.js';
import type { NBestList, RescoredList, RescoreOptions } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { temporaryFolder } from '../support/models.js';

const path = join(temporaryFolder('rescore'), 'model');
await train({ sentences: ['the cat sat on the mat', 'the dog sat on the log', 'the cat ran'], out: path, order: 2 });

const LISTS: readonly NBestList[] = [
  {
    id: 'a',
    candidates: [
      { text: 'the cat sad', score: -1 },
      { text: 'the cat sat', score: -1.5 },
      { text: 'the', score: -4 },
    ],
  },
  {
    id: 'b',
    candidates: [
      { text: 'the dog', score: -2 },
      { text: 'the log sat on the dog', score: -2.25 },
    ],
  },
];

async function rescored(options: Partial<RescoreOptions>): Promise<RescoredList[]> {
  await using model = await LanguageModel.open(path);
  const lists: RescoredList[] = [];
  for await (const list of rescore({ model, lists: LISTS, ...options })) lists.push(list);
  return lists;
}

test('totals are those of the formula, sorted, with pyctcdecode’s conventions', async () => {
  await using model = await LanguageModel.open(path);
  const loaded = await model.load();
  for (const { weight = 0.5, wordBonus = 0, oov: offset = -10, normalize = 'none' } of [
    {},
    { weight: 0, wordBonus: 0 },
    { weight: 1.25, wordBonus: 0.75, oov: -3 },
    { normalize: 'tokens' as const },
  ]) {
    for (const [i, { id, candidates }] of (await rescored({ weight, wordBonus, oov: offset, normalize })).entries()) {
      expect(id).toBe(LISTS[i].id);
      expect(candidates.map(({ text }) => text).sort()).toEqual(LISTS[i].candidates.map(({ text }) => text).sort());
      candidates.forEach(({ text, score, log10Prob, oov, words, total }, c) => {
        const scored = loaded.score(text);
        expect([log10Prob, words]).toEqual([scored.log10Prob, text.split(' ').length]);
        expect(oov).toBe(text.includes('sad') ? 1 : 0);
        const sum = score + weight * Math.LN10 * (log10Prob + offset * oov) + wordBonus * words;
        expect(total).toBeCloseTo(normalize === 'tokens' ? sum / (words + 1) : sum, 10);
        if (c > 0) expect(total).toBeLessThanOrEqual(candidates[c - 1].total);
      });
      if (weight === 0) expect(candidates.map(({ text }) => text)).toEqual(LISTS[i].candidates.map(({ text }) => text));
    }
  }
  expect((await rescored({}))[0].candidates[0].text).toBe('the cat sat');
  expect((await rescored({ keepFirstUnless: 100 }))[0].candidates[0].text).toBe('the cat sad');
  expect((await rescored({ keepFirstUnless: 0.1 }))[0].candidates[0].text).toBe('the cat sat');
});

test('keepFirstUnless compares the totals for each token, also where these are normalized', async () => {
  for (const normalize of ['none', 'tokens'] as const) {
    const [{ candidates }] = await rescored({ normalize });
    const first = candidates.find(({ text }) => text === 'the cat sad');
    const difference = candidates[0].total - (first?.total ?? NaN);
    const gap = normalize === 'tokens' ? difference : difference / 4;
    const bestWith = async (keepFirstUnless: number): Promise<string | undefined> =>
      (await rescored({ normalize, keepFirstUnless }))[0].candidates.at(0)?.text;
    expect(await bestWith(gap + 1e-9)).toBe('the cat sad');
    expect(await bestWith(gap - 1e-9)).toBe(candidates[0].text);
  }
});

test('tuning finds weights that choose the right candidates', async () => {
  await using model = await LanguageModel.open(path);
  const references = ['the cat sat', 'the dog'];
  for (const [metric, first] of [
    ['wer', 1 / 5],
    ['cer', 1 / 18],
    ['exact', 1 / 2],
  ] as const) {
    const report = await tuneRescoring({ model, lists: LISTS, references, metric });
    expect(report).toMatchObject({ metric, lists: 2, tuned: 0, oracle: 0 });
    expect(report.first).toBeCloseTo(first, 12);
    const best = await rescored({ weight: report.weight, wordBonus: report.wordBonus });
    expect(best.map(({ candidates }) => candidates[0].text)).toEqual(references);
  }
  // An empty reference has no words, of which there would be errors.
  const { first } = await tuneRescoring({ model, lists: LISTS, references: ['the cat sat', ''] });
  expect(first).toBe(1);
  await expect(tuneRescoring({ model, lists: LISTS, references: ['', ''] })).rejects.toThrow('all are empty');
  await expect(tuneRescoring({ model, lists: LISTS, references: ['one'] })).rejects.toThrow(
    'references: there are 1 for 2 lists',
  );
});

test('the command rescores, tunes, and warns of candidates of another vocabulary', async () => {
  const cli = new CommandLine('rescore');
  const file = cli.file(LISTS.map(list => JSON.stringify(list)).join('\n') + '\n', '.jsonl');
  expect(await cli.print(['rescore', path, file])).toBe('the cat sat\nthe dog\n');
  const [first] = await cli.json<RescoredList>(['rescore', path, file]);
  expect(first).toEqual((await rescored({}))[0]);
  const references = cli.file('the cat sat\nthe dog\n');
  expect(await cli.json(['rescore', path, file, '--tune', references])).toMatchObject([{ metric: 'wer', tuned: 0 }]);
  const strange = await cli.run(['rescore', path, cli.file('a ||| THE CAT ||| f ||| 1\n')]);
  expect(strange).toMatchObject({ status: 0, stdout: 'THE CAT\n' });
  expect(strange.stderr).toContain('100 % of the tokens of the candidates are unknown to the model');
  expect(await cli.refuse(2, ['rescore', path, file, '--metric', 'cer'])).toContain('--metric: belongs to --tune');
  expect(await cli.refuse(2, ['rescore', path, file, '--tune', references, '--weight', '1'])).toContain(
    '--weight: excludes --tune',
  );
  expect(await cli.refuse(2, ['rescore', path, cli.file('{"id":1,"candidates":[]}\n')])).toContain(
    'line 1: has no candidates',
  );
});

test('what is no list of candidates is refused by its number or name', async () => {
  for (const [list, message] of [
    [null, 'list 2: null has no candidates'],
    ['the', 'list 2: "the" has no candidates'],
    [{ id: 'x' }, 'list x: an object has no candidates'],
    [{ id: 'x', candidates: 'the' }, 'list x: an object has no candidates'],
    [{ id: 'x', candidates: [null] }, 'list x: candidate 1: its text is undefined'],
  ] as const) {
    const refused = rescored({ lists: [LISTS[0], list as unknown as NBestList] });
    await expect(refused).rejects.toMatchObject({
      code: 'KNESER_INPUT_NBEST',
      message: expect.stringContaining(message) as string,
    });
  }
});

test('a candidate whose score is no number, or whose text is no string, is refused by name', async () => {
  for (const [candidate, reason] of [
    [{ text: 'the', score: NaN }, 'list x: candidate 2: its score is NaN'],
    [{ text: 'the', score: '1' }, 'list x: candidate 2: its score is "1"'],
    [{ text: 'the' }, 'list x: candidate 2: its score is undefined'],
    [{ text: 3, score: 1 }, 'list x: candidate 2: its text is 3'],
  ] as const) {
    const lists = [{ id: 'x', candidates: [{ text: 'the cat', score: 1 }, candidate] }] as unknown as NBestList[];
    await expect(rescored({ lists })).rejects.toThrow(reason);
  }
});
