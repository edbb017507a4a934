import fc from 'fast-check';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { corrupt, CORRUPTIONS, findCorrupted, type Corrupted } from '#kneser/bench/corruption.js';
import { brownSentences } from '#kneser/corpora/brown.js';
import { LanguageModel, train, type LoadedModel, type VectorOptions } from '#kneser/src/index.js';
import { binMeans, tokenMeans, windowSums } from '#kneser/src/model/scoring/vector.js';
import { CommandLine, parseLines } from '../../support/command-line.js';
import { randomNumbers, UNIFORM_MIXTURE, withModel } from '../../support/models.js';

const cli = new CommandLine('vector');

const WORDS = ['the', 'cat', 'sat', 'on', 'mat', 'dog', 'ran', 'far'];

/** Sentences of few words, so that n-grams of all orders repeat. */
function sentences(count: number): string[][] {
  const random = randomNumbers(5);
  return Array.from({ length: count }, () =>
    Array.from({ length: Math.floor(random() * 9) }, () => WORDS[Math.floor(random() ** 2 * WORDS.length)]),
  );
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    if (!(Math.abs(actual[i] / expected[i] - 1) <= 1e-9)) expect(Array.from(actual)).toEqual(expected);
  }
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** The definition, word for word: `logProbs(i, n)` are those of the n tokens from the i-th on, as a window. */
function definition(length: number, window: number, logProbs: (from: number, n: number) => number[]): number[] {
  const n = Math.min(window, length);
  const perplexities = Array.from({ length: length - n + 1 }, (_, i) =>
    logProbs(i, n).reduce((product, logProb) => product * (10 ** logProb) ** (-1 / n), 1),
  );
  return Array.from({ length }, (_, t) => mean(perplexities.filter((_, i) => i <= t && t < i + n)));
}

/** The definition by other methods of the library. */
function naive(model: LoadedModel, tokens: readonly string[], { window = 3, context }: VectorOptions): number[] {
  const { log10Probs } = model.score(tokens, { end: false });
  return definition(tokens.length, window, (from, n) =>
    context === 'window'
      ? [...model.score(tokens.slice(from, from + n), { end: false }).log10Probs]
      : [...log10Probs.slice(from, from + n)],
  );
}

const positive = fc.double({ min: 1e-3, max: 1e9, noNaN: true });

