import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { intervalOf, pairedTest, Resampling } from '#kneser/src/baseline/bootstrap.js';
import { baseline, compare, LanguageModel, type BaselineReport } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { randomNumbers } from '../support/models.js';

const cli = new CommandLine('texts');

const jsonLines = (documents: readonly string[], field = 'text'): string =>
  documents.map(text => JSON.stringify({ [field]: text }) + '\n').join('');

describe('documents', () => {
  const random = randomNumbers(5);
  /** Documents of ten sentences, each document of its own topic: all of its sentences are easy, or all are hard. */
  const documents = Array.from({ length: 40 }, (_, d) =>
    Array.from({ length: 10 }, () =>
      Array.from({ length: 6 }, () => (d % 2 === 0 ? 'easy' : `w${Math.floor(200 * random())}`)).join(' '),
    ).join('\n'),
  );
  const text = documents.join('\n') + '\n';
  const resampling = { resamples: 200, seed: 3 };

  /** Baselines of order 2 for a test file, their models and their table of tokens. */
  async function measured(test: readonly string[]): Promise<{ report: BaselineReport; models: string; out: string }> {
    const [models, out] = [cli.fresh('models'), cli.fresh('report')];
    const [counted, valid] = [cli.file(text), cli.file(text)];
    const options = { ...resampling, orders: [1, 2], classes: 0, out, keepModels: models };
    return { report: await baseline({ train: [counted], valid: [valid], test, ...options }), models, out };
  }

  test('are resampled as a whole, and their sums are exact', async () => {
    const { report, models, out } = await measured([cli.file(gzipSync(jsonLines(documents)), '.jsonl.gz')]);
    const { report: bySentence } = await measured([cli.file(text)]);
    expect(report.test).toMatchObject([{ unit: 'document', units: 40, sentences: 400 }]);
    expect(bySentence.test).toMatchObject([{ unit: 'sentence', units: 400, sentences: 400 }]);

    for (const [i, { name, smoothing, micro, files, macro }] of report.models.entries()) {
      const other = bySentence.models[i].micro;
      expect(micro.perplexity).toBeCloseTo(other.perplexity ?? NaN, 9);
      expect(micro.bitsPerByte).toBeCloseTo(other.bitsPerByte ?? NaN, 9);
      // Sentences of a document are alike: resampling them one by one would make the interval too narrow.
      const [low, high] = micro.interval ?? [NaN, NaN];
      const [otherLow, otherHigh] = other.interval ?? [NaN, NaN];
      expect(high - low).toBeGreaterThan(2 * (otherHigh - otherLow));

      await using model = await LanguageModel.open(join(models, name), { smoothing });
      const own = new Resampling(2, { ...resampling, stream: 0 });
      for (const document of documents) {
        let [tokens, log10Prob] = [0, 0];
        for (const sentence of document.split('\n')) {
          const score = await model.score(sentence);
          tokens += score.tokens.length;
          log10Prob += score.log10Prob;
        }
        own.add([tokens, log10Prob]);
      }
      const interval = intervalOf(own.statistics(([tokens, log10Prob]) => 10 ** (-log10Prob / tokens)));
      for (const end of [0, 1]) {
        for (const figures of [micro, macro, files[0]]) {
          expect(figures.interval?.[end]).toBeCloseTo(interval?.[end] ?? NaN, 9);
        }
      }
    }
    const [, second] = report.comparisons;
    const [, otherSecond] = bySentence.comparisons;
    expect(second).toMatchObject({ model: 'mkn2', against: 'mkn1' });
    expect(second.difference).toBeCloseTo(otherSecond.difference ?? NaN, 9);
    expect(second.interval).not.toEqual(otherSecond.interval);

    // The table of tokens has the document of each token, so compare resamples documents too.
    const compared = await compare({ file: join(out, 'tokens.tsv.gz'), models: ['mkn2', 'mkn1'], ...resampling });
    expect(compared).toMatchObject({ sentences: 400, documents: 40 });
    for (const end of [0, 1]) expect(compared.interval?.[end]).toBeCloseTo(second.interval?.[end] ?? NaN, 2);

    for (const name of ['baseline.md', 'baseline.html']) {
      const page = readFileSync(join(out, name), 'utf8');
      expect(page).toContain('by the bootstrap over documents (');
      expect(page).toContain('both models are measured on the same resampled documents.');
    }
  });

  test('beside texts without documents: each text is resampled by its own units, documents or sentences', async () => {
    const paths = [cli.file(text), cli.file(jsonLines(['', 'easy\n', 'easy easy\n\nw1'], 'text'), '.jsonl')];
    const { report, out } = await measured(paths);
    expect(report.test).toMatchObject([
      { unit: 'sentence', units: 400, sentences: 400 },
      { unit: 'document', units: 3, sentences: 5 },
    ]);
    expect(report.models[0].micro.units).toBe(403);
    expect(readFileSync(join(out, 'baseline.md'), 'utf8')).toContain(' and sentences of the other files (');
    const rows = gunzipSync(readFileSync(join(out, 'tokens.tsv.gz'))).toString();
    const cells = rows.trimEnd().split('\n');
    expect(cells[0]).toMatch(/^file\tsentence\tposition\ttoken\tcount\toov\tdocument\tmkn1\.log10Prob\t/);
    const own = cells.map(row => row.split('\t')).filter(([file]) => file === paths[1]);
    expect(own.map(row => `${row[1]} ${row[3]} ${row[6]}`)).toEqual([
      '1 </s> 1',
      '2 easy 2',
      '2 </s> 2',
      '3 easy 3',
      '3 easy 3',
      '3 </s> 3',
      '4 </s> 3',
      '5 w1 3',
      '5 </s> 3',
    ]);
    expect(cells[1].split('\t')[6]).toBe('0');
    expect(await compare({ file: join(out, 'tokens.tsv.gz'), models: ['mkn2', 'glm2'], resamples: 100 })).toMatchObject(
      {
        sentences: 405,
        documents: 3,
      },
    );
  });

  test('if the parts of each unit are alike, a test over units has a higher p than a test over parts', () => {
    const differences = Array.from({ length: 30 }, (_, d) => (d % 3 === 0 ? -2 : 1.2));
    const test = (parts: number): number | null => {
      const own = new Resampling(2, { ...resampling, stream: 0 });
      for (const value of differences) for (let i = 0; i < parts; i++) own.add([10 / parts, (10 / parts) * value]);
      return pairedTest(own.statistics(([count, sum]) => sum / count)).p;
    };
    expect(test(1)).toBeGreaterThan(test(10) ?? NaN);
  });
});

