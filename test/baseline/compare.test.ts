import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compare, type ModelComparison } from '#kneser/src/index.js';
import { cell } from '#kneser/src/baseline/token-table.js';
import { CommandLine } from '../support/command-line.js';

const cli = new CommandLine('compare');

const HEAD = ['file', 'sentence', 'position', 'token', 'count', 'oov'].concat(
  ...['a', 'b'].map(name => [`${name}.log10Prob`, `${name}.matched`]),
);

/** Two sentences: a gains 1 on “dog”, loses 0.5 on “rare”, and is even elsewhere. */
const ROWS = [
  ['t', '1', '1', 'the', '120', '0', '-1', '2', '-1', '2'],
  ['t', '1', '2', 'dog', '5', '0', '-2', '1', '-3', '1'],
  ['t', '1', '3', '</s>', '99', '0', '-1', '3', '-1', '2'],
  ['t', '2', '1', 'zzz', '0', '1', '-4', '1', '-4', '1'],
  ['t', '2', '2', 'rare', '1', '0', '-2.5', '1', '-2', '2'],
  ['t', '2', '3', '</s>', '99', '0', '-1', '2', '-1', '2'],
];

function table(rows: readonly (readonly string[])[], head: readonly string[] = HEAD): string {
  return [head, ...rows].map(row => row.join('\t') + '\n').join('');
}

function picked(columns: readonly string[], rows = ROWS): string {
  const at = columns.map(name => HEAD.indexOf(name));
  return table(
    rows.map(row => at.map(i => row[i])),
    columns,
  );
}

describe.concurrent('compare', () => {
  const file = (): string => cli.file(gzipSync(table(ROWS)), '.tsv.gz');

  test('adds up differences by count, position and matched length', async () => {
    const { models, byCount, byPosition, byMatched, ...rest } = await compare({ file: file() });
    expect(models.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(models[0].perplexity).toBeCloseTo(10 ** (11.5 / 6), 9);
    expect(models[1].perplexity).toBeCloseTo(100, 9);
    expect(rest).toMatchObject({ sentences: 2, tokens: 6, oov: 1 });
    expect(rest.difference).toBeCloseTo(10 ** (11.5 / 6) - 100, 9);
    expect(rest.relative).toBeCloseTo(10 ** (-0.5 / 6) - 1, 9);
    expect(byCount.map(({ name, tokens, difference }) => [name, tokens, difference])).toEqual([
      ['OOV', 1, 0],
      ['1', 1, -0.5],
      ['2–9', 1, 1],
      ['10–99', 2, 0],
      ['100–999', 1, 0],
    ]);
    expect(byPosition.map(({ name, tokens, difference, better }) => [name, tokens, difference, ...better])).toEqual([
      ['1', 2, 0, 0, 0],
      ['2', 2, 0.25, 0.5, 0.5],
      ['3', 2, 0, 0, 0],
    ]);
    expect(byMatched.map(({ model, groups }) => [model, ...groups.map(({ name, tokens }) => [name, tokens])])).toEqual([
      ['a', ['1', 3], ['2', 2], ['3', 1]],
      ['b', ['1', 2], ['2', 4]],
    ]);
  });

  test('finds the largest gains and losses, with the words before them', async () => {
    const { gains, losses } = await compare({ file: file(), models: ['a', 'b'], top: 1 });
    expect(gains).toHaveLength(1);
    expect(gains[0]).toMatchObject({ token: 'dog', context: ['the'], difference: 1, sentence: 1, matched: [1, 1] });
    expect(losses).toHaveLength(1);
    expect(losses[0]).toMatchObject({ token: 'rare', context: ['zzz'], difference: -0.5, log10Prob: [-2.5, -2] });
    // With the models in the other order, all signs change.
    const turned = await compare({ file: file(), models: ['b', 'a'], top: 1 });
    expect(turned.gains[0].token).toBe('rare');
    expect(turned.losses[0].token).toBe('dog');
  });

  test('finds no difference between a model and itself', async () => {
    const same = await compare({ file: file(), models: ['a', 'a'] });
    expect(same).toMatchObject({ difference: 0, interval: [0, 0], p: 1, gains: [], losses: [] });
  });

  test('compares models of two tables, of which the second has only the required columns', async () => {
    const first = cli.file(picked(HEAD.slice(0, 8)), '.tsv');
    const second = cli.file(picked(['token', 'b.log10Prob', 'position', 'sentence']), '.tsv');
    const both = await compare({ file: first, other: second });
    const { models, ...alone } = await compare({ file: file() });
    expect(both).toEqual({
      ...alone,
      models: [
        { ...models[0], file: first },
        { ...models[1], file: second },
      ],
      byMatched: [alone.byMatched[0]],
      gains: alone.gains.map(gain => ({ ...gain, matched: [gain.matched[0], null] })),
      losses: alone.losses.map(loss => ({ ...loss, matched: [loss.matched[0], null] })),
    });
  });

  test('names an unknown model, and asks for two names if the tables have more models', async () => {
    await expect(compare({ file: file(), models: ['a', 'c'] })).rejects.toThrow(/no model c; it has a, b/);
    await expect(compare({ file: file(), other: file() })).rejects.toThrow(/name two/);
  });

  test('names the first line in which two tables differ', async () => {
    const first = file();
    const differ = async (text: string): Promise<string> =>
      compare({ file: first, other: cli.file(text, '.tsv'), models: ['a', 'b'] }).then(
        () => 'no error',
        (error: unknown) => (error as Error).message,
      );
    const renamed = ROWS.map((row, i) => (i === 3 ? row.with(3, 'other') : row));
    expect(await differ(table(renamed))).toMatch(/line 5: token is "other", and "zzz"/);
    expect(await differ(table(ROWS.slice(0, 4)))).toMatch(/line 6: the table ends/);
    expect(await differ(table([...ROWS, ROWS[0]]))).toMatch(/line 8: the table has this line, but .* ends before it/);
  });

  test.each([
    ['', /empty/, 'KNESER_INPUT_EMPTY'],
    [table([]), /no tokens/, 'KNESER_INPUT_EMPTY'],
    ['one\ttwo\n', /line 1: the column file is missing/, 'KNESER_INPUT_TABLE'],
    [table([], HEAD.slice(0, 6)), /line 1: there is no column/, 'KNESER_INPUT_TABLE'],
    [table([], [...HEAD, 'a.matched']), /line 1: two columns/, 'KNESER_INPUT_TABLE'],
    [table([ROWS[0], ROWS[1].slice(1)]), /line 3: it has 9 cells, but the table has 10 columns/, 'KNESER_INPUT_TABLE'],
    [table([ROWS[0].with(6, 'x')]), /line 2: a\.log10Prob: "x"/, 'KNESER_INPUT_TABLE'],
    [table([ROWS[0].with(6, '')]), /line 2: a\.log10Prob: ""/, 'KNESER_INPUT_TABLE'],
    [table([ROWS[0].with(6, '0.5')]), /line 2: a\.log10Prob: "0\.5"/, 'KNESER_INPUT_TABLE'],
    [table([ROWS[0].with(8, '-Infinity')]), /line 2: b\.log10Prob/, 'KNESER_INPUT_TABLE'],
    [table([ROWS[0].with(4, '-3')]), /line 2: count: "-3"/, 'KNESER_INPUT_TABLE'],
    [table([ROWS[0].with(5, '2')]), /line 2: oov: "2"/, 'KNESER_INPUT_TABLE'],
    [table([ROWS[0].with(2, '1e2')]), /line 2: position: "1e2"/, 'KNESER_INPUT_TABLE'],
  ])('refuses a malformed table: %j', async (text, message, code) => {
    const path = cli.file(text, '.tsv');
    const refused = compare({ file: path, models: ['a', 'b'] });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(path) as string });
  });

  test.each([
    [{ resamples: -1 }, /^resamples: -1 is not a whole number from 100 to 1000000$/],
    [{ resamples: NaN }, /^resamples: NaN is not/],
    [{ resamples: 99 }, /^resamples: 99 is not/],
    [{ resamples: 2e6 }, /^resamples: 2000000 is not/],
    [{ resamples: '500' as never }, /^resamples: "500" is not/],
    [{ seed: 0.5 }, /^seed: 0\.5 is not a whole number/],
    [{ seed: -1 }, /^seed: -1 is not/],
    [{ top: -1 }, /^top: -1 is not a whole number from 0 to 10000$/],
    [{ top: NaN }, /^top: NaN is not/],
    [{ top: 10_001 }, /^top: 10001 is not/],
  ])('refuses the option %j', async (options, message) => {
    const refused = compare({ file: file(), ...options });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ name: 'KneserError', code: 'KNESER_OPTION' });
  });

  test('reads tables with the line ends of other systems', async () => {
    const path = cli.file(table(ROWS).replaceAll('\n', '\r\n'), '.tsv');
    expect((await compare({ file: path })).tokens).toBe(6);
  });
});

