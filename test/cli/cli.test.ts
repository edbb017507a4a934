import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '#kneser/src/cli/commands.js';
import { parseSize, parseWhole } from '#kneser/src/cli/values.js';
import { LanguageModel, type ModelInfo, type Perplexity, train } from '#kneser/src/index.js';
import { BUILD_OPTIONS, MACHINE_OPTIONS, TEXT_OPTION_NAMES } from '#kneser/src/train/plan/options.js';
import { CommandLine, MAIN, outcome, packageVersion, parseLines, seen } from '../support/command-line.js';
import { randomNumbers } from '../support/models.js';

const cli = new CommandLine('cli');

/** 4 sentences, one of them empty, 15 words of 8 types. */
const TEXT = 'the cat sat on the mat\nthe dog sat on the log\n\nthe cat ran\n';

interface ScoreLine {
  readonly tokens: string[];
  readonly log10Probs: number[];
  readonly matched: number[];
  readonly oov: boolean[];
  readonly log10Prob: number;
  readonly perplexity: number;
}

interface PerplexityReport {
  readonly files: ({ readonly file: string } & Perplexity)[];
  readonly total: Perplexity;
}

/** A new model of order 3: of one text or several files, made by the command line where it has options. */
async function model(text: string | readonly string[], ...options: string[]): Promise<string> {
  const out = cli.fresh();
  const files = [text].flat().map(part => cli.file(part));
  if (options.length === 0) await train({ files, out, order: 3 });
  else await cli.train([...files, '--out', out, '--order', '3', ...options]);
  return out;
}

/** The `info` of a model, which `kneser inspect` prints (a test of its own checks that). */
async function inspect(path: string): Promise<ModelInfo> {
  const opened = await LanguageModel.open(path);
  await opened.close();
  return opened.info;
}

/** The parts of `info` that are equal for two models of the same text. */
async function content(path: string): Promise<Omit<ModelInfo, 'created' | 'bytes'>> {
  const { created, bytes, ...rest } = await inspect(path);
  expect(bytes).toBeGreaterThan(0);
  expect(new Date(created).toISOString()).toBe(created);
  return rest;
}

async function score(path: string, input: string | Uint8Array): Promise<ScoreLine[]> {
  return cli.json<ScoreLine>(['score', path], { input });
}

async function perplexity(path: string, ...files: string[]): Promise<PerplexityReport> {
  const [report] = await cli.json<PerplexityReport>(['perplexity', path, ...files]);
  return report;
}

/** Checks that every figure is a number, and `null` only where a name allows it: JSON writes NaN as `null`. */
function expectDefined(value: unknown, nullable: readonly string[] = [], name = ''): void {
  if (value === null) expect(nullable).toContain(name);
  else if (Array.isArray(value)) value.forEach(item => expectDefined(item, nullable, name));
  else if (typeof value === 'object')
    for (const [key, item] of Object.entries(value)) expectDefined(item, nullable, key);
  else if (typeof value === 'number') expect(value).toSatisfy(Number.isFinite);
}

let corpus: string;
let trained: string;

beforeAll(async () => {
  corpus = cli.file(TEXT);
  trained = cli.fresh();
  await cli.train([corpus, '--out', trained, '--order', '3']);
});

