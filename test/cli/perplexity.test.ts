import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel, train } from '#kneser/src/index.js';
import { parseLines } from '../support/command-line.js';
import { expectDefined, SmallText, TEXT, type PerplexityReport, type ScoreLine } from '../support/small-text.js';

const cli = new SmallText('perplexity');
beforeAll(() => cli.prepare());

describe.concurrent('perplexity', () => {
  const FIGURES = [
    'sentences',
    'tokens',
    'oov',
    'log10Prob',
    'perplexity',
    'perplexityExcludingOov',
    'bitsPerToken',
    'bitsPerCharacter',
    'bitsPerByte',
  ];

  test('prints one object: a row a file and a total', async () => {
    const text = 'the cat ran\nthe dog\n';
    const other = cli.file(text, '.tok');
    const stdout = await cli.print(['perplexity', cli.trained, cli.corpus, other, '--json']);
    const [report, ...rest] = parseLines<PerplexityReport>(stdout);
    expect(rest).toEqual([]);
    expect(Object.keys(report)).toEqual(['files', 'total']);
    expect(report.files.map(row => Object.keys(row))).toEqual([
      ['file', ...FIGURES],
      ['file', ...FIGURES],
    ]);
    expect(Object.keys(report.total)).toEqual(FIGURES);
    expect(report.files.map(row => row.file)).toEqual([cli.corpus, other]);
    expectDefined(report);

    // </s> is a token.
    const [one, two] = report.files;
    expect(one).toMatchObject({ sentences: 4, tokens: 19, oov: 0 });
    expect(two).toMatchObject({ sentences: 2, tokens: 7, oov: 0 });
    const { total } = report;
    expect(total).toMatchObject({ sentences: 6, tokens: 26, oov: 0 });
    const log10Prob = (one.log10Prob ?? NaN) + (two.log10Prob ?? NaN);
    expect(total.log10Prob).toBeCloseTo(log10Prob, 12);
    expect(total.perplexity).toBeCloseTo(10 ** (-log10Prob / 26), 12);
    expect(total.perplexityExcludingOov).toBe(total.perplexity);
    const bits = -log10Prob * Math.log2(10);
    expect(total.bitsPerToken).toBeCloseTo(bits / 26, 12);
    expect(total.bitsPerCharacter).toBeCloseTo(bits / (TEXT.length + text.length), 12);
    expect(total.bitsPerByte).toBe(total.bitsPerCharacter);

    const library = await LanguageModel.open(cli.trained);
    try {
      expect({ file: cli.corpus, ...(await library.perplexityOfFile(cli.corpus)) }).toEqual(one);
    } finally {
      await library.close();
    }
  });

  test('agrees with score, however the tables are read', async () => {
    const text = TEXT + 'a zebra sat on\u00a0the mat\ncafé\n';
    const lines = await cli.score(cli.trained, text);
    const expected = lines.reduce((sum, line) => sum + line.log10Prob, 0);
    for (const how of ['page', 'load']) {
      const { total } = await cli.perplexity(cli.trained, cli.file(text), '--tables', how);
      expect(total.log10Prob).toBeCloseTo(expected, 10);
      expect(total.tokens).toBe(lines.flatMap(line => line.tokens).length);
      expect(total.oov).toBe(lines.flatMap(line => line.oov).filter(Boolean).length);
      expect(parseLines(await cli.print(['score', cli.trained, cli.file(text), '--json', '--tables', how]))).toEqual(
        lines,
      );
    }
  });

  test('agrees with score if the words are in more dictionary blocks than score keeps in memory', async () => {
    const words = Array.from({ length: 270_000 }, (_, i) => `w${String(i).padStart(6, '0')}`);
    const many = cli.fresh();
    await train({ sentences: [words], out: many, order: 1 });
    // The first words of the dictionary, then those of nearly all its blocks, then the first and those of the last.
    const first = words.slice(0, 3);
    const sparse = words.filter((_, i) => i % 512 === 0);
    const text = [first, sparse.slice(0, 500), [...first, ...sparse.slice(500)]].map(line => line.join(' ')).join('\n');
    const lines = parseLines<ScoreLine>(
      await cli.print(['score', many, '--json', '--tables', 'page'], { input: `${text}\n` }),
    );
    expect(lines.flatMap(line => line.oov)).not.toContain(true);
    expect((await cli.perplexity(many, cli.file(`${text}\n`))).total.log10Prob).toBeCloseTo(
      lines.reduce((sum, line) => sum + line.log10Prob, 0),
      6,
    );
  });

  test('counts an OOV as <unk> and its spelling in bits per character and byte', async () => {
    const { files, total } = await cli.perplexity(cli.trained, cli.corpus, cli.file('the zebra\n'));
    for (const row of [files[1], total]) {
      expect(row.oov).toBe(1);
      expect(row.perplexityExcludingOov).toBeLessThan(row.perplexity ?? 0);
    }
    const bits = (files[1].bitsPerByte ?? NaN) * 10;
    const spelled = bits - (files[1].bitsPerToken ?? NaN) * files[1].tokens;
    // Six symbols with the end, of which none costs more than a byte of 257.
    expect(spelled).toBeGreaterThan(6);
    expect(spelled).toBeLessThan(6 * Math.log2(257));
    expect(files[1].bitsPerCharacter).toBe(files[1].bitsPerByte);
    // A longer unknown word costs more.
    const { total: longer } = await cli.perplexity(cli.trained, cli.file('the zebrazebra\n'));
    expect((longer.bitsPerByte ?? NaN) * 15).toBeGreaterThan(bits + 3);
    expectDefined({ files, total });
  });

  test('counts characters as code points and bytes as UTF-8, line ends included', async () => {
    const text = 'é 語😀\né\n';
    const { total } = await cli.perplexity(await cli.model(text), cli.file(text));
    const bits = (total.bitsPerToken ?? NaN) * total.tokens;
    expect(total.oov).toBe(0);
    expect(bits / (total.bitsPerCharacter ?? NaN)).toBeCloseTo(Array.from(text).length, 9);
    expect(bits / (total.bitsPerByte ?? NaN)).toBeCloseTo(Buffer.byteLength(text), 9);
  });

  test('gives null for undefined figures, such as those of an empty file', async () => {
    const { files, total } = await cli.perplexity(cli.trained, cli.file(''));
    const { file: name, ...row } = files[0];
    expect(name).not.toBe('');
    expect(row).toEqual(total);
    expect(total).toMatchObject({ sentences: 0, tokens: 0, oov: 0, log10Prob: 0 });
    expect(Object.values(total).slice(4)).toEqual([null, null, null, null, null]);
    // Beside another file, an empty file changes nothing.
    expect((await cli.perplexity(cli.trained, cli.file(''), cli.corpus)).total).toEqual(
      (await cli.perplexity(cli.trained, cli.corpus)).total,
    );
  });

  test('reads standard input, gzip, and a folder in the order of the names', async () => {
    const expected = (await cli.perplexity(cli.trained, cli.corpus)).total;
    const [stdin] = await cli.json<PerplexityReport>(['perplexity', cli.trained, '-'], { input: TEXT });
    expect(stdin).toEqual({ files: [{ file: '-', ...expected }], total: expected });
    const texts = cli.fresh('folder');
    mkdirSync(texts);
    for (const name of ['b.txt.gz', 'a.txt.gz', 'c.txt.gz']) writeFileSync(join(texts, name), gzipSync(TEXT));
    const report = await cli.perplexity(cli.trained, texts);
    expect(report.files).toEqual(['a', 'b', 'c'].map(name => ({ file: join(texts, `${name}.txt.gz`), ...expected })));
    expect(report.total.tokens).toBe(57);
  });

  test('prints a table for people', async () => {
    const lines = (await cli.print(['perplexity', cli.trained, cli.corpus, cli.file('the zebra\n')]))
      .trimEnd()
      .split('\n');
    expect(lines[0]).toMatch(
      /^file +sentences +tokens +OOV +perplexity +without OOV +bits\/token +bits\/char +bits\/byte$/,
    );
    expect(lines).toHaveLength(4);
    expect(lines[1].startsWith(cli.corpus)).toBe(true);
    expect(lines[3]).toMatch(/^total +5 +22 +1 +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+$/);
  });
});
