import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { intervalOf, pairedTest, Resampling } from '#kneser/src/baseline/bootstrap.js';
import { macroFigures, TextMeasure } from '#kneser/src/baseline/measure.js';
import { parseOrders } from '#kneser/src/cli/options.js';
import { baseline, LanguageModel, type BaselineReport } from '#kneser/src/index.js';
import { escapeHtml } from '#kneser/src/report/html.js';
import { linePlot } from '#kneser/src/report/plot.js';
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

/** A text of its own name, which needs escapes in every format. */
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

describe('bootstrap', () => {
  const options = { resamples: 400, seed: 7, stream: 0 };
  const mean = ([count, sum]: Float64Array): number => sum / count;
  const resample = (values: readonly number[], changed: Partial<typeof options> = {}): Resampling => {
    const resampling = new Resampling(2, { ...options, ...changed });
    for (const value of values) resampling.add([1, value]);
    return resampling;
  };

  test('gives an interval that holds the mean and lies within the values', () => {
    const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 8, maxLength: 60 });
    fc.assert(
      fc.property(values, given => {
        const resampling = resample(given);
        const [low, high] = intervalOf(resampling.statistics(mean)) ?? [NaN, NaN];
        const slack = 1e-9;
        expect(low).toBeGreaterThanOrEqual(Math.min(...given) - slack);
        expect(high).toBeLessThanOrEqual(Math.max(...given) + slack);
        expect(low).toBeLessThanOrEqual(mean(resampling.sums) + slack);
        expect(high).toBeGreaterThanOrEqual(mean(resampling.sums) - slack);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test('is as wide as theory has it: 1.96 standard errors to either side', () => {
    const random = randomNumbers(5);
    const values = Array.from({ length: 2000 }, () => random());
    const [low, high] = intervalOf(resample(values, { resamples: 2000 }).statistics(mean)) ?? [NaN, NaN];
    const error = Math.sqrt(1 / 12 / values.length);
    expect((high - low) / (2 * 1.96 * error)).toBeCloseTo(1, 1);
  });

  test('depends on the seed and the stream, and on nothing else', () => {
    const values = [1, 2, 5, 9];
    const statistics = (changed = {}): Float64Array => resample(values, changed).statistics(mean);
    expect(statistics()).toEqual(statistics());
    expect(statistics()).not.toEqual(statistics({ seed: 8 }));
    expect(statistics()).not.toEqual(statistics({ stream: 1 }));
  });

  test('takes units once on average, as often as Poisson has it', () => {
    const taken = resample([0], { resamples: 20_000 }).statistics(([count]) => count);
    for (const [times, probability] of [0.3679, 0.3679, 0.1839, 0.0613].entries()) {
      expect(taken.filter(count => count === times).length / taken.length).toBeCloseTo(probability, 1.5);
    }
    expect(taken.reduce((sum, count) => sum + count, 0) / taken.length).toBeCloseTo(1, 1.5);
  });

  test('finds no difference between a thing and itself, and a sure one where there is one', () => {
    const same = resample([3, 1, 2]).statistics(mean);
    expect(pairedTest(same.map((value, i) => value - same[i]))).toEqual({ interval: [0, 0], p: 1 });
    const more = resample([4, 2, 3]).statistics(mean);
    const { interval, p } = pairedTest(more.map((value, i) => value - same[i]));
    interval?.forEach(end => expect(end).toBeCloseTo(1, 12));
    expect(p).toBe(2 / (same.filter(Number.isFinite).length + 1));
  });

  test('has nothing to say where most resamples are empty', () => {
    expect(intervalOf(Float64Array.of(NaN, NaN, 1))).toBeNull();
    expect(pairedTest(Float64Array.of(NaN, NaN, 1))).toEqual({ interval: null, p: null });
  });
});

describe('micro and macro averages', () => {
  const measure = (tokens: readonly (readonly [log10Prob: number, oov?: boolean])[], bytes: number): TextMeasure => {
    const text = TextMeasure.begin({ characters: bytes, bytes }, { resamples: 100, seed: 1, stream: 0 });
    tokens.forEach(([log10Prob, oov = false], i) => {
      text.sentence(i);
      text.token(log10Prob, oov, () => ({ characters: 3, bytes: 4 }));
    });
    text.end();
    return text;
  };

  test('agree with arithmetic by hand', () => {
    // Perplexities 10 and 1000: 3 tokens with −1 each, and one with −3.
    const texts = [measure([[-1], [-1], [-1]], 12), measure([[-3]], 4)];
    [10, 1000].forEach((value, i) => expect(texts[i].figures().perplexity).toBeCloseTo(value, 9));
    expect(macroFigures(texts).perplexity).toBeCloseTo(100, 9);
    const micro = TextMeasure.together(texts).figures();
    expect(micro).toMatchObject({ sentences: 4, tokens: 4, oov: 0, oovRate: 0, log10Prob: -6 });
    expect(micro.perplexity).toBeCloseTo(10 ** 1.5, 9);
    expect(micro.bitsPerByte).toBeCloseTo((6 * Math.log2(10)) / 16, 12);
    expect(macroFigures(texts).bitsPerByte).toBeCloseTo(((3 / 12 + 3 / 4) / 2) * Math.log2(10), 12);
  });

  test('leave OOVs and their text out where that is asked for', () => {
    const text = measure([[-1], [-5, true], [-2]], 20).figures();
    expect(text).toMatchObject({ oov: 1, oovRate: 1 / 3, bitsPerByte: null, bitsPerCharacter: null });
    expect(text.perplexityExcludingOov).toBeCloseTo(10 ** 1.5, 9);
    expect(text.bitsPerByteExcludingOov).toBeCloseTo((3 * Math.log2(10)) / (20 - 4), 12);
    expect(text.bitsPerCharacterExcludingOov).toBeCloseTo((3 * Math.log2(10)) / (20 - 3), 12);
  });

  test('have no interval for a single unit', () => {
    expect(measure([[-1]], 4).figures()).toMatchObject({ interval: null, intervalExcludingOov: null });
    expect(macroFigures([measure([[-1]], 4)]).interval).toBeNull();
  });
});

describe('baseline', () => {
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
      expect(texts[1].bitsPerByte).toBeNull();
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

  test('has the figures that the models themselves give', async () => {
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

  test('is the same on every run, but for the times', async () => {
    const timeless = ({ models: measured, ...rest }: BaselineReport): unknown => ({
      ...rest,
      models: measured.map(model => ({ ...model, trainSeconds: 0, tuneSeconds: 0, loadSeconds: 0, scoreSeconds: 0 })),
    });
    const again = await baseline({ ...files, orders: [3, 1, 3], resamples: 200 });
    expect(timeless(again)).toEqual(timeless(report));
    // Without --keep-models and --out nothing stays.
    expect(readdirSync(models).sort()).toEqual(['glm1', 'glm3', 'mkn1', 'mkn3']);
  });

  test('writes Markdown and a page that needs nothing else and shows names as they are', () => {
    const markdown = readFileSync(join(out, 'baseline.md'), 'utf8');
    expect(markdown).toContain('| mkn3 ');
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
    // <unk> is a frequent word then: its probability is not that of an unseen one.
    const mapped = rows.find(row => row.oov === '1');
    expect(Number(mapped?.['mkn2.log10Prob'])).toBeGreaterThan(-1);
    expect(mapped?.count).toBe('0');
  });
});

describe('plot', () => {
  test('draws one point, equal values and huge ones', () => {
    for (const values of [[5], [7, 7], [1e9, 3], [0.001, 0.002]]) {
      const points = values.map((y, x) => ({ x, y, title: '"<&' }));
      const svg = linePlot({ title: 't', xTitle: 'x', yTitle: 'y', lines: [{ label: 'a', colour: 'red', points }] });
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(svg).toContain(`<title>${escapeHtml('"<&')}</title>`);
    }
  });
});

describe.concurrent('kneser baseline', () => {
  const args = (...rest: string[]): string[] => [
    ...['baseline', '--train', ...files.train, '--valid', ...files.valid, '--test', ...files.test],
    ...rest,
  ];

  test('prints tables, or one JSON object, and names the files it wrote', async () => {
    const folder = cli.fresh('report');
    const { status, stdout, stderr } = await cli.run(args('--orders', '1', '--out', folder, '--unk-below', '2'));
    expect(status).toBe(0);
    expect(stdout).toMatch(/^(mkn|glm)1 has the lowest perplexity/);
    expect(stdout).toContain('mean of files (macro)');
    expect(stderr).toContain('glm1: tuning weights');
    expect(stderr).toContain(folder);
    expect(readdirSync(folder).sort()).toEqual(['baseline.html', 'baseline.json', 'baseline.md', 'tokens.tsv.gz']);
    const [printed] = await cli.json<BaselineReport>(args('--orders', '1', '--unk-below', '2', '--quiet'));
    expect(printed.options.vocabulary).toBe('frequency>=2');
    expect(readdirSync(cli.temporary)).toEqual([]);
  });

  test.each(['baseline', 'compare'])('%s --help shows an example', async command => {
    expect(await cli.print([command, '--help'])).toMatch(new RegExp(`Examples:\n  kneser ${command} `));
  });

  test('says what to change', async () => {
    const refuse = (...rest: string[]): Promise<string> => cli.refuse(2, ['baseline', '--quiet', ...rest]);
    expect(await refuse()).toContain('--train, --valid and --test');
    expect(await refuse('--corpus', 'ptb')).toContain('--data');
    expect(await refuse('--corpus', 'ulysses', '--data', '.')).toMatch(/no ulysses.*wikitext-2/);
    expect(await refuse('--corpus', 'ptb', '--train', 'x')).toContain('leave out --train');
    expect(await cli.refuse(2, args('--orders', '5-2'))).toContain('2-5');
    expect(await cli.refuse(2, args('--out', out))).toMatch(/baseline\.json: .*--force/);
    expect(await cli.refuse(2, args('--keep-models', models, '--orders', '2-3'))).toMatch(/mkn3: .*--force/);
    expect(await refuse('--train', '-', '--valid', 'x', '--test', 'x')).toContain('standard input');
    const missing = join(cli.folder, 'none.txt');
    expect(await refuse('--train', files.train[0], '--valid', files.valid[0], '--test', missing)).toContain(missing);
    const empty = cli.file(' \n\n');
    expect(await refuse('--train', files.train[0], '--valid', empty, '--test', files.test[0])).toContain(empty);
    expect(readdirSync(cli.temporary).filter(name => name.startsWith('kneser-baseline'))).toEqual([]);
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
    expect(measured.warnings.join()).toContain('no checksum');
    const [published] = measured.published;
    expect(published).toMatchObject({ perplexity: 67.6, counterpart: 'mkn5' });
    expect(published.ours).toBe(measured.models[0].micro.perplexity);
  });
});

test('orders are read from lists and ranges', () => {
  expect(parseOrders('2-5')).toEqual([2, 3, 4, 5]);
  expect(parseOrders('1, 3-4')).toEqual([1, 3, 4]);
  for (const wrong of ['', '0', '13', '3-2', 'a', '2-', '-2']) expect(() => parseOrders(wrong)).toThrow('2-5');
});