describe.concurrent('train', () => {
  test('says on standard error what it did and what to type next, and nothing on standard output', async () => {
    const out = cli.fresh();
    const { status, stdout, stderr } = await cli.run(['train', corpus, '--out', out]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toContain(`${out}: order 5, 4 sentences, 19 tokens, 10 types, `);
    expect(stderr).toContain(`kneser perplexity ${out} FILE`);
    expect(stderr).toMatch(
      /The discounts of 1 \(none of 9 n-grams has the count 3\), .* cannot be estimated.* The text is small, 19 tokens/,
    );
    expect((await inspect(out)).order).toBe(5);
  });

  test('prints the figures of the model as one JSON object with --json', async () => {
    const out = cli.fresh();
    const { status, stdout, stderr } = await cli.run([
      'train',
      corpus,
      '--out',
      out,
      '--order',
      '2',
      '--json',
      '--quiet',
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).toMatchObject({ out, order: 2, sentences: 4, tokens: 19, vocabulary: 10, warnings: [] });
    expect(report.tables).toMatchObject([{ pattern: '1', types: 10 }, { pattern: '11' }]);
    expect([typeof report.bytes, typeof report.seconds]).toEqual(['number', 'number']);
    expect((await inspect(out)).bytes).toBe(report.bytes);
  });

  test('accepts thresholds of --prune separated by spaces, as lmplz does, at any position of the flag', async () => {
    for (const args of [
      ['--prune', '0', '0', '1', corpus],
      [corpus, '--prune=0', '0', '1'],
      [corpus, '--prune', '0,0', '1'],
    ]) {
      const out = cli.fresh();
      await cli.train(['--order', '3', '--out', out, ...args]);
      expect(await inspect(out)).toMatchObject({ pruning: { counts: [0, 0, 1] } });
    }
    const { status, stderr } = await cli.run(['train', corpus, '--out', cli.fresh(), '--prune', 'x', '1']);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('such as 0,0,1') as string });
  });

  test('has a flag for every option, and baseline has the flags of the options that its models share', async () => {
    const flagsOf = (rows: readonly { readonly flags: readonly { readonly flags: string }[] }[]): string[] =>
      rows.flatMap(({ flags }) => flags.map(({ flags: text }) => text));
    const machine = flagsOf(Object.values(MACHINE_OPTIONS));
    const { stdout: help } = await cli.run(['train', '--help']);
    for (const flags of [...flagsOf(Object.values(BUILD_OPTIONS)), ...machine]) expect(help).toContain(`  ${flags} `);
    const { stdout: shared } = await cli.run(['baseline', '--help']);
    const text = flagsOf(TEXT_OPTION_NAMES.map(name => BUILD_OPTIONS[name]));
    expect(text.length).toBe(11);
    for (const flags of [...text, ...machine]) expect(shared).toContain(`  ${flags} `);
  });

  test('takes orders 1 to 12', async () => {
    for (const order of [1, 12]) {
      const out = cli.fresh();
      await cli.train([corpus, '--out', out, '--order', String(order)]);
      expect((await inspect(out)).tables.map(table => table.pattern)).toEqual(
        Array.from({ length: order }, (_, i) => '1'.repeat(i + 1)),
      );
      expectDefined(await score(out, 'the cat sat\n\nzebra\n'));
    }
  });

  test('makes the same model of one text, several, standard input, gzip and a folder', async () => {
    const expected = await content(trained);
    const [first, second] = [TEXT.slice(0, 46), TEXT.slice(46)];
    // The end of a file ends its last line.
    expect(await content(await model([first.slice(0, -1), second]))).toEqual(expected);

    const stdin = cli.fresh();
    await cli.train(['-', '--out', stdin, '--order', '3'], { input: TEXT });
    expect(await content(stdin)).toEqual(expected);

    const gzip = cli.fresh();
    await cli.train([cli.file(gzipSync(TEXT), '.gz'), '--out', gzip, '--order', '3']);
    expect(await content(gzip)).toEqual(expected);

    const texts = cli.fresh('folder');
    mkdirSync(join(texts, 'inner'), { recursive: true });
    writeFileSync(join(texts, 'a.txt'), first);
    writeFileSync(join(texts, 'inner', 'b.tokens.gz'), gzipSync(second));
    writeFileSync(join(texts, 'notes.pdf'), 'not a text');
    writeFileSync(join(texts, '.hidden.txt'), 'not one either');
    const out = cli.fresh();
    // What is left out is named.
    expect(await cli.run(['train', texts, '--out', out, '--order', '3', '--quiet'])).toEqual({
      status: 0,
      stdout: '',
      stderr: `kneser: warning: ${texts}: 1 entry was left out: notes.pdf (not named like text; name it to read it)\n`,
    });
    expect(await content(out)).toEqual(expected);
  });

  test('makes the same model with little memory and with several threads', async () => {
    expect(await content(await model(TEXT, '--memory', '64M', '--threads', '2'))).toEqual(await content(trained));
  });

  test('reads sizes such as 512M and 4G', () => {
    expect(parseSize('512M')).toBe(512 * 2 ** 20);
    expect(parseSize('4G')).toBe(4 * 2 ** 30);
    expect(parseSize('1.5g')).toBe(1.5 * 2 ** 30);
    expect(parseSize('64MiB')).toBe(64 * 2 ** 20);
    expect(parseSize('65536K')).toBe(64 * 2 ** 20);
    expect(parseSize('100000000')).toBe(1e8);
    for (const wrong of ['', 'M', '4X', '-1', '1e9', '4 G B', 'half']) expect(() => parseSize(wrong)).toThrow(/512M/);
    expect(parseWhole('12')).toBe(12);
    for (const wrong of ['x', '1.5', '1e3', '']) expect(() => parseWhole(wrong)).toThrow(/whole number/);
  });

  test.each([
    ['--order', '0'],
    ['--order', '13'],
    ['--order', '-1'],
    ['--order', '1.5'],
    ['--order', 'x'],
    ['--threads', '0'],
    ['--threads', '257'],
    ['--classes', '4001'],
    ['--classes', '300,300'],
    ['--classes', '300;100'],
    ['--quality', 'good'],
    ['--quality', 'best'],
    ['--hold-out', '0.6'],
    ['--memory', 'lots'],
    ['--memory', '1M'],
    ['--unk-below', '0'],
    ['--reserved', 'keep'],
  ])('refuses %s %s, naming the option, before anything is written', async (option, value) => {
    const out = cli.fresh();
    const message = await cli.refuse(2, ['train', corpus, '--out', out, option, value]);
    expect(message).toContain(option);
    expect(message).toContain(value === '1M' ? '1048576' : value);
    expect(existsSync(out)).toBe(false);
  });

  test('--quality best trains several clusterings of the words and at most 13 patterns, unless others are asked for', async () => {
    const text = Array.from({ length: 400 }, (_, i) => `a${i % 90} b${i % 70} c${i % 50} d${i % 40} e\n`).join('');
    const best = await inspect(await model(text, '--skip', '--quality', 'best', '--order', '5'));
    // A class for every 20 of 257 words, so that all clusterings but one would be equal.
    expect(best).toMatchObject({ classes: 12, clusterings: [12] });
    expect(best.tables).toHaveLength(13);
    const few = await inspect(await model(text, '--patterns', '1_1', '--quality', 'best', '--order', '3'));
    expect(few.tables).toHaveLength(4);
    const listed = await inspect(await model(text, '--skip', '--order', '3', '--classes', '10,5,3'));
    expect(listed).toMatchObject({ classes: 10, clusterings: [10, 5, 3] });
  });

  test('counts the words outside --vocab, beyond --vocab-limit or below --unk-below as <unk>', async () => {
    const text = 'a a a a b b b c c d\n';
    // V counts </s> and <unk>.
    expect(await inspect(await model(text))).toMatchObject({ vocabulary: 6, options: { vocabulary: 'all' } });
    const words = cli.file('a c\nnever\n');
    const byWords = await model(text, '--vocab', words);
    expect(await inspect(byWords)).toMatchObject({ vocabulary: 5, tokens: 11, options: { vocabulary: 'words' } });
    const byLimit = await model(text, '--vocab-limit', '2');
    expect(await inspect(byLimit)).toMatchObject({ vocabulary: 4, options: { vocabulary: 'limit=2' } });
    const byCount = await model(text, '--unk-below', '3');
    expect(await inspect(byCount)).toMatchObject({ vocabulary: 4, options: { vocabulary: 'frequency>=3' } });
    const oovs = async (path: string): Promise<boolean[]> => {
      const opened = await LanguageModel.open(path);
      const { oov } = await opened.score('a b c d never <unk>');
      await opened.close();
      return oov;
    };
    // Training counted words as <unk>, so a literal <unk> is one of the model's.
    expect(await oovs(byWords)).toEqual([false, true, false, true, false, false, false]);
    expect(await oovs(byLimit)).toEqual([false, false, true, true, true, false, false]);
    expect(await oovs(byCount)).toEqual([false, false, true, true, true, false, false]);
  });

  test.each([
    ['--vocab', 'words.txt', '--vocab-limit', '5'],
    ['--vocab', 'words.txt', '--unk-below', '2'],
    ['--vocab-limit', '5', '--unk-below', '2'],
  ])('refuses %s %s with %s %s', async (...options) => {
    const message = await cli.refuse(2, ['train', corpus, '--out', cli.fresh(), ...options]);
    expect(message).toContain(options[0]);
    expect(message).toContain(options[2]);
  });

  test('refuses a vocabulary file that is missing or empty', async () => {
    const missing = join(cli.folder, 'no-words.txt');
    expect(await cli.refuse(2, ['train', corpus, '--out', cli.fresh(), '--vocab', missing])).toContain(missing);
    const empty = cli.file(' \n');
    expect(await cli.refuse(2, ['train', corpus, '--out', cli.fresh(), '--vocab', empty])).toContain(empty);
  });

  test('lower-cases with --lowercase, in training and in scoring', async () => {
    const lower = await model(TEXT.toUpperCase() + 'ÄÖ\n', '--lowercase');
    expect(await content(lower)).toEqual({
      ...(await content(await model(TEXT + 'äö\n'))),
      options: { ...(await inspect(lower)).options, lowercase: true },
      identity: (await inspect(lower)).identity,
    });
    const [line, same] = await score(lower, 'The CAT Äö\nthe cat äö\n');
    expect(line.tokens).toEqual(['the', 'cat', 'äö', '</s>']);
    expect(line).toEqual(same);
    expect((await perplexity(lower, cli.file('THE CAT\n'))).total).toEqual(
      (await perplexity(lower, cli.file('the cat\n'))).total,
    );
    // Without --lowercase, case matters.
    expect((await score(trained, 'The the\n'))[0]).toMatchObject({
      tokens: ['The', 'the', '</s>'],
      oov: [true, false, false],
    });
  });

  test('counts an empty line as an empty sentence; --skip-blank leaves it out, in training and in scoring', async () => {
    const text = 'a b\n\n \t\r\na\n';
    const [with0, without] = [await model(text), await model(text, '--skip-blank')];
    expect(await inspect(with0)).toMatchObject({ sentences: 4, tokens: 7, options: { skipBlank: false } });
    expect(await inspect(without)).toMatchObject({ sentences: 2, tokens: 5, options: { skipBlank: true } });
    expect((await score(with0, text)).map(line => line.tokens)).toEqual([
      ['a', 'b', '</s>'],
      ['</s>'],
      ['</s>'],
      ['a', '</s>'],
    ]);
    expect((await score(without, text)).map(line => line.tokens)).toEqual([
      ['a', 'b', '</s>'],
      ['a', '</s>'],
    ]);
    expect((await perplexity(with0, cli.file(text))).total).toMatchObject({ sentences: 4, tokens: 7 });
    expect((await perplexity(without, cli.file(text))).total).toMatchObject({ sentences: 2, tokens: 5 });
  });

  test('takes a literal <unk> for an OOV only if training had none', async () => {
    const [without, with1] = [await model('a b\na\n'), await model('a <unk>\na\n')];
    const text = 'a <unk> b zebra\n';
    const [[line], [line1]] = [await score(without, text), await score(with1, text)];
    expect(line.oov).toEqual([false, true, false, true, false]);
    expect(line1.oov).toEqual([false, false, true, true, false]);
    expect(line1.matched[1]).toBe(3);
    expect(line1.tokens).toEqual(['a', '<unk>', 'b', 'zebra', '</s>']);
    expect((await perplexity(without, cli.file(text))).total.oov).toBe(2);
    expect((await perplexity(with1, cli.file(text))).total.oov).toBe(2);
    expect((await perplexity(with1, cli.file('a <unk>\n'))).total.oov).toBe(0);
  });
});

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
    const stdout = await cli.print(['perplexity', trained, corpus, other, '--json']);
    const [report, ...rest] = parseLines<PerplexityReport>(stdout);
    expect(rest).toEqual([]);
    expect(Object.keys(report)).toEqual(['files', 'total']);
    expect(report.files.map(row => Object.keys(row))).toEqual([
      ['file', ...FIGURES],
      ['file', ...FIGURES],
    ]);
    expect(Object.keys(report.total)).toEqual(FIGURES);
    expect(report.files.map(row => row.file)).toEqual([corpus, other]);
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

    const library = await LanguageModel.open(trained);
    try {
      expect({ file: corpus, ...(await library.perplexityOfFile(corpus)) }).toEqual(one);
    } finally {
      await library.close();
    }
  });

  test('agrees with score, however the tables are read', async () => {
    const text = TEXT + 'a zebra sat on\u00a0the mat\ncafé\n';
    const lines = await score(trained, text);
    const expected = lines.reduce((sum, line) => sum + line.log10Prob, 0);
    for (const how of ['page', 'load']) {
      const { total } = await perplexity(trained, cli.file(text), '--tables', how);
      expect(total.log10Prob).toBeCloseTo(expected, 10);
      expect(total.tokens).toBe(lines.flatMap(line => line.tokens).length);
      expect(total.oov).toBe(lines.flatMap(line => line.oov).filter(Boolean).length);
      expect(parseLines(await cli.print(['score', trained, cli.file(text), '--json', '--tables', how]))).toEqual(lines);
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
    expect((await perplexity(many, cli.file(`${text}\n`))).total.log10Prob).toBeCloseTo(
      lines.reduce((sum, line) => sum + line.log10Prob, 0),
      6,
    );
  });

  test('counts an OOV as <unk> and its spelling in bits per character and byte', async () => {
    const { files, total } = await perplexity(trained, corpus, cli.file('the zebra\n'));
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
    const { total: longer } = await perplexity(trained, cli.file('the zebrazebra\n'));
    expect((longer.bitsPerByte ?? NaN) * 15).toBeGreaterThan(bits + 3);
    expectDefined({ files, total });
  });

  test('counts characters as code points and bytes as UTF-8, line ends included', async () => {
    const text = 'é 語😀\né\n';
    const { total } = await perplexity(await model(text), cli.file(text));
    const bits = (total.bitsPerToken ?? NaN) * total.tokens;
    expect(total.oov).toBe(0);
    expect(bits / (total.bitsPerCharacter ?? NaN)).toBeCloseTo(Array.from(text).length, 9);
    expect(bits / (total.bitsPerByte ?? NaN)).toBeCloseTo(Buffer.byteLength(text), 9);
  });

  test('gives null for undefined figures, such as those of an empty file', async () => {
    const { files, total } = await perplexity(trained, cli.file(''));
    const { file: name, ...row } = files[0];
    expect(name).not.toBe('');
    expect(row).toEqual(total);
    expect(total).toMatchObject({ sentences: 0, tokens: 0, oov: 0, log10Prob: 0 });
    expect(Object.values(total).slice(4)).toEqual([null, null, null, null, null]);
    // Beside another file, an empty file changes nothing.
    expect((await perplexity(trained, cli.file(''), corpus)).total).toEqual((await perplexity(trained, corpus)).total);
  });

  test('reads standard input, gzip, and a folder in the order of the names', async () => {
    const expected = (await perplexity(trained, corpus)).total;
    const [stdin] = await cli.json<PerplexityReport>(['perplexity', trained, '-'], { input: TEXT });
    expect(stdin).toEqual({ files: [{ file: '-', ...expected }], total: expected });
    const texts = cli.fresh('folder');
    mkdirSync(texts);
    for (const name of ['b.txt.gz', 'a.txt.gz', 'c.txt.gz']) writeFileSync(join(texts, name), gzipSync(TEXT));
    const report = await perplexity(trained, texts);
    expect(report.files).toEqual(['a', 'b', 'c'].map(name => ({ file: join(texts, `${name}.txt.gz`), ...expected })));
    expect(report.total.tokens).toBe(57);
  });

  test('prints a table for people', async () => {
    const lines = (await cli.print(['perplexity', trained, corpus, cli.file('the zebra\n')])).trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^file +sentences +tokens +OOV +perplexity +without OOV +bits\/token +bits\/char +bits\/byte$/,
    );
    expect(lines).toHaveLength(4);
    expect(lines[1].startsWith(corpus)).toBe(true);
    expect(lines[3]).toMatch(/^total +5 +22 +1 +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+$/);
  });
});

