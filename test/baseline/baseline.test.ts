import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { baseline, LanguageModel, type BaselineReport } from '#kneser/src/index.js';
import { CommandLine, packageVersion } from '../support/command-line.js';
import { randomNumbers } from '../support/models.js';

const cli = new CommandLine('baseline');

/** Sentences of a small language, in which a word depends on the one before. */
function makeText(seed: number, sentences: number, words = 40): string {
  const random = randomNumbers(seed);
  let text = '';
  for (let s = 0; s < sentences; s++) {
    let word = Math.floor(words * random() ** 2);
    const length = 2 + Math.floor(9 * random());
    for (let i = 0; i < length; i++) {
      text += `${i > 0 ? ' ' : ''}w${word}`;
      word = random() < 0.6 ? (word * 7 + 3) % words : Math.floor(words * random() ** 2);
    }
    text += '\n';
  }
  return text;
}

/** A text file whose name needs escapes in every format. */
function named(name: string, text: string): string {
  const folder = cli.fresh('named');
  mkdirSync(folder);
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const TRAIN = makeText(1, 400);
const FIRST = makeText(3, 60);
const SECOND = `${makeText(4, 30)}ünseen w1 <b>&"\n`;

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

function readTable(folder: string): Table {
  const lines = gunzipSync(readFileSync(join(folder, 'tokens.tsv.gz')))
    .toString()
    .split('\n');
  expect(lines.pop()).toBe('');
  const [columns, ...rows] = lines.map(line => line.split('\t'));
  return { columns, rows: rows.map(cells => Object.fromEntries(columns.map((name, i) => [name, cells[i]]))) };
}

let out: string;
let models: string;
let files: { train: string[]; valid: string[]; test: string[] };
let report: BaselineReport;

beforeAll(async () => {
  out = cli.fresh('report');
  models = cli.fresh('models');
  files = {
    train: [cli.file(TRAIN)],
    valid: [cli.file(makeText(2, 60))],
    test: [cli.file(FIRST), named('<i>&|_`.txt', SECOND)],
  };
  report = await baseline({ ...files, orders: [1, 3], out, keepModels: models, resamples: 200 });
});

describe('baseline', () => {
  test('says how well test texts rank the models, by models of samples', async () => {
    const options = { ...files, orders: [1, 2], classes: 0, subsamples: 2, resamples: 100 };
    const { ranking = [], models: found, warnings } = await baseline(options);
    expect(ranking.map(({ file }) => file)).toEqual([...files.test, null]);
    const perplexities = found.map(({ micro }) => micro.perplexity ?? NaN);
    const mean = perplexities.reduce((sum, value) => sum + value, 0) / perplexities.length;
    const [, , all] = ranking;
    expect(all.signal).toBeCloseTo((Math.max(...perplexities) - Math.min(...perplexities)) / mean, 12);
    expect(all.noise).toBeGreaterThan(0);
    expect(all.noise).toBeLessThan(0.05);
    expect(all.ratio).toBeCloseTo(all.signal / all.noise, 9);
    expect(all.decisionAccuracy).toBeGreaterThan(0.5);
    expect((await baseline(options)).ranking).toEqual(ranking);
    expect(warnings).toEqual([]);
    await expect(baseline({ ...options, subsamples: 1 })).rejects.toThrow('subsamples: 1 is not a whole number');
  });

  test('compares word orders by Kneser-Ney alone, without a table of tokens', async () => {
    const folder = cli.fresh('orders');
    const { models: found, comparisons } = await baseline({
      ...files,
      test: [files.test[0]],
      orders: [2],
      wordOrders: ['forward', 'backward', 'reverse-full'],
      out: folder,
      resamples: 100,
    });
    expect(found.map(({ name }) => name)).toEqual(['mkn2', 'mkn2-backward', 'mkn2-reverse-full']);
    expect(found.map(({ wordOrder }) => wordOrder)).toEqual([undefined, 'backward', 'reverse-full']);
    expect(found[2].micro.tokens).toBe(found[0].micro.tokens + 60);
    expect(comparisons.map(({ model, against }) => `${model} ${against}`)).toEqual([
      'mkn2-backward mkn2',
      'mkn2-reverse-full mkn2',
    ]);
    expect(readdirSync(folder).sort()).toEqual(['baseline.html', 'baseline.json', 'baseline.md']);
    expect(readFileSync(join(folder, 'baseline.md'), 'utf8')).toContain('Perplexity by word order');
    await expect(baseline({ ...files, wordOrder: 'backward', wordOrders: 'all' })).rejects.toThrow(
      'excludes wordOrder',
    );
    await expect(baseline({ ...files, classes: 30, wordOrders: 'all' })).rejects.toThrow(
      'wordOrders: excludes classes; word orders are measured without a mixture',
    );
    await expect(baseline({ ...files, wordOrders: [] })).rejects.toThrow('wordOrders: name at least one');
  });

  test('reports every order of both ways of smoothing, with all figures', () => {
    expect(report.models.map(({ name }) => name)).toEqual(['mkn1', 'glm1', 'mkn3', 'glm3']);
    expect(report).toMatchObject({
      version: packageVersion(),
      corpus: null,
      train: { files: files.train, sentences: 400 },
      valid: { files: files.valid, sentences: 60 },
      options: { orders: [1, 3], vocabulary: 'all', lowercase: false, skipBlank: false },
      bootstrap: { resamples: 200, seed: 1 },
      published: [],
      warnings: [],
    });
    expect(report.test.map(({ file, sentences, bytes }) => ({ file, sentences, bytes }))).toEqual([
      { file: files.test[0], sentences: 60, bytes: Buffer.byteLength(FIRST) },
      { file: files.test[1], sentences: 31, bytes: Buffer.byteLength(SECOND) },
    ]);
    expect(report.test.map(({ oov }) => oov)).toEqual([0, 2]);
    for (const { micro, macro, files: texts, bytes, ngrams, tuneSeconds, smoothing } of report.models) {
      for (const figures of [micro, macro, ...texts]) {
        const [low, high] = figures.interval ?? [NaN, NaN];
        expect(low).toBeLessThan(figures.perplexity ?? NaN);
        expect(high).toBeGreaterThan(figures.perplexity ?? NaN);
      }
      expect(texts[0].bitsPerByte).toBe(texts[0].bitsPerByteExcludingOov);
      // OOVs cost the bits of their spellings, too.
      expect(texts[1].bitsPerByte).toBeGreaterThan(texts[1].bitsPerByteExcludingOov ?? NaN);
      expect(texts[1].bitsPerByteExcludingOov).toBeGreaterThan(0);
      expect(bytes).toBeGreaterThan(0);
      expect(ngrams).toBeGreaterThan(40);
      expect(tuneSeconds === null).toBe(smoothing === 'mkn');
    }
    expect(report.comparisons.map(({ model, against }) => `${model} ${against}`)).toEqual([
      'glm1 mkn1',
      'mkn3 mkn1',
      'glm3 mkn3',
      'glm3 glm1',
    ]);
    const [, better] = report.comparisons;
    expect(better.difference).toBeLessThan(0);
    expect(better.p).toBeLessThan(0.02);
    expect(JSON.parse(readFileSync(join(out, 'baseline.json'), 'utf8'))).toEqual(report);
  });

  test('has the figures that each model gives by itself', async () => {
    for (const { name, smoothing, files: texts } of report.models) {
      const model = await LanguageModel.open(join(models, name), { smoothing });
      for (const [i, file] of files.test.entries()) {
        const figures = await model.perplexityOfFile(file);
        for (const [key, value] of Object.entries(figures)) {
          const ours = texts[i][key as keyof typeof figures];
          if (value === null) expect(ours).toBeNull();
          else expect(ours).toBeCloseTo(value as number, 8);
        }
      }
      await model.close();
    }
  });

  test('writes a table of tokens that adds up to the figures', () => {
    const { columns, rows } = readTable(out);
    expect(columns.slice(0, 8)).toEqual(
      ['file', 'sentence', 'position', 'token', 'count', 'oov'].concat('mkn1.log10Prob', 'mkn1.matched'),
    );
    expect(rows.length).toBe(report.models[0].micro.tokens);
    for (const model of report.models) {
      for (const text of model.files) {
        const own = rows.filter(row => row.file === text.file);
        const sum = own.reduce((total, row) => total + Number(row[`${model.name}.log10Prob`]), 0);
        expect(10 ** (-sum / own.length) / (text.perplexity ?? NaN)).toBeCloseTo(1, 5);
        expect(own.filter(row => row.oov === '1').length).toBe(text.oov);
      }
    }
    const words = TRAIN.split(/\s+/);
    const count = (token: string): number =>
      token === '</s>' ? 400 : words.reduce((sum, word) => sum + (word === token ? 1 : 0), 0);
    for (const row of rows.slice(0, 100)) expect(Number(row.count)).toBe(count(row.token));
    const last = rows.slice(-4);
    expect(last.map(row => row.token)).toEqual(['ünseen', 'w1', '<b>&"', '</s>']);
    expect(last.map(row => row.position)).toEqual(['1', '2', '3', '4']);
    expect(last.map(row => row.oov)).toEqual(['1', '0', '1', '0']);
    expect(last[0]).toMatchObject({ count: '0', sentence: '31', 'mkn3.matched': '1' });
  });

  test('is the same on every run, except for the times', async () => {
    const timeless = ({ models: measured, ...rest }: BaselineReport): unknown => ({
      ...rest,
      models: measured.map(model => ({ ...model, trainSeconds: 0, tuneSeconds: 0, loadSeconds: 0, scoreSeconds: 0 })),
    });
    const again = await baseline({ ...files, orders: [3, 1, 3], resamples: 200 });
    expect(timeless(again)).toEqual(timeless(report));
    // Without --keep-models and --out, no file stays.
    expect(readdirSync(models).sort()).toEqual(['glm1', 'glm3', 'mkn1', 'mkn3']);
  });

  test('writes Markdown and a self-contained page, and escapes names', () => {
    const markdown = readFileSync(join(out, 'baseline.md'), 'utf8');
    expect(markdown).toContain('| modified Kneser-Ney, order 3 ');
    expect(markdown).toContain('| mixture over skip patterns, order 3 ');
    expect(markdown).toContain('mkn3: modified Kneser-Ney, order 3');
    expect(markdown).toContain('\\<i\\>&\\|\\_\\`.txt');
    const page = readFileSync(join(out, 'baseline.html'), 'utf8');
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|\b(src|href)=|https?:/);
    expect(page).not.toContain('<i>');
    expect(page).toContain('&lt;i&gt;&amp;|_`.txt');
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('name="viewport"');
    expect(page.match(/<svg/g)).toHaveLength(3);
    expect(page).not.toMatch(/NaN|undefined|null/);
    for (const tag of ['table', 'tr', 'td', 'th', 'p', 'svg', 'g', 'section', 'figure']) {
      expect(page.split(new RegExp(`<${tag}[ >]`)).length).toBe(page.split(`</${tag}>`).length);
    }
  });

  test('maps the words outside a vocabulary to <unk> everywhere', async () => {
    const vocabulary = { kind: 'words', words: ['w0', 'w1', 'w2', 'w3', 'absent'].values() } as const;
    const folder = cli.fresh('report');
    const closed = await baseline({ ...files, orders: [2], vocabulary, out: folder, resamples: 100 });
    expect(closed.options.vocabulary).toBe('words');
    expect(closed.train.vocabulary).toBe(5 + 2);
    const words = (FIRST + SECOND).split(/\s+/).filter(Boolean);
    const unknown = words.filter(word => !['w0', 'w1', 'w2', 'w3'].includes(word)).length;
    expect(closed.models.map(({ micro }) => micro.oov)).toEqual([unknown, unknown]);
    const { rows } = readTable(folder);
    expect(rows.filter(row => row.oov === '1').length).toBe(unknown);
    // <unk> is a frequent word here, so its probability is higher than that of an unseen word.
    const mapped = rows.find(row => row.oov === '1');
    expect(Number(mapped?.['mkn2.log10Prob'])).toBeGreaterThan(-1);
    expect(mapped?.count).toBe('0');
  });
});