describe('the arithmetic', () => {
  test('of an example that was computed by hand', () => {
    // p = 1/2, 1/4, 1/8, 1/2 and windows of 2: perplexities √8, √32, √16.
    const sums = windowSums(Float64Array.of(-1, -2, -3, -1), 2);
    expect([...sums]).toEqual([-3, -5, -4]);
    const [a, b, c] = [8 ** 0.5, 32 ** 0.5, 4];
    expectClose(tokenMeans(Float64Array.of(a, b, c), 2), [a, (a + b) / 2, (b + c) / 2, c]);
  });

  test('by running sums is that of the definition', () => {
    const logProbs = fc.array(fc.double({ min: -9, max: -1e-3, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(logProbs, fc.integer({ min: 1, max: 70 }), (values, window) => {
        const n = Math.min(window, values.length);
        const perplexities = windowSums(Float64Array.from(values), n).map(sum => 10 ** (-sum / n));
        expectClose(
          tokenMeans(perplexities, n),
          definition(values.length, window, (from, length) => values.slice(from, from + length)),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('is exact for small values beside huge ones', () => {
    expect([...windowSums(Float64Array.of(1e17, 1, 2, 3, 1e17, 1, 1), 2)].slice(1, 3)).toEqual([3, 5]);
    expect([...tokenMeans(Float64Array.of(1e17, 1e17, 3, 3, 3), 2)].slice(3)).toEqual([3, 3, 3]);
  });

  test('in bins has the same mean for any number of bins', () => {
    fc.assert(
      fc.property(
        fc.array(positive, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 90 }),
        (values, bins) => {
          const vector = Float64Array.from(values);
          const means = binMeans(vector, bins);
          expect(means).toHaveLength(bins);
          expectClose([mean(means)], [mean(vector)]);
          expectClose(binMeans(vector, vector.length), values);
        },
      ),
    );
    expectClose(binMeans(Float64Array.of(1, 2, 6), 2), [4 / 3, 14 / 3]);
    expect([...binMeans(Float64Array.of(1, 2), 4)]).toEqual([1, 1, 2, 2]);
  });
});

describe('a model', () => {
  const OPTIONS: VectorOptions[] = [1, 2, 3, 4, 5, 9, 100].flatMap(window =>
    (['text', 'window'] as const).map(context => ({ window, context })),
  );
  const TEXTS = [
    ['cat'],
    ['the', 'cat'],
    ['the', 'zebra', 'sat', 'on', 'the', 'the', 'mat', '</s>', 'ran', '<unk>', 'dog', 'the', 'dog', 'sat'],
    Array.from({ length: 700 }, (_, i) => (i % 37 === 5 ? 'zebra' : WORDS[(i * i) % 7])),
  ];

  test.each([
    [1, {}],
    [2, {}],
    [4, {}],
    [4, UNIFORM_MIXTURE],
  ])('of order %i gives the vectors of the definition, paged and loaded (%j)', async (order, open) => {
    const training = { sentences: sentences(300), order, patterns: { skip: true } };
    await withModel(
      cli.fresh(),
      training,
      async ({ paged, loaded }) => {
        for (const tokens of TEXTS) {
          for (const options of OPTIONS) {
            const vector = loaded.ngramPerplexities(tokens, options);
            expectClose(vector, naive(loaded, tokens, options));
            expect(await paged.ngramPerplexities(tokens, options)).toEqual(vector);
          }
        }
      },
      open,
    );
  });

  test('has defaults, relative values and bins; is empty without tokens; refuses wrong options', async () => {
    await withModel(cli.fresh(), { sentences: sentences(300), order: 3 }, async ({ paged, loaded }) => {
      const [, , text] = TEXTS;
      const vector = loaded.ngramPerplexities(text);
      expect(vector).toBeInstanceOf(Float64Array);
      expect(loaded.ngramPerplexities(text.join(' '), { window: 3, context: 'text' })).toEqual(vector);
      const relative = loaded.ngramPerplexities(text, { relative: true });
      expect(mean(relative)).toBeCloseTo(1, 12);
      expectClose(relative, [...vector.map(value => value / mean(vector))]);
      expectClose(loaded.ngramPerplexities(text, { bins: 5 }), [...binMeans(vector, 5)]);
      // A window as long as the text: each value is the perplexity of the text.
      const { perplexity } = loaded.score(text, { end: false });
      expectClose(loaded.ngramPerplexities(text, { window: 99 }), new Array<number>(text.length).fill(perplexity ?? 0));
      for (const empty of ['', ' ', []]) {
        for (const options of [{}, { bins: 3 }, { context: 'window' as const, relative: true }]) {
          expect(loaded.ngramPerplexities(empty, options)).toHaveLength(0);
          expect(await paged.ngramPerplexities(empty, options)).toHaveLength(0);
        }
      }
      for (const wrong of [{ window: 0 }, { window: 1.5 }, { bins: 0 }, { bins: 1e9 }, { context: 'line' as 'text' }]) {
        const [name] = Object.keys(wrong);
        expect(() => loaded.ngramPerplexities(text, wrong)).toThrow(`${name}: `);
        await expect(paged.ngramPerplexities(text, wrong)).rejects.toMatchObject({ code: 'KNESER_OPTION' });
      }
    });
  });
});

describe('on Brown', () => {
  /** Measured: 0.342 and 0.328, 0.531 and 0.529; by chance 0.23. */
  const FLOORS = { 'other word': 0.31, typo: 0.5 };

  test('a window of the highest value contains the token that was corrupted, far more often than by chance', async () => {
    const all = [...brownSentences()];
    const sentences = all.filter((_, i) => i < 15_000 && i % 10 !== 9);
    const heldOut = all.filter((tokens, i) => i < 15_000 && i % 10 === 9 && tokens.length >= 10);
    const words = sentences.flat();
    await withModel(cli.fresh(), { sentences, order: 3, threads: 1 }, ({ loaded }) => {
      for (const corruption of CORRUPTIONS) {
        const random = randomNumbers(1);
        const corrupted = heldOut
          .map(tokens => corrupt(tokens, corruption, words, random))
          .filter((one): one is Corrupted => one !== undefined);
        expect(corrupted.length).toBeGreaterThan(1000);
        const rates = findCorrupted(loaded, corrupted, 3);
        expect(rates['vector, running text'].covered).toBeGreaterThan(FLOORS[corruption]);
        expect(rates['vector, windows alone'].covered).toBeGreaterThan(FLOORS[corruption]);
        expect(rates['any token'].covered).toBeLessThan(0.3);
      }
    });
  });

  test('the same seed replaces the same tokens: one of each sentence, by another token', () => {
    const sentences = [...brownSentences()].slice(0, 200);
    const words = sentences.flat();
    for (const corruption of CORRUPTIONS) {
      const [random, again] = [randomNumbers(3), randomNumbers(3)];
      for (const tokens of sentences) {
        const one = corrupt(tokens, corruption, words, random);
        expect(corrupt(tokens, corruption, words, again)).toEqual(one);
        if (!one) continue;
        expect(one.tokens[one.at]).not.toBe(tokens[one.at]);
        expect(one.tokens.with(one.at, tokens[one.at])).toEqual(tokens);
        if (corruption === 'typo') expect(tokens[one.at]).toMatch(/^\p{L}{4,}$/u);
        else expect(words).toContain(one.tokens[one.at]);
      }
    }
    expect(corrupt(['an', 'ox', '1234'], 'typo', words, randomNumbers(1))).toBeUndefined();
  });
});

interface VectorLine {
  readonly tokens: string[];
  readonly vector: number[];
  readonly perplexity: number | null;
}

describe.concurrent('kneser vector', () => {
  const INPUT = 'the cat sat on the zebra\n\n<b>"the"</b> & \'cat\'\n';
  let model: string;

  beforeAll(async () => {
    model = cli.fresh();
    await train({ sentences: sentences(300), out: model, order: 3 });
  });

  test('--json prints tokens, vector and perplexity, one line for each line of input', async () => {
    const lines = await cli.json<VectorLine>(['vector', model], { input: INPUT });
    expect(lines.map(line => Object.keys(line))).toEqual(lines.map(() => ['tokens', 'vector', 'perplexity']));
    const opened = await LanguageModel.open(model);
    try {
      for (const [i, text] of INPUT.trimEnd().split('\n').entries()) {
        const { tokens, perplexity } = await opened.score(text, { end: false });
        const vector = [...(await opened.ngramPerplexities(text))];
        expect(lines[i]).toEqual({ tokens, vector, perplexity });
      }
      const options = ['--window', '2', '--context', 'window', '--relative', '--bins', '4', '--tables', 'load'];
      const [line] = parseLines<VectorLine>(await cli.print(['vector', model, '--json', ...options], { input: INPUT }));
      const expected = { window: 2, context: 'window', relative: true, bins: 4 } as const;
      expectClose(line.vector, [...(await opened.ngramPerplexities(line.tokens, expected))]);
    } finally {
      await opened.close();
    }
    expect(lines[1]).toEqual({ tokens: [], vector: [], perplexity: null });
  });

  test('prints perplexity and tokens with values, separated by tabs, if the output is not a terminal', async () => {
    const file = cli.file(INPUT);
    const lines = (await cli.print(['vector', model, file])).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^\d+\.\d\d\tthe \d+\.\d{4}\tcat \d+\.\d{4}\t.*\tzebra \d+\.\d{4}$/);
    expect(lines[1]).toBe('–');
    const [bins] = (await cli.print(['vector', model, file, '--bins', '2'])).split('\n');
    expect(bins).toMatch(/^\d+\.\d\d\t\d+\.\d{4}\t\d+\.\d{4}$/);
  });

  test('prints colours and their scale only to a terminal with colours', async () => {
    const args = ['vector', model, cli.file('the cat \u001b[2J zebra\n')];
    const painted = await cli.print(args, { env: { FORCE_COLOR: '3', NO_COLOR: '' } });
    const plain = painted.replace(/\u001b\[[\d;]*m/g, '');
    expect(plain).toMatch(/^the cat \ufffd\[2J zebra\nperplexity [\d.]+ {3}[\d.,]+ ▕ +▏ [\d.,]+\n\n$/);
    expect(painted).toContain('\u001b[48;2;227;26;28m');
    for (const env of [{ FORCE_COLOR: '0' }, { CI: 'true' }] as const) {
      expect(await cli.print(args, { env })).toMatch(/^\d+\.\d\d\tthe \d/);
    }
  });

  test('--html writes a self-contained page and escapes all text', async () => {
    const html = cli.fresh('page') + '.html';
    const hostile = '<script>alert(1)</script> "quoted" &amp; \'x\' </style><img src=x onerror=alert(1)>';
    const file = cli.file(`${INPUT}${hostile}\n`, '<i>.txt');
    expect(await cli.print(['vector', model, file, '--html', html])).toBe('');
    const page = readFileSync(html, 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;</span>');
    expect(page).toContain('&quot;quoted&quot;</span>');
    expect(page).toContain('&amp;amp;</span>');
    expect(page).toContain('&#39;x&#39;</span>');
    expect(page).toContain('&lt;i&gt;.txt</h1>');
    expect(page).not.toMatch(/<img|<b>"|<i>\.txt/);
    // The page fetches nothing, and its policy forbids fetching.
    expect(page).not.toMatch(/(src|href)=(?!x)|url\((?!#)|@import|https?:/);
    expect(page).toContain(`content="default-src 'none';`);
    expect(page.match(/<section>/g)).toHaveLength(4);
    const markup = page.slice(0, page.indexOf('<script>'));
    expect(markup).not.toMatch(/NaN|undefined|Infinity/);
    expect(page.match(/ data-oov>/g)?.length).toBeGreaterThan(6);
    expect(page).toMatch(/data-v="[\d.,]+" data-p="-\d\.\d{4}" data-m="3">/);
    await cli.print(['vector', model, cli.file(''), '--html', html, '--bins', '7', '--relative']);
    const empty = readFileSync(html, 'utf8');
    expect(empty.slice(0, empty.indexOf('<script>'))).not.toMatch(/<section>|NaN|undefined|Infinity/);
  });

  test('--html leaves no file after a failure', async () => {
    const folder = cli.fresh('folder');
    mkdirSync(folder);
    expect(await cli.refuse(2, ['vector', model, '--html', folder])).toContain(`${folder}: is a folder`);
    const file = cli.file('x');
    await cli.refuse(2, ['vector', model, '--html', join(file, 'page.html')], { input: 'the cat\n' });
    const html = join(folder, 'page.html');
    await cli.refuse(2, ['vector', model, join(folder, 'missing.txt'), '--html', html]);
    expect(existsSync(html)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['--window', '0'],
    ['--window', '1.5'],
    ['--bins', '0'],
    ['--bins', '2000000'],
    ['--context', 'line'],
  ])('refuses %s %s', async (option, value) => {
    const message = await cli.refuse(2, ['vector', model, option, value], { input: 'the cat\n' });
    expect(message).toContain(option);
    expect(message).toContain(value);
  });

  test('refuses --json with --html', async () => {
    const message = await cli.refuse(2, ['vector', model, '--json', '--html', cli.fresh()]);
    expect(message).toContain('--html');
  });
});