describe.concurrent('score', () => {
  test('prints an object a line', async () => {
    const lines = await score(trained, 'the cat zebra\n\nthe <unk>');
    expect(lines.map(line => Object.keys(line))).toEqual(
      lines.map(() => ['tokens', 'log10Probs', 'matched', 'oov', 'log10Prob', 'perplexity']),
    );
    expectDefined(lines);
    expect(lines.map(line => line.tokens)).toEqual([
      ['the', 'cat', 'zebra', '</s>'],
      ['</s>'],
      ['the', '<unk>', '</s>'],
    ]);
    // <s> the, <s> the cat, nothing, </s> after a word that was never seen; <s> </s>.
    expect(lines.map(line => line.matched)).toEqual([[2, 3, 1, 1], [2], [2, 1, 1]]);
    expect(lines.map(line => line.oov)).toEqual([[false, false, true, false], [false], [false, true, false]]);
    for (const { tokens, log10Probs, log10Prob, perplexity: figure } of lines) {
      expect(log10Probs).toHaveLength(tokens.length);
      for (const logProb of log10Probs) expect(logProb).toBeLessThan(0);
      expect(log10Prob).toBeCloseTo(
        log10Probs.reduce((sum, value) => sum + value, 0),
        12,
      );
      expect(figure).toBeCloseTo(10 ** (-log10Prob / tokens.length), 12);
    }
    const library = await LanguageModel.open(trained);
    try {
      const { log10Probs, matched, ...rest } = await library.score('the cat zebra');
      expect({ ...rest, log10Probs: [...log10Probs], matched: [...matched] }).toEqual(lines[0]);
    } finally {
      await library.close();
    }
  });

  test('separates tokens by space, tab, CR, VT, FF and NUL, never by U+00A0, and prints them as they are', async () => {
    const [line] = await score(trained, '\0the\tcat\vsat\fon\u00a0the \u2003 "q\\"\r\n');
    expect(line.tokens).toEqual(['the', 'cat', 'sat', 'on\u00a0the', '\u2003', '"q\\"', '</s>']);
    expect(line.oov).toEqual([false, false, false, true, true, true, false]);
  });

  test('scores a literal <s> or </s> within a line as an unknown word', async () => {
    const [line] = await score(trained, 'the </s> <s>\n');
    expect(line).toMatchObject({ tokens: ['the', '</s>', '<s>', '</s>'], oov: [false, true, true, false] });
  });

  test('reads a file, gzip, standard input by name, and all files of a folder', async () => {
    const expected = await cli.print(['score', trained, corpus]);
    expect(expected.split('\n')).toHaveLength(5);
    expect(await cli.print(['score', trained, cli.file(gzipSync(TEXT), '.gz')])).toBe(expected);
    expect(await cli.print(['score', trained, '-'], { input: TEXT })).toBe(expected);
    expect(await cli.print(['score', trained], { input: TEXT })).toBe(expected);
    const texts = cli.fresh('folder');
    mkdirSync(texts);
    // The first ends without a line feed.
    writeFileSync(join(texts, 'a.txt'), TEXT.slice(0, -1));
    writeFileSync(join(texts, 'b.txt'), TEXT);
    expect(await cli.print(['score', trained, texts])).toBe(expected + expected);
    expect(await cli.print(['score', trained, cli.file('')])).toBe('');
  });

  test('prints lines for people: log10 p, perplexity, and the tokens', async () => {
    const [line] = (await cli.print(['score', trained], { input: 'the zebra\n' })).trimEnd().split('\n');
    expect(line).toMatch(/^-\d+\.\d{4}\t\d+\.\d\d\tthe -\d\.\d{4} 2\tzebra\* -\d\.\d{4} 1\t<\/s> -\d\.\d{4} 1$/);
  });

  test('prints the names of the columns with --header, and otherwise only to a terminal', async () => {
    const plain = await cli.print(['score', trained], { input: 'the cat\n' });
    expect(await cli.print(['score', trained, '--header'], { input: 'the cat\n' })).toBe(
      'log10 p\tperplexity\ttoken, its log10 p, tokens of the n-gram that matched\t…\n' + plain,
    );
    expect(await cli.print(['score', trained, '--no-header'], { input: 'the cat\n' })).toBe(plain);
    const json = ['score', trained, '--json'];
    expect(await cli.print([...json, '--header'], { input: 'the cat\n' })).toBe(
      await cli.print(json, { input: 'the cat\n' }),
    );
  });

  test('prints a value that rounds to 0 without a sign', async () => {
    const lines = [
      '\\data\\',
      'ngram 1=3',
      '',
      '\\1-grams:',
      '-99\t<s>',
      '-0.00001\t</s>',
      '-0.00002\ta',
      '',
      '\\end\\',
      '',
    ];
    const out = cli.fresh();
    await cli.run(['import', cli.file(lines.join('\n'), '.arpa'), '--out', out, '--quiet']);
    expect(await cli.print(['score', out], { input: 'a\n' })).toBe('0.0000\t1.00\ta 0.0000 1\t</s> 0.0000 1\n');
  });

  test.each([[[]], [['--json']]])(
    'prints the result of a line before the next line arrives on a pipe: %j',
    async options => {
      const child = cli.start(['score', trained, ...options]);
      const end = outcome(child);
      // Short lines too: nothing waits for a byte-order mark to be complete.
      for (const line of ['a', 'cat', '', 'b']) {
        child.stdin.write(`${line}\n`);
        const answer = await seen(child.stdout, /\n$/);
        expect(answer.trimEnd().split('\n')).toHaveLength(1);
        expect(answer).toContain(line);
        expect(answer).toContain('</s>');
      }
      child.stdin.end();
      expect(await end).toMatchObject({ status: 0, stderr: '' });
    },
  );
});