describe.concurrent('kneser compare', () => {
  test('prints tables or one JSON object', async () => {
    const path = cli.file(table(ROWS), '.tsv');
    const text = await cli.print(['compare', path, '--models', 'a,b']);
    expect(text).toContain('a and b on 2 sentences, 6 tokens, 1 of them OOVs.');
    expect(text).toContain('matched by a');
    expect(text).toContain('the [dog]');
    const [printed] = await cli.json<ModelComparison>(['compare', path, '--models', 'a,b', '--top', '1']);
    expect(printed).toEqual(await compare({ file: path, top: 1 }));
  });

  test('prints what to change when it refuses a table', async () => {
    const path = cli.file(table(ROWS), '.tsv');
    expect(await cli.refuse(2, ['compare', path, '--models', 'a,b,c'])).toContain('glm5,mkn5');
    expect(await cli.refuse(2, ['compare', path, '--models', 'a,x'])).toContain('it has a, b');
    expect(await cli.refuse(2, ['compare', path, '--resamples', '99'])).toContain('--resamples: 99 is not');
    expect(await cli.refuse(2, ['compare', path, '--top', '10001'])).toContain('--top: 10001 is not');
    expect(await cli.refuse(2, ['compare', path + '.none'])).toContain('no such file');
    const cut = gzipSync(table(ROWS));
    const damaged = cli.file(cut.subarray(0, cut.length - 12), '.tsv.gz');
    expect(await cli.refuse(2, ['compare', damaged])).toContain('damaged or cut short');
  });
});

test('the text of a cell never ends the cell or the line', () => {
  expect(cell('a\tb\nc\r')).toBe('a␉b␊c␍');
});
