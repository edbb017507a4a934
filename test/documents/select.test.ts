import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bertinWeight, keptRanks, scaleFor } from '#kneser/src/documents/choices.js';
import { writeBuckets } from '#kneser/src/documents/output.js';
import { annotate, select, train, type SelectionReport, type SelectOptions } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('select');
const cli = new CommandLine('select-cli');

/** Writes objects with a figure `x`, and as many tokens as `tokens` says. */
function fileOf(figures: readonly (number | null | undefined)[], more: (i: number) => object = () => ({})): string {
  const lines = figures.map((x, i) =>
    JSON.stringify({ id: i, ...(x === undefined ? {} : { x }), tokens: 10 + i, ...more(i) }),
  );
  return cli.file(lines.map(line => `${line}\n`).join(''), '.jsonl');
}

type Method = Omit<SelectOptions, 'files' | 'by'>;

async function chosen(file: string, method: Method): Promise<{ ids: number[]; report: SelectionReport | undefined }> {
  let report: SelectionReport | undefined;
  const ids: number[] = [];
  const options = { files: [file], by: 'x', ...method, onReport: (found: SelectionReport) => void (report = found) };
  for await (const { document } of select(options)) ids.push(document.id as number);
  return { ids, report };
}

const random = randomNumbers(5);
const FIGURES = Array.from({ length: 500 }, () => Math.round(1000 * Math.exp(2 * random())) / 10);

test('φ makes the mean probability the share, and the kept share is near it', async () => {
  const weights = Float64Array.from(FIGURES, x => bertinWeight('gaussian', x, [150, 250, 400]));
  for (const share of [0.01, 0.3, 0.95]) {
    const phi = scaleFor(weights, share);
    const mean = weights.reduce((sum, weight) => sum + Math.min(1, phi * weight), 0) / weights.length;
    expect(mean).toBeCloseTo(share, 10);
  }
  const file = fileOf([...FIGURES, null, undefined]);
  for (const how of ['gaussian', 'stepwise'] as const) {
    const { ids, report } = await chosen(file, { sample: { how, share: 0.4 } });
    expect(Math.abs(ids.length - 200)).toBeLessThan(3 * Math.sqrt(500 * 0.24));
    expect(report).toMatchObject({ withoutFigure: 2, kept: { documents: ids.length } });
    expect(ids.every(id => id < 500)).toBe(true);
  }
});

test('weights are written beside the figures, and a count draws by them', async () => {
  const file = fileOf([0.1, 0.2, 0.4], () => ({ big: 12 }));
  const rows: string[] = [];
  const options = { files: [file], by: 'x', sample: { how: 'inverse', segments: 3 } } as const;
  for await (const { line, weight } of select(options)) {
    expect(new TextDecoder().decode(line)).toContain(`,"kneser":{"weight":${weight}}}`);
    rows.push(new TextDecoder().decode(line));
  }
  expect(rows.length).toBe(3);
  const annotated = cli.file(
    '{"kneser":{"commonness":0.5,"tokens":3}, "n":1.0}\n{"kneser":{"commonness":0.25,"tokens":3}}',
    '.jsonl',
  );
  const lines = (
    await cli.print(['select', annotated, '--by', 'kneser.commonness', '--sample', 'inverse', '-q'])
  ).split('\n');
  expect(lines[0]).toMatch(/^\{"kneser":\{"commonness":0.5,"tokens":3,"weight":[\d.]+\}, "n":1.0\}$/);
  expect((await chosen(file, { sample: { how: 'inverse', count: 2 } })).ids.length).toBe(2);
});