describe.concurrent('inspect', () => {
  test('prints one object', async () => {
    const [info, ...rest] = await cli.json<ModelInfo>(['inspect', trained]);
    expect(rest).toEqual([]);
    expect(info).toEqual(await inspect(trained));
    // Further members may follow.
    expect(Object.keys(info).slice(0, 9)).toEqual([
      'order',
      'sentences',
      'tokens',
      'vocabulary',
      'bytes',
      'tables',
      'version',
      'created',
      'options',
    ]);
    expect(info).toMatchObject({ order: 3, sentences: 4, tokens: 19, vocabulary: 10, version: 2 });
    // Counted by hand: 14 bigrams that differ, of which "<s> the" has 3 and "<s> </s>" 1; 13 trigrams that differ, of 15.
    const fallback = { discounts: [0.5, 1, 1.5], fallback: true };
    expect(info.tables).toEqual([
      { pattern: '1', types: 10, dropped: 0, tokens: 14, ...fallback },
      { pattern: '11', types: 14, dropped: 0, tokens: 17, ...fallback },
      { pattern: '111', types: 13, dropped: 0, tokens: 15, ...fallback },
    ]);
    expectDefined(info, ['pruning', 'modelM']);
    expect(info.options).toMatchObject({ lowercase: false, skipBlank: false, vocabulary: 'all' });
  });

  test('prints a table for people', async () => {
    const stdout = await cli.print(['inspect', trained]);
    expect(stdout).toContain(`${trained}: order 3, 4 sentences, 19 tokens, vocabulary 10, `);
    expect(stdout).toMatch(/^pattern +types +tokens +D1 +D2 +D3\+$/m);
    expect(stdout).toMatch(/^111 +13 +15 +0\.50000 +1\.00000 +1\.50000 +fallback$/m);
  });
});