describe('kneser baseline', () => {
  /** A command line with a folder for temporary files that no other command uses, to find leftovers. */
  const own = new CommandLine('baseline-leftovers');
  const args = (...rest: string[]): string[] => [
    ...['baseline', '--train', ...files.train, '--valid', ...files.valid, '--test', ...files.test],
    ...rest,
  ];

  test('prints tables, or one JSON object, and names the files it wrote', async () => {
    const folder = cli.fresh('report');
    const { status, stdout, stderr } = await own.run(args('--orders', '1', '--out', folder, '--unk-below', '2'));
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Lowest perplexity: .* with (modified Kneser-Ney|mixture over skip patterns), order 1/);
    expect(stdout).toContain('mean of files (macro)');
    expect(stderr).toContain('glm1: tuning weights');
    expect(stderr).toContain(folder);
    expect(readdirSync(folder).sort()).toEqual(['baseline.html', 'baseline.json', 'baseline.md', 'tokens.tsv.gz']);
    const [printed] = await own.json<BaselineReport>(args('--orders', '1', '--unk-below', '2', '--quiet'));
    expect(printed.options.vocabulary).toBe('frequency>=2');
    expect(readdirSync(own.temporary)).toEqual([]);
  });

  test.each(['baseline', 'compare'])('%s --help shows an example', async command => {
    expect(await cli.print([command, '--help'])).toMatch(new RegExp(`Examples:\n  kneser ${command} `));
  });

  test('compares word orders from the command line, where the classes of a mixture have a default', async () => {
    const printed = await cli.print(args('--orders', '1', '--word-orders', 'forward,backward', '--quiet'));
    expect(printed).toContain('Perplexity by word order');
    expect(await cli.refuse(2, args('--classes', '3', '--word-orders', 'all'))).toMatch(
      /--word-orders: excludes --classes/,
    );
  });

  test('prints what to change when it refuses flags', async () => {
    const refuse = (...rest: string[]): Promise<string> => cli.refuse(2, ['baseline', '--quiet', ...rest]);
    expect(await refuse()).toContain('--train, --valid and --test');
    expect(await refuse('--corpus', 'ptb')).toContain('--data');
    expect(await refuse('--corpus', 'ulysses', '--data', '.')).toMatch(/no ulysses.*wikitext-2/);
    expect(await refuse('--corpus', 'ptb', '--train', 'x')).toContain('leave out --train');
    expect(await cli.refuse(2, args('--orders', '5-2'))).toContain('2-5');
    expect(await cli.refuse(2, args('--out', out))).toMatch(/baseline\.json: .*--force/);
    expect(await cli.refuse(2, args('--keep-models', models, '--orders', '2-3'))).toMatch(/mkn3: .*--force/);
    expect(await cli.refuse(2, args('--train', '-'))).toMatch(/-: .* can be read only once/);
  });

  test('leaves no temporary file when it refuses texts', async () => {
    const refuse = (valid: string, test: string): Promise<string> =>
      own.refuse(2, ['baseline', '--train', files.train[0], '--valid', valid, '--test', test, '--quiet']);
    const missing = join(cli.folder, 'none.txt');
    expect(await refuse(files.valid[0], missing)).toContain(missing);
    const empty = cli.file(' \n\n');
    expect(await refuse(empty, files.test[0])).toContain(empty);
    expect(readdirSync(own.temporary)).toEqual([]);
  });

  test.each([
    [{ resamples: -1 }, /^resamples: -1 is not a whole number from 100/],
    [{ resamples: NaN }, /^resamples: NaN is not/],
    [{ seed: 1.5 }, /^seed: 1\.5 is not a whole number/],
    [{ classes: -1 }, /^classes: -1 is not a whole number from 0/],
    [{ classes: NaN }, /^classes: NaN is not/],
    [{ orders: [2, 13] }, /^orders: 13 is not a whole number from 1 to 12/],
    [{ orders: [NaN] }, /^orders: NaN is not/],
    [{ orders: [] }, /^orders: name at least one/],
    [{ keepModels: '' }, /^keepModels: the path is empty/],
    [{ out: '' }, /^out: the path is empty/],
  ])('refuses the option %j before any model is made', async (options, message) => {
    const seen: unknown[] = [];
    const refused = baseline({ ...files, ...options, onProgress: progress => seen.push(progress) });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ name: 'KneserError', code: 'KNESER_OPTION' });
    expect(seen).toEqual([]);
  });

  test('checks the files of a corpus', async () => {
    const data = cli.fresh('data');
    mkdirSync(data);
    expect(await cli.refuse(2, ['baseline', '--corpus', 'ptb', '--data', data])).toContain('ptb.train.txt');
    for (const name of ['train', 'valid', 'test']) writeFileSync(join(data, `${name}.txt`), FIRST);
    const folder = cli.fresh('report');
    const message = await cli.refuse(2, ['baseline', '--corpus', 'ptb', '--data', data, '--out', folder]);
    expect(message).toMatch(/train\.txt: is not the published file.*fcea919f/);
    expect(existsSync(folder)).toBe(false);
  });

  test('measures a corpus of the catalog without checksums, and says so; published figures stand beside', async () => {
    const data = cli.fresh('data');
    const [training, heldOut] = ['training-monolingual.tokenized.shuffled', 'heldout-monolingual.tokenized.shuffled'];
    for (const folder of [training, heldOut]) mkdirSync(join(data, folder), { recursive: true });
    const shard = (number: number, of: string): string => `${String(number).padStart(5, '0')}-of-${of}`;
    for (let i = 1; i < 100; i++) writeFileSync(join(data, training, `news.en-${shard(i, '00100')}`), makeText(i, 4));
    for (let i = 0; i < 50; i++) {
      writeFileSync(join(data, heldOut, `news.en.heldout-${shard(i, '00050')}`), makeText(200 + i, 3));
    }
    const measured = await baseline({ corpus: '1b', data, orders: [5], classes: 0, resamples: 100 });
    expect(measured.corpus?.name).toBe('1b');
    expect(measured.test.map(({ file }) => file)).toEqual(['news.en.heldout-00000-of-00050']);
    expect(measured.warnings.join()).toContain('lacks checksums');
    const [published] = measured.published;
    expect(published).toMatchObject({ perplexity: 67.6, counterpart: 'mkn5' });
    expect(published.ours).toBe(measured.models[0].micro.perplexity);
  });
});