test('shares by rank, of documents and of tokens', async () => {
  const file = fileOf([5, 1, 4, null, 3, 2, 3]);
  const keep = async (which: 'lowest' | 'middle' | 'highest', share: number): Promise<number[]> =>
    (await chosen(file, { keep: { which, share } })).ids;
  expect(await keep('lowest', 0.5)).toEqual([1, 4, 5]);
  expect(await keep('highest', 0.5)).toEqual([0, 2, 6]);
  expect(await keep('middle', 1 / 3)).toEqual([4, 6]);
  expect(await keep('lowest', 1)).toEqual([0, 1, 2, 4, 5, 6]);
  expect(await keep('lowest', 0)).toEqual([]);
  // Floor: 0.29 · 100 is 28.999999999999996 as a double, and stands for 29.
  expect(keptRanks('lowest', 0.29, 100)).toEqual([0, 29]);
  expect(keptRanks('lowest', 0.5, 7)).toEqual([0, 3]);
  expect(keptRanks('highest', 0.3, 9)).toEqual([7, 9]);
  expect(keptRanks('middle', 0.5, 7)).toEqual([2, 6]);
  const tokens = cli.file(
    '{"id":0,"x":1,"tokens":70}\n{"id":1,"x":2,"tokens":20}\n{"id":2,"x":3,"tokens":10}\n',
    '.jsonl',
  );
  expect((await chosen(tokens, { keep: { which: 'lowest', share: 0.5, of: 'tokens' } })).ids).toEqual([0]);
  expect((await chosen(tokens, { keep: { which: 'highest', share: 0.15, of: 'tokens' } })).ids).toEqual([2]);
});

test('shares within each value of a member, and within bins of length', async () => {
  const file = fileOf(FIGURES.slice(0, 100), i => ({ language: i < 20 ? 'de' : 'en' }));
  const { ids, report } = await chosen(file, { keep: { which: 'lowest', share: 0.5 }, within: 'language' });
  expect(ids.filter(id => id < 20).length).toBe(10);
  expect(report?.within).toEqual([
    { name: 'de', all: 20, kept: 10, share: 0.5, shareBefore: 0.2, shareAfter: 0.2 },
    { name: 'en', all: 80, kept: 40, share: 0.5, shareBefore: 0.8, shareAfter: 0.8 },
  ]);
  const binned = (await chosen(file, { keep: { which: 'lowest', share: 0.5 }, lengthBins: 4 })).ids;
  for (let bin = 0; bin < 4; bin++) {
    const own = binned.filter(id => id >= 25 * bin && id < 25 * (bin + 1)).length;
    expect(Math.abs(own - 12.5)).toBeLessThanOrEqual(1);
  }
});

test('buckets end strictly below their percentile, and have files of their own', async () => {
  const path = join(folder, 'packed.jsonl.gz');
  writeFileSync(
    path,
    gzipSync(FIGURES.map((x, id) => `{"id":${id},"x":${x}.0}\n`.replace(/(\.\d+)\.0/, '$1')).join('')),
  );
  const out = join(folder, 'buckets');
  const args = ['select', path, '--by', 'x', '--buckets', 'head:30,middle:60,tail', '--out-dir', out, '--json'];
  const [report] = await cli.json<SelectionReport>(args.slice(0, -1));
  const sorted = [...FIGURES].sort((a, b) => a - b);
  const percentile = (p: number): number => {
    const at = p * (sorted.length - 1);
    const low = Math.floor(at);
    return sorted[low] + (at - low) * (sorted[low + 1] - sorted[low]);
  };
  const [p30, p60] = [percentile(0.3), percentile(0.6)];
  expect(readdirSync(out).sort()).toEqual(['head.jsonl.gz', 'middle.jsonl.gz', 'tail.jsonl.gz']);
  const read = (name: string): number[] =>
    gunzipSync(readFileSync(join(out, `${name}.jsonl.gz`)))
      .toString()
      .split('\n')
      .slice(0, -1)
      .map(line => (JSON.parse(line) as { x: number }).x);
  expect(read('head')).toEqual(FIGURES.filter(x => x < p30));
  expect(read('middle')).toEqual(FIGURES.filter(x => x >= p30 && x < p60));
  expect(read('tail')).toEqual(FIGURES.filter(x => x >= p60));
  expect(report.buckets?.map(({ documents }) => documents)).toEqual([
    read('head').length,
    read('middle').length,
    read('tail').length,
  ]);
  expect(report.quantiles.find(row => row.percentile === 30)?.all).toBeCloseTo(p30, 10);
  const at = await chosen(path, { buckets: { names: ['a', 'b'], at: [200] } });
  expect(at.report?.buckets?.[0].documents).toBe(FIGURES.filter(x => x < 200).length);
});