describe.concurrent('prune, export and import', () => {
  test('print their reports as one JSON object with --json', async () => {
    const [small, arpa, back] = [cli.fresh(), cli.fresh('arpa'), cli.fresh()];
    const [pruned] = await cli.json(['prune', trained, '--out', small, '--prune', '0', '0', '1', '--quiet']);
    const tables = ['1', '11', '111'].map(pattern => expect.objectContaining({ pattern }) as unknown);
    const number = expect.any(Number) as number;
    expect(pruned).toEqual({ out: small, tables, bytes: number, seconds: number });
    const [exported] = await cli.json<{ ngrams: number[] }>(['export', trained, '--arpa', arpa, '--quiet']);
    expect(exported).toEqual({ file: arpa, order: 3, ngrams: [11, number, 13], bytes: number, seconds: number });
    const { ngrams } = exported;
    const [imported] = await cli.json(['import', arpa, '--out', back, '--quiet']);
    expect(imported).toEqual({ out: back, order: 3, ngrams, bytes: number, seconds: number, warnings: [] });
  });
});

describe.concurrent('usage', () => {
  test('score --ids repeats the name of each line, and gives its sentences behind tabs', async () => {
    const model = cli.fresh();
    await cli.train([cli.file(TEXT), '--out', model, '--order', '2']);
    const lines = ['the cat', '', 'a\tdog'];
    const own = (await cli.print(['score', model, '--json'], { input: lines.join('\n') })).split('\n');
    const named = lines.map((line, at) => `row ${at}\t${line}\n`).join('');
    const out = await cli.print(['score', model, '--json', '--ids'], { input: named });
    expect(out).toBe(lines.map((_, at) => `row ${at}\t${own[at]}\n`).join(''));
    expect(await cli.refuse(2, ['score', model, '--json', '--ids'], { input: 'name\n' })).toMatch(
      /has no tab behind its name/,
    );
    expect(await cli.refuse(2, ['score', model, '--ids'])).toMatch(/--json/);
  });

  test('--help of every command shows an example, and so does help COMMAND', async () => {
    const listed = (help: string): string[] => [...help.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
    const commands = listed(await cli.print(['--help']));
    expect(commands).toEqual([...new Set(COMMANDS.map(({ name }) => name.split(' ')[0])), 'help']);
    for (const { name } of COMMANDS) {
      const words = name.split(' ');
      const stdout = await cli.print([...words, '--help']);
      expect(stdout).toMatch(new RegExp(`^Usage: kneser ${name} `));
      expect(stdout).toMatch(new RegExp(`^Examples?:\\n.*kneser ${name} `, 'm'));
      expect(await cli.print(['help', ...words])).toBe(stdout);
    }
    const ofGroup = COMMANDS.flatMap(({ name }) => (name.startsWith('spark ') ? [name.slice(6)] : []));
    expect(listed(await cli.print(['spark', '--help']))).toEqual([...ofGroup, 'help']);
    expect(await cli.print(['help', 'spark'])).toBe(await cli.print(['spark', '--help']));
  });

  test('--help and --version print to standard output', async () => {
    expect(await cli.print(['--help'])).toMatch(/^ {2}(train|perplexity|score|inspect)\b/m);
    expect(await cli.print(['--version'])).toBe(`${packageVersion()}\n`);
  });

  test.each([
    { args: [], names: 'Usage: kneser' },
    { args: ['learn'], names: 'learn' },
    { args: ['train', '--out', 'model'], names: 'file' },
    { args: ['train', 'text.txt'], names: '--out' },
    { args: ['train', 'text.txt', '--out', 'model', '--bogus'], names: '--bogus' },
    { args: ['perplexity', 'model'], names: 'file' },
    { args: ['perplexity', 'model', 'text.txt', '--tables', 'none'], names: '--tables' },
    { args: ['score'], names: 'dir' },
    { args: ['inspect', 'model', 'another'], names: 'arguments' },
  ])('$args exits with 2 and names $names', async ({ args, names }) => {
    expect(await cli.refuse(2, args)).toContain(names);
  });

  test('an empty --out is refused', async () => {
    expect(await cli.refuse(2, ['train', corpus, '--out', ''])).toContain('out');
  });
});

describe('pipes and signals', () => {
  /** A text that takes a while to read and count. */
  let large: string;
  beforeAll(() => {
    const random = randomNumbers(1);
    const lines: string[] = [];
    for (let i = 0; i < 100_000; i++) {
      lines.push(Array.from({ length: 8 }, () => `w${Math.floor(3000 * random() ** 3)}`).join(' '));
    }
    large = cli.file(lines.join('\n') + '\n');
  });

  test.each([['--json'], ['--tables=page']])(
    'score %s ends without a message when its output is closed',
    async option => {
      const child = cli.start(['score', trained, large, option]);
      const end = outcome(child);
      await seen(child.stdout, /\n/);
      child.stdout.destroy();
      expect(await end).toMatchObject({ status: 0, stderr: '' });
    },
  );

  test.skipIf(!existsSync('/dev/full'))('reports that standard output cannot be written', async () => {
    for (const args of [
      ['inspect', trained],
      ['score', trained, corpus, '--json'],
      ['perplexity', trained, corpus],
    ]) {
      const child = spawn(process.execPath, [MAIN, ...args], {
        stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
        env: { ...process.env, TMPDIR: cli.temporary },
      });
      let stderr = '';
      child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      expect(await once(child, 'close')).toEqual([1, null]);
      expect(stderr).toMatch(/^kneser: standard output: .*ENOSPC/);
    }
  });

  test.each([
    ['reading text', /reading text/],
    ['counting', /counting n-grams/],
  ])('training that is interrupted while %s exits with 130 and leaves nothing', async (_stage, pattern) => {
    const out = join(cli.fresh('outer'), 'model');
    const child = cli.start(['train', large, '--out', out, '--threads', '2']);
    const end = outcome(child);
    await seen(child.stderr, pattern);
    child.kill('SIGINT');
    const { status, stdout, stderr } = await end;
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
    expect(stderr).toMatch(/kneser: training was interrupted/);
    expect(existsSync(join(out, '..'))).toBe(false);
  });

  test('training that is interrupted while it waits for standard input does too', async () => {
    const out = cli.fresh();
    const child = cli.start(['train', '-', '--out', out]);
    const end = outcome(child);
    child.stdin.write('the cat\n');
    await seen(child.stderr, /reading text/);
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    expect(await end).toMatchObject({ status: 130, stdout: '' });
    clearTimeout(timer);
    expect(existsSync(out)).toBe(false);
  });

  test('training that is interrupted leaves the model it was to replace', async () => {
    const out = await model(TEXT);
    const before = await inspect(out);
    const child = cli.start(['train', large, '--out', out, '--force']);
    const end = outcome(child);
    await seen(child.stderr, /reading text/);
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ status: 130, stdout: '' });
    expect(await inspect(out)).toEqual(before);
    expect(readdirSync(out).sort()).toEqual(['generation-1', 'kneser.json']);
  });

  test('scoring that is interrupted exits with 130', async () => {
    const child = cli.start(['score', trained]);
    const end = outcome(child);
    child.stdin.write('the cat\n');
    await seen(child.stdout, /\n/);
    child.kill('SIGINT');
    expect(await end).toMatchObject({ status: 130, stderr: '' });
  });

  // The last test: it checks that no other test left a file.
  test('no command leaves anything in the folder for temporary files', () => {
    expect(readdirSync(cli.temporary)).toEqual([]);
  });
});
