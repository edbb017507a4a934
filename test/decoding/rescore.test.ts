import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LanguageModel, rescore, train, tuneRescoring } from '#kneser/src/index.js';
import type { NBestList, RescoredList, RescoreOptions } from '#kneser/src/index.js';
import { editDistance } from '#kneser/src/decoding/edit-distance.js';
import { NBestReader } from '#kneser/src/decoding/nbest.js';
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

function read(text: string, file = 'file'): NBestList[] {
  const reader = new NBestReader(file);
  const lists = text.split('\n').flatMap(line => reader.add(line) ?? []);
  return [...lists, ...[reader.end() ?? []].flat()];
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
  await expect(tuneRescoring({ model, lists: LISTS, references: ['one'] })).rejects.toThrow(
    'references: there are 1 for 2 lists',
  );
});

test('the three formats are read', () => {
  const json = LISTS.map(list => JSON.stringify(list)).join('\n');
  expect(read(json)).toEqual(LISTS);
  const single = LISTS.flatMap(({ id, candidates }) => candidates.map(one => JSON.stringify({ id, ...one }))).join(
    '\n',
  );
  expect(read(single)).toEqual(LISTS);
  const moses = LISTS.flatMap(({ id, candidates }) =>
    candidates.map(({ text, score }) => `${id} ||| ${text} ||| lm: -3 ||| ${score}`),
  );
  expect(read(moses.join('\n'))).toEqual(LISTS);
  expect(read('-2.5 -3.5 2 the cat\n-3 -1 4 <s> the dog </s>', 'u1')).toEqual([
    {
      id: 'u1',
      candidates: [
        { text: 'the cat', score: -2.5 * Math.LN10 },
        { text: 'the dog', score: -3 * Math.LN10 },
      ],
    },
  ]);
  expect(read('NBestList1.0\n(-10000.5) the cat', 'u2')[0].candidates[0].score).toBeCloseTo(-1024 * Math.LN10, 9);
});

test('lists without candidates and other damage are refused with their line', () => {
  const faults: [string, string][] = [
    ['{"id": 1, "candidates": []}', 'file, line 1: has no candidates'],
    [`${JSON.stringify(LISTS[0])}\n{"id": 2}`, 'file, line 2: has a candidate whose "text" is no string'],
    ['{"candidates": 3}', 'has "candidates" that are no list'],
    ['{"id": 1, "candidates": [{"text": "a", "score": "b"}]}', 'whose "score" is no finite number'],
    ['{"id": 1, "candidates": [{"text": "a", "scores": {"am": 1}}]}', 'has a candidate with "scores" and no "score"'],
    ['{"id": ', 'is no JSON'],
    ['a ||| b ||| c ||| d', 'is not `id ||| text ||| features ||| score`'],
    ['-1 -2 3 one two', 'with as many words as it says'],
    ['just some text', 'is no n-best list'],
  ];
  for (const [text, message] of faults) expect(() => read(text)).toThrow(message);
});

test('edit distances are those of a search through all edits', () => {
  const brute = (a: string[], b: string[]): number =>
    a.length === 0 || b.length === 0
      ? a.length + b.length
      : Math.min(
          brute(a.slice(1), b) + 1,
          brute(a, b.slice(1)) + 1,
          brute(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
        );
  const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 });
  fc.assert(
    fc.property(words, words, (a, b) => editDistance(a, b) === brute(a, b)),
    { numRuns: 50 },
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