test('a choice that fails leaves neither a file nor the folder that it made', async () => {
  const there = cli.fresh('there');
  mkdirSync(there);
  const cases: [string, RegExp][] = [
    ['{"x":1}\n{"x":', /line 2: not JSON/],
    ['{"x":1}\n{"x":"1"}', /line 2: x is "1", not a number/],
    ['{"y":1}', /no document has a number at x/],
  ];
  for (const [content, message] of cases) {
    const file = cli.file(content, '.jsonl');
    const fresh = cli.fresh('fresh');
    for (const to of [
      ['--at', 'a:1,b', '--out-dir', join(fresh, 'deep')],
      ['--at', 'a:1,b', '--out-dir', there],
      ['--min', '0', '--out', join(fresh, 'out.jsonl')],
      ['--min', '0', '--report', join(fresh, 'r.json'), '--html', join(fresh, 'r.html')],
    ]) {
      expect(await cli.refuse(2, ['select', file, '--by', 'x', ...to])).toMatch(message);
      expect(existsSync(fresh)).toBe(false);
      expect(readdirSync(there)).toEqual([]);
    }
  }
});

test('lines that fail before the files of the buckets are open leave no file, and only their own error', async () => {
  const out = cli.fresh('buckets');
  const lines = async function* (): AsyncGenerator<never> {
    yield await Promise.reject(new Error('a line that fails'));
  };
  await expect(writeBuckets(new Map([['low', join(out, 'low.jsonl')]]), lines())).rejects.toThrow('a line that fails');
  expect(existsSync(out)).toBe(false);
});

test('the report names unit, tokenizer and model of the figures, and says where they are not known', async () => {
  const model = cli.fresh('model');
  await train({ sentences: ['the cat sat', 'a dog ran'], out: model, order: 2, lowercase: true });
  const texts = [{ text: 'the cat' }, { text: 'a dog' }];
  const rows: unknown[] = [];
  for await (const { document, figures } of annotate({ model, against: model, documents: texts })) {
    rows.push({ ...document, kneser: figures });
  }
  const { identity } = JSON.parse(await cli.print(['inspect', model, '--json'])) as { identity: string };
  const name = `mkn, order 2, ${identity}`;
  const own = { unit: 'lines', tokenizer: 'whitespace, lower case', model: name };
  expect(rows[0]).toMatchObject({ kneser: { ...own, against: { model: name } } });
  const jsonl = (objects: readonly unknown[]): string =>
    cli.file(objects.map(object => `${JSON.stringify(object)}\n`).join(''), '.jsonl');
  const conventions = async (objects: readonly unknown[], by: string): Promise<[unknown, string]> => {
    const run = await cli.run(['select', jsonl(objects), '--by', by, '--min', '-1e9', '--dry-run', '--json', '-q']);
    return [(JSON.parse(run.stdout) as SelectionReport).conventions, run.stderr];
  };
  expect(await conventions(rows, 'kneser.perplexity')).toEqual([[{ ...own, documents: 2 }], '']);
  expect(await conventions(rows, 'kneser.against.log10Ratio')).toEqual([[{ ...own, against: name, documents: 2 }], '']);
  const unknown = { unit: null, tokenizer: null, model: null };
  expect(await conventions([{ loss: 1 }, { loss: null }], 'loss')).toEqual([[{ ...unknown, documents: 1 }], '']);
  const mixed = await conventions([...rows, { kneser: { perplexity: 3 } }], 'kneser.perplexity');
  expect(mixed[0]).toEqual([
    { ...own, documents: 2 },
    { ...unknown, documents: 1 },
  ]);
  expect(mixed[1]).toMatch(/the figures have 2 different conventions/);
  expect(await cli.print(['select', jsonl([{ loss: 1 }]), '--by', 'loss', '--min', '0', '--dry-run'])).toContain(
    'unit: unknown; tokenizer: unknown; model: unknown',
  );
});

