import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseSize, parseWhole } from '#kneser/src/cli/values.js';
import { LanguageModel, type ModelInfo } from '#kneser/src/index.js';
import { BUILD_OPTIONS, MACHINE_OPTIONS, TEXT_OPTION_NAMES } from '#kneser/src/train/plan/options.js';
import { expectDefined, inspect, SmallText, TEXT } from '../support/small-text.js';

const cli = new SmallText('train');
beforeAll(() => cli.prepare());

/** The parts of `info` that are equal for two models of the same text. */
async function content(path: string): Promise<Omit<ModelInfo, 'created' | 'bytes'>> {
  const { created, bytes, ...rest } = await inspect(path);
  expect(bytes).toBeGreaterThan(0);
  expect(new Date(created).toISOString()).toBe(created);
  return rest;
}

describe.concurrent('train', () => {
  test('says on standard error what it did and what to type next, and nothing on standard output', async () => {
    const out = cli.fresh();
    const { status, stdout, stderr } = await cli.run(['train', cli.corpus, '--out', out]);
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
      cli.corpus,
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
      ['--prune', '0', '0', '1', cli.corpus],
      [cli.corpus, '--prune=0', '0', '1'],
      [cli.corpus, '--prune', '0,0', '1'],
    ]) {
      const out = cli.fresh();
      await cli.train(['--order', '3', '--out', out, ...args]);
      expect(await inspect(out)).toMatchObject({ pruning: { counts: [0, 0, 1] } });
    }
    const { status, stderr } = await cli.run(['train', cli.corpus, '--out', cli.fresh(), '--prune', 'x', '1']);
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
      await cli.train([cli.corpus, '--out', out, '--order', String(order)]);
      expect((await inspect(out)).tables.map(table => table.pattern)).toEqual(
        Array.from({ length: order }, (_, i) => '1'.repeat(i + 1)),
      );
      expectDefined(await cli.score(out, 'the cat sat\n\nzebra\n'));
    }
  });

  test('makes the same model of one text, several, standard input, gzip and a folder', async () => {
    const expected = await content(cli.trained);
    const [first, second] = [TEXT.slice(0, 46), TEXT.slice(46)];
    // The end of a file ends its last line.
    expect(await content(await cli.model([first.slice(0, -1), second]))).toEqual(expected);

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
    expect(await content(await cli.model(TEXT, '--memory', '64M', '--threads', '2'))).toEqual(
      await content(cli.trained),
    );
  });

  test('reads sizes such as 512M and 4G', () => {
    expect(parseSize('512M')).toBe(512 * 2 ** 20);
    expect(parseSize('4G')).toBe(4 * 2 ** 30);
    expect(parseSize('1.5g')).toBe(1.5 * 2 ** 30);
    expect(parseSize('64MiB')).toBe(64 * 2 ** 20);
    expect(parseSize('65536K')).toBe(64 * 2 ** 20);
    expect(parseSize('100000000')).toBe(1e8);
    expect(parseSize('8191T')).toBe(8191 * 2 ** 40);
    for (const wrong of ['8192T', '99999999G']) expect(() => parseSize(wrong)).toThrow('It takes a size below 8192T.');
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
    const message = await cli.refuse(2, ['train', cli.corpus, '--out', out, option, value]);
    expect(message).toContain(option);
    expect(message).toContain(value === '1M' ? '1048576' : value);
    expect(existsSync(out)).toBe(false);
  });

  test('--quality best trains several clusterings of the words and at most 13 patterns, unless others are asked for', async () => {
    const text = Array.from({ length: 400 }, (_, i) => `a${i % 90} b${i % 70} c${i % 50} d${i % 40} e\n`).join('');
    const best = await inspect(await cli.model(text, '--skip', '--quality', 'best', '--order', '5'));
    // A class for every 20 of 257 words, so that all clusterings but one would be equal.
    expect(best).toMatchObject({ classes: 12, clusterings: [12] });
    expect(best.tables).toHaveLength(13);
    const few = await inspect(await cli.model(text, '--patterns', '1_1', '--quality', 'best', '--order', '3'));
    expect(few.tables).toHaveLength(4);
    const listed = await inspect(await cli.model(text, '--skip', '--order', '3', '--classes', '10,5,3'));
    expect(listed).toMatchObject({ classes: 10, clusterings: [10, 5, 3] });
  });

  test('counts the words outside --vocab, beyond --vocab-limit or below --unk-below as <unk>', async () => {
    const text = 'a a a a b b b c c d\n';
    // V counts </s> and <unk>.
    expect(await inspect(await cli.model(text))).toMatchObject({ vocabulary: 6, options: { vocabulary: 'all' } });
    const words = cli.file('a c\nnever\n');
    const byWords = await cli.model(text, '--vocab', words);
    expect(await inspect(byWords)).toMatchObject({ vocabulary: 5, tokens: 11, options: { vocabulary: 'words' } });
    const byLimit = await cli.model(text, '--vocab-limit', '2');
    expect(await inspect(byLimit)).toMatchObject({ vocabulary: 4, options: { vocabulary: 'limit=2' } });
    const byCount = await cli.model(text, '--unk-below', '3');
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
    const message = await cli.refuse(2, ['train', cli.corpus, '--out', cli.fresh(), ...options]);
    expect(message).toContain(options[0]);
    expect(message).toContain(options[2]);
  });

  test('refuses a vocabulary file that is missing or empty', async () => {
    const missing = join(cli.folder, 'no-words.txt');
    expect(await cli.refuse(2, ['train', cli.corpus, '--out', cli.fresh(), '--vocab', missing])).toContain(missing);
    const empty = cli.file(' \n');
    expect(await cli.refuse(2, ['train', cli.corpus, '--out', cli.fresh(), '--vocab', empty])).toContain(empty);
  });

  test('lower-cases with --lowercase, in training and in scoring', async () => {
    const lower = await cli.model(TEXT.toUpperCase() + 'ÄÖ\n', '--lowercase');
    expect(await content(lower)).toEqual({
      ...(await content(await cli.model(TEXT + 'äö\n'))),
      options: { ...(await inspect(lower)).options, lowercase: true },
      identity: (await inspect(lower)).identity,
    });
    const [line, same] = await cli.score(lower, 'The CAT Äö\nthe cat äö\n');
    expect(line.tokens).toEqual(['the', 'cat', 'äö', '</s>']);
    expect(line).toEqual(same);
    expect((await cli.perplexity(lower, cli.file('THE CAT\n'))).total).toEqual(
      (await cli.perplexity(lower, cli.file('the cat\n'))).total,
    );
    // Without --lowercase, case matters.
    expect((await cli.score(cli.trained, 'The the\n'))[0]).toMatchObject({
      tokens: ['The', 'the', '</s>'],
      oov: [true, false, false],
    });
  });

  test('counts an empty line as an empty sentence; --skip-blank leaves it out, in training and in scoring', async () => {
    const text = 'a b\n\n \t\r\na\n';
    const [with0, without] = [await cli.model(text), await cli.model(text, '--skip-blank')];
    expect(await inspect(with0)).toMatchObject({ sentences: 4, tokens: 7, options: { skipBlank: false } });
    expect(await inspect(without)).toMatchObject({ sentences: 2, tokens: 5, options: { skipBlank: true } });
    expect((await cli.score(with0, text)).map(line => line.tokens)).toEqual([
      ['a', 'b', '</s>'],
      ['</s>'],
      ['</s>'],
      ['a', '</s>'],
    ]);
    expect((await cli.score(without, text)).map(line => line.tokens)).toEqual([
      ['a', 'b', '</s>'],
      ['a', '</s>'],
    ]);
    expect((await cli.perplexity(with0, cli.file(text))).total).toMatchObject({ sentences: 4, tokens: 7 });
    expect((await cli.perplexity(without, cli.file(text))).total).toMatchObject({ sentences: 2, tokens: 5 });
  });

  test('takes a literal <unk> for an OOV only if training had none', async () => {
    const [without, with1] = [await cli.model('a b\na\n'), await cli.model('a <unk>\na\n')];
    const text = 'a <unk> b zebra\n';
    const [[line], [line1]] = [await cli.score(without, text), await cli.score(with1, text)];
    expect(line.oov).toEqual([false, true, false, true, false]);
    expect(line1.oov).toEqual([false, false, true, true, false]);
    expect(line1.matched[1]).toBe(3);
    expect(line1.tokens).toEqual(['a', '<unk>', 'b', 'zebra', '</s>']);
    expect((await cli.perplexity(without, cli.file(text))).total.oov).toBe(2);
    expect((await cli.perplexity(with1, cli.file(text))).total.oov).toBe(2);
    expect((await cli.perplexity(with1, cli.file('a <unk>\n'))).total.oov).toBe(0);
  });
});