describe('tokenizers', () => {
  const lines = Array.from({ length: 120 }, (_, i) => `The Cat sat on mat ${i % 7}. Über ﬁve caf\u0065\u0301s, no?`);
  const TRAIN = lines.join('\n') + '\n';
  /** CRLF, a blank line, invalid UTF-8, a last line without its end. */
  const TEST = Buffer.concat([
    Buffer.from('The cat sat. On no mat 3?\r\n\n'),
    Buffer.from([0x6d, 0xff, 0x20, 0x6d]),
    Buffer.from('\nÜber mat'),
  ]);
  const UNSEEN = 'The ß\tsat 日本\n';

  test.each<[string, string[]]>([
    ['characters', ['--tokenizer', 'characters']],
    ['bytes', ['--tokenizer', 'bytes', '--normalize', 'NFC']],
    ['words', ['--tokenizer', 'words', '--locale', 'de', '--sentences', 'segment', '--lowercase']],
    ['white space', ['--normalize', 'NFKC', '--lowercase', '--skip-blank', '--sentences', 'segment']],
  ])('%s: the figures are those of train and perplexity', async (_, options) => {
    const [counted, valid] = [cli.file(jsonLines([TRAIN], 'body'), '.jsonl'), cli.file(TRAIN)];
    const tests = [cli.file(TEST), cli.file(UNSEEN)];
    const models = cli.fresh('models');
    const files = ['--train', counted, '--valid', valid, '--test', ...tests, '--field', 'body'];
    const run = ['--orders', '3', '--classes', '0', '--resamples', '100', '--keep-models', models, '--json'];
    const { status, stdout } = await cli.run(['baseline', ...files, ...options, ...run, '--quiet']);
    expect(status).toBe(0);
    const report = JSON.parse(stdout) as BaselineReport;
    const out = cli.fresh();
    await cli.train([counted, '--field', 'body', '--out', out, '--order', '3', ...options]);
    const measured = JSON.parse((await cli.run(['perplexity', out, ...tests, '--json'])).stdout) as {
      files: Record<string, number | null>[];
      total: Record<string, number | null>;
    };
    const [mkn] = report.models;
    const expectSame = (ours: object, theirs: Record<string, number | null>): void => {
      for (const [name, value] of Object.entries(theirs)) {
        const own = (ours as Record<string, number | null>)[name];
        if (typeof value === 'number') expect(own).toBeCloseTo(value, 9);
        else expect(own).toBe(value);
      }
    };
    measured.files.forEach((figures, i) => expectSame(mkn.files[i], figures));
    expectSame(mkn.micro, measured.total);
    await using model = await LanguageModel.open(out);
    expect(report.options.tokenization).toEqual(model.info.options.tokenization);
  });

  test('figures without OOVs leave out the characters and bytes of OOVs, where these are known', async () => {
    const figures = async (tokenizer: 'characters' | 'bytes' | 'words'): Promise<BaselineReport['models'][number]> => {
      const texts = { train: [cli.file(TRAIN)], valid: [cli.file(TRAIN)], test: [cli.file(UNSEEN)] };
      const options = { orders: [2], classes: 0, resamples: 100, tokenization: { tokenizer } };
      return (await baseline({ ...texts, ...options })).models[0];
    };
    // ß, tab, 日 and 本 are unknown: 4 characters of 13, 2 + 1 + 3 + 3 bytes of 18.
    const { micro } = await figures('characters');
    expect(micro.oov).toBe(4);
    expect(micro.bitsPerByte).toBeCloseTo(((micro.bitsPerCharacter ?? NaN) * 13) / 18, 12);
    const bits = (micro.bitsPerCharacterExcludingOov ?? NaN) * (13 - 4);
    expect(micro.bitsPerByteExcludingOov).toBeCloseTo(bits / (18 - 9), 12);
    expect((await figures('bytes')).micro).toMatchObject({ bitsPerCharacterExcludingOov: null });
    expect((await figures('bytes')).micro.bitsPerByteExcludingOov).toBeGreaterThan(0);
    expect((await figures('words')).micro).toMatchObject({
      bitsPerCharacterExcludingOov: null,
      bitsPerByteExcludingOov: null,
    });
  });

  test('refuses what training refuses, before anything is trained', async () => {
    const texts = { train: [cli.file(TRAIN)], valid: [cli.file(TRAIN)], test: [cli.file(TEST)] };
    await expect(baseline({ ...texts, field: 'body' })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
    const bytes = { tokenization: { tokenizer: 'bytes' }, lowercase: true } as const;
    await expect(baseline({ ...texts, ...bytes })).rejects.toThrow(/^lowercase: /);
  });
});