test('the same documents are chosen whatever the shards, with examples on both sides of a cut', async () => {
  const file = fileOf(FIGURES, i => ({ text: `document ${i}` }));
  const sample = { sample: { how: 'stepwise', share: 0.3 } } as const;
  const whole = (await chosen(file, sample)).ids;
  const parts: number[] = [];
  for (let part = 1; part <= 3; part++)
    parts.push(...(await chosen(file, { ...sample, shard: { part, parts: 3 } })).ids);
  expect(parts.sort((a, b) => a - b)).toEqual(whole);
  expect((await chosen(file, { ...sample, seed: 2 })).ids).not.toEqual(whole);
  const { ids, report } = await chosen(file, { max: 300 });
  expect(ids).toEqual(FIGURES.flatMap((x, i) => (x <= 300 ? [i] : [])));
  const [cut] = report?.cuts ?? [];
  expect(cut.below[0].figure).toBe(Math.max(...FIGURES.filter(x => x <= 300)));
  expect(cut.above[0].figure).toBe(Math.min(...FIGURES.filter(x => x > 300)));
  expect(cut.below[0].text).toBe(`document ${cut.below[0].id}`);
});

test('a sample of the documents shows nearly the same distribution', async () => {
  const file = fileOf(FIGURES, i => ({ text: `document ${i}` }));
  const args = ['select', file, '--by', 'x', '--keep', 'lowest', '0.5', '--dry-run', '--json', '--sample-rate'];
  const [report] = await cli.json<SelectionReport>([...args.slice(0, -2), '--sample-rate', '0.4']);
  const { documents } = report.all;
  expect(Math.abs(documents - 200)).toBeLessThan(4 * Math.sqrt(500 * 0.24));
  expect(report.kept.documents).toBe(Math.floor(documents / 2));
  const { ids } = await chosen(file, { sampleRate: 0.4, max: 300 });
  expect(ids.every(id => FIGURES[id] <= 300)).toBe(true);
  const all = (await chosen(file, { sampleRate: 0.4, min: 0 })).ids;
  expect(all).toHaveLength(documents);
  expect(ids).toEqual(all.filter(id => FIGURES[id] <= 300));
  const examples = report.cuts?.[0].below ?? [];
  expect(examples.map(({ id, text }) => text === `document ${id}`)).toEqual(examples.map(() => true));
  expect(await cli.refuse(2, [...args, '2'])).toMatch(/--sample-rate: 2 is not a share/);
});

test('the page shows the distribution, its cuts, and documents on both sides', async () => {
  const file = fileOf(FIGURES, i => ({ text: `<b>document</b> ${i}` }));
  const page = cli.fresh('page') + '.html';
  await cli.print(['select', file, '--by', 'x', '--max', '300', '--dry-run', '--html', page]);
  const html = readFileSync(page, 'utf8');
  expect(html.match(/<rect class="all"/g)).toHaveLength(60);
  expect(html.match(/<line class="cut"/g)).toHaveLength(1);
  expect(html.match(/<li><b>/g)).toHaveLength(20);
  expect(html).toContain('&lt;b&gt;document&lt;/b&gt;');
  expect(html).not.toMatch(/NaN|undefined|https?:/);
});

