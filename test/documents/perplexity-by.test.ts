import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { LanguageModel, perplexityBy, train, type PerplexityByReport } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('perplexity-by');
const cli = new CommandLine('perplexity-by-cli');
const model = join(folder, 'model');
const random = randomNumbers(4);
const WORDS = 'a b c d e f g h'.split(' ');
const line = (): string => Array.from({ length: 6 }, () => WORDS[Math.floor(8 * random() ** 2)]).join(' ');
const DOCUMENTS = Array.from({ length: 60 }, (_, i) => ({
  text: i % 10 === 0 ? `${line()} never\n${line()}` : line(),
  source: i % 3 === 0 ? 'web' : 'news',
}));
const files = ['web', 'news'].map(source => join(folder, `${source}.jsonl`));
const all = join(folder, 'all.jsonl');

beforeAll(async () => {
  await train({ sentences: Array.from({ length: 200 }, line), out: model, order: 3 });
  const jsonl = (documents: readonly object[]): string =>
    documents.map(document => `${JSON.stringify(document)}\n`).join('');
  writeFileSync(all, jsonl(DOCUMENTS));
  ['web', 'news'].forEach((source, i) => writeFileSync(files[i], jsonl(DOCUMENTS.filter(d => d.source === source))));
});

test('domains have the figures of perplexity on their files; micro is all of them, macro the mean of their bits', async () => {
  const report = await perplexityBy({ model, files: [all], by: 'source', resamples: 200 });
  await using opened = await LanguageModel.open(model);
  for (const [i, name] of ['web', 'news'].entries()) {
    const { tokens, oov, perplexity, bitsPerToken, bitsPerByte } = await opened.perplexityOfFile(files[i]);
    const found = report.domains.find(domain => domain.name === name);
    expect(found).toMatchObject({ tokens, oov, oovRate: oov / tokens });
    expect(found?.perplexity).toBeCloseTo(perplexity ?? NaN, 9);
    expect(found?.bitsPerToken).toBeCloseTo(bitsPerToken ?? NaN, 10);
    expect(found?.bitsPerByte).toBeCloseTo(bitsPerByte ?? NaN, 10);
    const [low, high] = found?.interval ?? [NaN, NaN];
    expect(low).toBeLessThan(perplexity ?? NaN);
    expect(high).toBeGreaterThan(perplexity ?? NaN);
  }
  const whole = await opened.perplexityOfFile(all);
  expect(report.micro).toMatchObject({ documents: 60, tokens: whole.tokens });
  expect(report.micro.perplexity).toBeCloseTo(whole.perplexity ?? NaN, 9);
  const bits = report.domains.reduce((sum, { bitsPerToken }) => sum + (bitsPerToken ?? NaN), 0) / 2;
  expect(report.macro.bitsPerToken).toBeCloseTo(bits, 12);
  expect(report.macro.perplexity).toBeCloseTo(2 ** bits, 9);
  const byFile = await perplexityBy({ model: opened, files, by: 'file', resamples: 200 });
  expect(byFile.domains.map(({ name }) => name)).toEqual(files);
  expect(byFile.micro.perplexity).toBeCloseTo(report.micro.perplexity ?? NaN, 9);
});

test('loss by type is the mean over types of their mean loss', async () => {
  const report = await perplexityBy({ model, files: [all], by: 'source', types: true, resamples: 100 });
  await using opened = await LanguageModel.open(model);
  const losses = new Map<string, number[]>();
  for (const { text } of DOCUMENTS) {
    for (const sentence of text.split('\n')) {
      const { tokens, log10Probs, oov } = await opened.score(sentence);
      tokens.forEach((token, t) => {
        const type = oov[t] ? '<unk>' : token;
        losses.set(type, [...(losses.get(type) ?? []), -log10Probs[t] * Math.log2(10)]);
      });
    }
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [whole, ...bands] = report.types ?? [];
  expect(whole).toMatchObject({ types: losses.size, tokens: report.micro.tokens });
  expect(whole.bitsPerType).toBeCloseTo(mean([...losses.values()].map(mean)), 10);
  expect(whole.bitsPerToken).toBeCloseTo(mean([...losses.values()].flat()), 10);
  expect(bands.reduce((sum, { types }) => sum + types, 0)).toBe(losses.size);
  expect(bands[0]).toMatchObject({ from: 0, to: 0, types: 1, tokens: 6 });
});

test('a budget takes a random sample of each domain, the same every time', async () => {
  const options = { model, files: [all], by: 'source', budget: 50, resamples: 100 };
  const report = await perplexityBy(options);
  for (const { tokens } of report.domains) {
    expect(tokens).toBeGreaterThanOrEqual(50);
    expect(tokens).toBeLessThan(50 + 15);
  }
  expect(await perplexityBy({ ...options, threads: 2 })).toEqual(report);
  expect((await perplexityBy({ ...options, seed: 2 })).micro.log10Prob).not.toBe(report.micro.log10Prob);
});

test('the command prints a row a domain', async () => {
  const args = ['perplexity', model, all, '--by', 'source'];
  const [report] = await cli.json<PerplexityByReport>(args);
  expect(report.domains.map(({ name, documents }) => [name, documents])).toEqual([
    ['web', 20],
    ['news', 40],
  ]);
  const printed = await cli.print([...args, '--types']);
  expect(printed).toMatch(/^web +20 /m);
  expect(printed).toMatch(/^macro /m);
  expect(printed).toMatch(/^count in training /m);
  expect(await cli.refuse(2, ['perplexity', model, all, '--types'])).toMatch(/--types: belongs to --by/);
  expect(await cli.refuse(2, ['perplexity', model, all, '--by', 'no'])).toMatch(/--by: no document has a member no/);
  expect(await cli.refuse(2, [...args, '--cache'])).toMatch(/--by: takes neither/);
});

test('ids of 64 bits are domains of their own', async () => {
  const ids = ['12345678901234567890', '12345678901234567891', '7', '7.0'];
  const file = join(folder, 'ids.jsonl');
  writeFileSync(file, ids.map(id => `{"id":${id},"text":"a b"}\n`).join(''));
  const { domains } = await perplexityBy({ model, files: [file], by: 'id' });
  expect(domains.map(({ name, documents }) => [name, documents])).toEqual([
    [ids[0], 1],
    [ids[1], 1],
    ['7', 2],
  ]);
});
