import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { overlap, type OverlapOptions, type OverlapReport, type OverlapRow } from '#kneser/src/index.js';
import { CommandLine, parseLines } from '../support/command-line.js';
import { sharedFile } from '../support/models.js';

const cli = new CommandLine('overlap-cli');

async function found(options: OverlapOptions): Promise<{ rows: OverlapRow[]; report: OverlapReport | undefined }> {
  let report: OverlapReport | undefined;
  const rows: OverlapRow[] = [];
  for await (const row of overlap({ ...options, onReport: all => (report = all) })) rows.push(row);
  return { rows, report };
}

test('hits, coverage and documents are those of a comparison of all n-grams', async () => {
  const line = fc.array(fc.constantFrom('a', 'b', 'c', 'dé'), { maxLength: 14 });
  const property = fc.asyncProperty(
    fc.array(line, { minLength: 1, maxLength: 8 }),
    fc.array(line, { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 1, max: 10 }),
    fc.integer({ min: 1, max: 3 }),
    async (train, items, n, maxDocuments) => {
      const text = (lines: readonly (readonly string[])[]): string =>
        lines.map(words => `${words.join(' ')}\n`).join('');
      fc.pre(train.some(words => words.length > 0));
      const options = { train: [cli.file(text(train))], test: [cli.file(text(items))], n, maxDocuments };
      const { rows, report } = await found({ ...options, normalize: 'none' });
      const distinct = new Set<string>();
      items.forEach((words, i) => {
        const length = words.length >= n ? n : words.length;
        const isShort = words.length < Math.min(n, 8);
        const covered = new Set<number>();
        const hits = new Set<string>();
        let first = Infinity;
        for (let at = 0; !isShort && at + length <= words.length; at++) {
          const ngram = words.slice(at, at + length).join(' ');
          const inside = train.flatMap((own, d) => (` ${own.join(' ')} `.includes(` ${ngram} `) ? [d] : []));
          if (inside.length === 0 || inside.length > maxDocuments) continue;
          hits.add(ngram);
          distinct.add(ngram);
          first = Math.min(first, inside[0]);
          for (let k = 0; k < length; k++) covered.add(at + k);
        }
        expect(rows[i]).toMatchObject({
          tokens: words.length,
          hits: hits.size,
          coverage: words.length === 0 ? 0 : covered.size / words.length,
          contaminated: isShort ? null : hits.size > 0,
          first: hits.size > 0 ? { index: first } : null,
        });
      });
      expect(report).toMatchObject({ items: items.length, distinct: distinct.size, trainDocuments: train.length });
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test('text is compared without case and punctuation, in ASCII and beyond', async () => {
  const train = cli.file('{"text":"First line.\\nThe JURY, praised the city\'s Über-mayor; again"}\n', '.jsonl');
  const items = cli.file('{"id":"q1","text":"line the jury praised the citys übermayor AGAIN!"}\n', '.jsonl');
  const { rows } = await found({ train: [train], test: [items], n: 8 });
  expect(rows).toMatchObject([{ id: 'q1', hits: 1, coverage: 1, longest: 8, spans: [[0, 8]], contaminated: true }]);
  const strict = await found({ train: [train], test: [items], n: 8, normalize: 'none' });
  expect(strict.rows).toMatchObject([{ hits: 0, first: null, contaminated: false }]);
});

test('answers, questions and what reaches over both are counted apart; scores of both kinds of items are compared', async () => {
  const train = cli.file('one two three four five six\nseven eight nine ten\n');
  const items = cli.file(
    [
      { q: 'one two', a: 'three four five', solved: true },
      { q: 'seven eight nine', a: 'nothing of this', solved: false },
      { q: 'zero', a: 'nothing of that', solved: 0.5 },
    ]
      .map(item => `${JSON.stringify(item)}\n`)
      .join(''),
    '.jsonl',
  );
  const options = { train: [train], test: [items], n: 2, query: 'q', answer: 'a', scores: 'solved' };
  const { rows, report } = await found(options);
  expect(rows.map(({ hits, borderHits, queryHits }) => [hits, borderHits, queryHits])).toEqual([
    [2, 1, 1],
    [0, 0, 2],
    [0, 0, 0],
  ]);
  expect(report?.scores).toMatchObject({ all: 0.5, clean: 0.25, contaminated: 1, difference: 0.75 });
});

test('the command writes a row an item, and a report', async () => {
  const train = cli.file('the jury praised the city and its mayor\n');
  const items = cli.file('{"text":"it says the jury praised the city today"}\n{"text":"short"}\n', '.jsonl');
  const out = cli.fresh('rows') + '.jsonl';
  const args = ['overlap', '--train', train, '--test', items, '--n', '4'];
  const [report] = await cli.json<OverlapReport>([...args, '--out', out]);
  expect(report).toMatchObject({
    items: 2,
    tooShort: 1,
    contaminated: 1,
    withHits: 1,
    found: 2,
    distinct: 2,
    covered: 5,
  });
  expect(parseLines(readFileSync(out, 'utf8'))).toMatchObject([{ hits: 2, spans: [[2, 7]] }, { contaminated: null }]);
  const page = cli.fresh('page') + '.html';
  expect(await cli.print([...args, '--html', page])).toMatch(/contaminated +1 +50.00 %/);
  const html = readFileSync(page, 'utf8');
  expect(html).toContain('1 of 2 items are contaminated');
  expect(html).toContain('it says <mark>the jury praised the city</mark> today');
  expect(html.match(/<rect class="kept"/g)).toHaveLength(20);
  expect(html).not.toMatch(/NaN|undefined|https?:/);
  const broken = cli.file('{"x":1}\n', '.jsonl');
  expect(await cli.refuse(2, ['overlap', '--train', train, '--test', broken])).toMatch(/no text in the member text/);
  expect(await cli.refuse(2, [...args, '--query', 'q'])).toMatch(/--query: belongs to --answer/);
  // A benchmark is not clean because there was nothing to compare it with.
  const empty = cli.file(' \n');
  expect(await cli.refuse(2, ['overlap', '--train', empty, '--test', train])).toMatch(/the training text is empty/);
  expect(await cli.refuse(2, ['overlap', '--train', train, '--test', cli.file('')])).toMatch(/there is no item/);
  expect(await cli.refuse(2, [...args, '--scores', 'nope'])).toMatch(
    /--scores: no item has a number in the member nope/,
  );
});

const [train, items] = ['train', 'test'].map(part => sharedFile(`corpora/ptb/${part}.txt`));

test.skipIf(train === undefined)('figures on the Penn Treebank are those of brute force', async () => {
  const expected: [number, number, number, number, number, number, number][] = [
    // n, lines with a hit, n-grams, found, different ones found, tokens covered, tokens
    [5, 1424, 63_769, 5140, 3803, 12_645, 78_257],
    [8, 273, 53_064, 1286, 1048, 3388, 77_200],
    [13, 64, 36_744, 390, 340, 1167, 71_844],
  ];
  for (const [n, withHits, ngrams, places, distinct, covered, tokens] of expected) {
    const options = { train: [train ?? ''], test: [items ?? ''], n, normalize: 'none', maxDocuments: 1e9 } as const;
    const long = (await found(options)).rows.filter(row => row.tokens >= n);
    const sum = (of: (row: OverlapRow) => number): number => long.reduce((all, row) => all + of(row), 0);
    expect(long.filter(({ hits }) => hits > 0).length).toBe(withHits);
    expect(sum(row => row.ngrams)).toBe(ngrams);
    expect(sum(row => row.found)).toBe(places);
    expect(sum(row => row.tokens)).toBe(tokens);
    expect(Math.round(sum(row => row.coverage * row.tokens))).toBe(covered);
    if (n <= 8) expect((await found(options)).report?.distinct).toBe(distinct);
  }
});