test('planted duplicates are found by commonness', async () => {
  const words = Array.from({ length: 300 }, (_, i) => `w${i}`);
  const document = (): string => Array.from({ length: 40 }, () => words[Math.floor(random() ** 2 * 300)]).join(' ');
  const texts = Array.from({ length: 120 }, (_, i) => ({ text: document(), times: i < 12 ? 5 : 1 }));
  const model = join(folder, 'model');
  await train({
    sentences: texts.flatMap(({ text, times }) => new Array<string>(times).fill(text)),
    out: model,
    order: 4,
  });
  let lines = '';
  for await (const { line } of annotate({ model, documents: texts })) lines += `${new TextDecoder().decode(line)}\n`;
  const file = cli.file(lines, '.jsonl');
  const args = ['select', file, '--by', 'kneser.commonness', '--label', 'times=5'];
  const [report] = await cli.json<SelectionReport>(args);
  expect(report.label).toMatchObject({
    auc: 1,
    aucInterval: [1, 1],
    f1: 1,
    direction: 'higher',
    labelled: 12,
    documents: 120,
  });
  expect(await cli.print([...args, '-q'])).toBe('');
  expect(await cli.print(args)).toContain('12 of 120 documents have times=5');
});

test('what cannot be done is refused by name', async () => {
  const file = fileOf([1, 2]);
  const odd = cli.file('{"x":1}\n{"x":"2"}\n', '.jsonl');
  const far = cli.file('{"x":1e400}\n', '.jsonl');
  const cases: [readonly string[], RegExp][] = [
    [[file, '--by', 'x'], /it takes one method, not 0: --min and --max, --keep, --buckets, --at, --sample, /],
    [[file, '--by', 'x', '--at', 'a:1,b', '--buckets', 'a:1,b'], /it takes one method, not 2/],
    [[file, '--by', 'x', '--keep', 'lowest'], /argument 'lowest' is invalid. It takes a word and a share/],
    [[file, '--by', 'x', '--keep', 'lowest', '1.2.3'], /argument 'lowest:1.2.3' is invalid/],
    [[file, '--by', 'x', '--keep', 'least', '0.5'], /--keep: "least" is not one of lowest, middle, highest/],
    [[file, '--by', 'x', '--sample', 'gaussian'], /--sample: gaussian needs a share/],
    [[file, '--by', 'x', '--sample', 'inverse', '0.5'], /--sample: inverse takes no share/],
    [[file, '--by', 'x', '--sample', 'gaussian', '2'], /--sample: 2 is not a share/],
    [[file, '--by', 'x', '--buckets', 'a:60,b:30,c', '--dry-run'], /--buckets: 30 is not at least the end before it/],
    [[file, '--by', 'x', '--buckets', 'a:60,b:300,c', '--dry-run'], /--buckets: 300 is not a percentile from 0 to 100/],
    [[file, '--by', 'x', '--at', 'a:60,b:30,c', '--dry-run'], /--at: 30 is not at least the end before it/],
    [[file, '--by', 'x', '--at', 'a:60,a', '--dry-run'], /--at: "a,a" is not a list of different names/],
    [[file, '--by', 'x', '--min', '1', '--dry-run', '--html', file], /is an input, too; name another file as html/],
    [
      [file, '--by', 'x', '--min', '1', '--out', 'a.jsonl', '--report', './a.jsonl'],
      /--report: .* is also the file of out/,
    ],
    [
      [file, '--by', 'x', '--buckets', 'a:30,b', '--out-dir', 'never', '--report', 'never/a.jsonl'],
      /--report: .* is also the file of out-dir/,
    ],
    [[file, '--by', 'x', '--top', '1', '--ratio', '2'], /--ratio: belongs to --sample inverse/],
    [[file, '--by', 'x', '--top', '1', '--resamples', '2'], /--resamples: belongs to --label/],
    [[file, '--by', 'x', '--top', '1', '--log-base', '2'], /--log-base: belongs to --resample/],
    [[file, '--by', 'y', '--min', '1'], /--by: no document has a number at y/],
    [[file, '--by', 'x', '--min', '1', '--top', '1'], /it takes one method, not 2/],
    [[file, '--by', 'x', '--min', '2', '--max', '1'], /--min: 2 is above max, 1/],
    [[file, '--by', 'x', '--keep', 'lowest', '0.5', '--within', 'no'], /--within: no document has a member no/],
    [[file, '--by', 'x', '--label', 'no=1'], /--label: no document has a member no/],
    [
      [file, '--by', 'x', '--label', 'y=1', '--out', cli.fresh('labels')],
      /--out: with --label no documents are chosen/,
    ],
    [[file, '--by', 'x', '--label', 'y=1', '--shard', '1/2'], /--shard: excludes --label/],
    [[file, '--by', 'x', '--label', 'y=1', '--length-bins', '2'], /--length-bins: excludes --label/],
    [[odd, '--by', 'x', '--min', '1'], /line 2: x is "2", not a number or null/],
    [[far, '--by', 'x', '--min', '1'], /line 1: x is a number out of range/],
    [[file, '--by', 'x', '--keep', 'lowest', '2'], /--keep: 2 is not a share/],
    [[file, '--by', 'x', '--buckets', 'a:30,b'], /name the folder for their files/],
    [[file, '--by', 'x', '--min', '1', '--out', file], /is an input, too/],
    [['-', '--format', 'jsonl', '--by', 'x', '--min', '1'], /a pipe can be read only once/],
    [[cli.file('{"x":-1}\n', '.jsonl'), '--by', 'x', '--sample', 'gaussian', '0.5'], /figures must be above 0/],
    [[cli.file('{"x":1}\n', '.jsonl'), '--by', 'x', '--sample', 'inverse'], /needs the number of tokens/],
    [[file, '--by', 'x', '--min', '1', '--json'], /standard output has the documents/],
  ];
  for (const [args, message] of cases) expect(await cli.refuse(2, ['select', ...args])).toMatch(message);
  expect(existsSync(join(folder, 'never'))).toBe(false);
  const empty = await cli.run(['select', cli.file('', '.jsonl'), '--by', 'x', '--keep', 'lowest', '0.5']);
  expect(empty).toEqual({ status: 0, stdout: '', stderr: '0 of 0 documents kept (0.0 %)\n' });
});

