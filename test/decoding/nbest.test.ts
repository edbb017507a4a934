import { expect, test } from 'vitest';
import type { NBestList } from '#kneser/src/index.js';
import { NBestReader } from '#kneser/src/decoding/nbest.js';

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

function read(text: string, file = 'file'): NBestList[] {
  const reader = new NBestReader(file);
  const lists = text.split('\n').flatMap(line => reader.add(line) ?? []);
  return [...lists, ...[reader.end() ?? []].flat()];
}

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
  expect(read('NBestList1.0\n(-10000.5) the cat', 'u2')[0].candidates[0].score).toBeCloseTo(-1024, 9);
});

test('lists without candidates and other damage are refused with their line', () => {
  const faults: [string, string][] = [
    ['{"id": 1, "candidates": []}', 'file, line 1: has no candidates'],
    [`${JSON.stringify(LISTS[0])}\n{"id": 2}`, 'file, line 2: has a candidate whose "text" is no string'],
    ['{"candidates": 3}', 'has "candidates" that are no list'],
    ['{"id": 1, "candidates": [{"text": "a", "score": "b"}]}', 'whose "score" is no finite number'],
    ['{"id": 1, "candidates": [{"text": "a", "scores": {"am": 1}}]}', 'has a candidate with "scores" and no "score"'],
    [
      '{"id": 1, "candidates": [{"text": "a \\"score\\":2e999", "score": 1}, {"text": "b", "score" : -1e999}]}',
      'file, line 1: has the score -1e999, which is too large',
    ],
    ['a ||| b ||| c ||| 1e999', 'file, line 1: has the score 1e999, which is too large'],
    ['-1e999 -2 2 one two', 'file, line 1: has the score -1e999, which is too large'],
    ['-1.2.3 -2 2 one two', 'file, line 1: has the score -1.2.3, which is no number'],
    ['{"id": ', 'is no JSON'],
    ['a ||| b ||| c ||| d', 'is not `id ||| text ||| features ||| score`'],
    ['-1 -2 3 one two', 'with as many words as it says'],
    ['just some text', 'is no n-best list'],
  ];
  for (const [text, message] of faults) expect(() => read(text)).toThrow(message);
});