test('groups and labels are told apart by the digits of the file', async () => {
  const values = ['9007199254740993', '9007199254740992', '1', '1.0', '"1"', '1e400', 'null'];
  const file = cli.file(values.map((value, i) => `{"x":${i},"g":${value}}\n`).join(''), '.jsonl');
  const by = ['select', file, '--by', 'x'];
  const [{ within = [] }] = await cli.json<SelectionReport>([...by, '--min', '0', '--within', 'g', '--dry-run']);
  expect(within.map(({ name, all }) => [name, all])).toEqual([
    ['9007199254740993', 1],
    ['9007199254740992', 1],
    ['1', 3],
    ['1e400', 1],
    ['null', 1],
  ]);
  const [{ label }] = await cli.json<SelectionReport>([...by, '--label', 'g=9007199254740993']);
  expect(label).toMatchObject({ labelled: 1 });
});

test('fewer documents than are asked for: all are chosen, with a warning', async () => {
  const file = cli.file('{"x":1,"n":5}\n{"x":null,"n":5}\n{"x":2,"n":1}\n', '.jsonl');
  const run = await cli.run(['select', file, '--by', 'x', '--top', '9', '--tokens', 'n', '--min-tokens', '2']);
  expect(run.stdout).toBe('{"x":1,"n":5}\n');
  expect(run.stderr).toMatch(/9 documents are asked for, but only 1 can be chosen/);
  expect(run.stderr).toMatch(/2 without a figure, or with fewer than 2 tokens/);
});
