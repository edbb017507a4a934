import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LanguageModel, profile, train, type ProfileReport } from '#kneser/src/index.js';
import { DISTANCE_NAMES } from '#kneser/src/documents/profile/pool.js';
import { CommandLine, parseLines } from '../support/command-line.js';
import { sharedFile } from '../support/models.js';

const cli = new CommandLine('profile-cli');

type Sentence = readonly string[];

function textOf(sentences: readonly Sentence[]): string {
  return sentences.map(sentence => `${sentence.join(' ')}\n`).join('');
}

/** The distances between two texts, computed anew from strings. @param stopwords the list of stopwords. */
function distancesOf(
  a: readonly Sentence[],
  b: readonly Sentence[],
  stopwords: readonly string[],
): Record<string, number | null> {
  const ks = (x: readonly number[], y: readonly number[]): number =>
    Math.max(
      ...[...x, ...y].map(at => {
        const below = (values: readonly number[]): number => values.filter(value => value <= at).length / values.length;
        return Math.abs(below(x) - below(y));
      }),
    );
  const tvd = (x: readonly string[], y: readonly string[]): number | null =>
    x.length === 0 || y.length === 0
      ? null
      : [...new Set([...x, ...y])].reduce((sum, word) => {
          const share = (words: readonly string[]): number => words.filter(own => own === word).length / words.length;
          return sum + Math.abs(share(x) - share(y)) / 2;
        }, 0);
  const lowerCase = (words: readonly string[]): string[] => words.map(word => word.toLowerCase());
  const isSymbol = (word: string): boolean => !/[\p{L}\p{N}]/u.test(word);
  const isStopword = (word: string): boolean => stopwords.includes(word.toLowerCase());
  const shares = (text: readonly Sentence[], is: (word: string) => boolean): number[] =>
    text.map(sentence => sentence.filter(is).length / sentence.length);
  const [wordsA, wordsB] = [a.flat(), b.flat()];
  const tokens = Math.min(wordsA.length, wordsB.length);
  const cumulated = (words: readonly string[]): number[] => {
    const counts = new Map<string, number>();
    for (const word of words.slice(0, tokens)) counts.set(word, (counts.get(word) ?? 0) + 1);
    let sum = 0;
    return [...counts.values()].sort((x, y) => y - x).map(count => (sum += count / tokens));
  };
  const [ranksA, ranksB] = [cumulated(wordsA), cumulated(wordsB)];
  const ranks = Array.from({ length: Math.max(ranksA.length, ranksB.length) }, (_, k) => k);
  const mean = (text: readonly Sentence[], position: number): number => {
    const m = Math.min(text.length, (position * text.length) / text.flat().length);
    const at = (units: number): number => meanOverOrders(text, units);
    const below = Math.floor(m);
    return m === below ? at(below) : at(below) + (m - below) * (at(below + 1) - at(below));
  };
  const positions = Array.from({ length: 25 }, (_, i) => Math.round(tokens ** (i / 24)));
  return {
    length: ks(
      a.map(({ length }) => length),
      b.map(({ length }) => length),
    ),
    documentLength: null,
    unigrams: tvd(wordsA, wordsB),
    rankFrequency: Math.max(...ranks.map(k => Math.abs((ranksA[k] ?? 1) - (ranksB[k] ?? 1)))),
    typeToken: Math.max(
      ...positions.map(position => {
        const [v, w] = [mean(a, position), mean(b, position)];
        return Math.abs(v - w) / Math.max(v, w);
      }),
    ),
    stopwordShare: ks(shares(a, isStopword), shares(b, isStopword)),
    stopwords: tvd(lowerCase(wordsA.filter(isStopword)), lowerCase(wordsB.filter(isStopword))),
    symbolShare: ks(shares(a, isSymbol), shares(b, isSymbol)),
    symbols: tvd(wordsA.filter(isSymbol), wordsB.filter(isSymbol)),
  };
}

/** The mean number of types of `units` sentences over all choices of so many. */
function meanOverOrders(text: readonly Sentence[], units: number): number {
  let [sum, choices] = [0, 0];
  for (let chosen = 0; chosen < 2 ** text.length; chosen++) {
    const own = text.filter((_, i) => (chosen >> i) & 1);
    if (own.length !== units) continue;
    sum += new Set(own.flat()).size;
    choices++;
  }
  return sum / choices;
}

const sentence = fc.array(fc.constantFrom('the', 'The', 'a', 'b', 'c', 'dé', '.', ',', '7'), {
  minLength: 1,
  maxLength: 9,
});
const sentences = fc.array(sentence, { minLength: 2, maxLength: 6 });

test('distances are those computed from the strings', async () => {
  const stopwords = cli.file('the\na\n');
  const property = fc.asyncProperty(sentences, sentences, async (a, b) => {
    const { distances } = await profile({
      files: [cli.file(textOf(a))],
      against: [cli.file(textOf(b))],
      stopwords,
      resamples: 19,
    });
    const wanted = distancesOf(a, b, ['the', 'a']);
    for (const name of DISTANCE_NAMES) {
      const { value, p } = distances[name];
      const own = wanted[name];
      if (own === null) expect([name, value, p]).toEqual([name, null, null]);
      else expect([name, Math.abs((value ?? NaN) - own) < 1e-9]).toEqual([name, true]);
    }
  });
  await fc.assert(property, { numRuns: 25 });
});

test('figures of repetition are those of the n-grams as strings', async () => {
  const property = fc.asyncProperty(sentences, sentences, async (a, b) => {
    const ngrams = (text: readonly Sentence[], n: number): string[] =>
      text.flatMap(words => words.flatMap((_, i) => (i + n <= words.length ? [words.slice(i, i + n).join(' ')] : [])));
    const share = (list: readonly string[]): number | null =>
      list.length === 0 ? null : new Set(list).size / list.length;
    const { text } = await profile({ files: [cli.file(textOf(a))] });
    expect(text.vocabulary.distinct1).toBe(share(a.flat()));
    expect(text.vocabulary.distinct2).toBe(share(ngrams(a, 2)));
    expect(text.vocabulary.distinct4).toBe(share(ngrams(a, 4)));
    const own = a.map(words => share(ngrams([words], 4))).filter(value => value !== null);
    const mean = own.reduce((sum, value) => sum + 1 - value, 0) / own.length;
    if (own.length === 0) expect(text.seqRep4).toBeNull();
    else expect(text.seqRep4).toBeCloseTo(mean, 12);
    const { copied8 } = await profile({
      files: [cli.file(textOf(a))],
      against: [cli.file(textOf([...b, ...a.slice(0, 1)]))],
      resamples: 19,
    });
    const [known, all] = [ngrams(a, 8), ngrams([...b, ...a.slice(0, 1)], 8)];
    expect(copied8).toBe(all.length === 0 ? null : all.filter(ngram => known.includes(ngram)).length / all.length);
  });
  await fc.assert(property, { numRuns: 25 });
});

/** A text with long and short sentences. */
const MIXED = textOf(
  Array.from({ length: 40 }, (_, i) => Array.from({ length: 3 + (i % 7) }, (_, k) => `w${(i * k) % 11}`)),
);

test('the same seed gives the same report, another seed other halves', async () => {
  const options = {
    files: [cli.file(MIXED)],
    against: [cli.file(MIXED.split('\n').slice(7).join('\n'))],
    resamples: 99,
  };
  const once = await profile({ ...options, seed: 3 });
  expect(await profile({ ...options, seed: 3 })).toEqual(once);
  const other = await profile({ ...options, seed: 4 });
  expect(other.distances.unigrams.value).toBe(once.distances.unigrams.value);
  expect(other.distances.unigrams.halves).not.toBe(once.distances.unigrams.halves);
});

test('documents are units; a plain text beside them makes sentences the units', async () => {
  const documents = cli.file('{"text":"a b\\nc"}\n{"text":""}\n{"text":"d\\n\\ne f g"}\n', '.jsonl');
  const own = await profile({ files: [documents] });
  expect(own).toMatchObject({
    unit: 'document',
    text: { documents: 2, sentences: 4, tokens: 7, documentLength: { mean: 3.5, sd: 0.5, median: 3.5, most: 4 } },
    reason: 'there is no second text',
    against: null,
    copied8: null,
  });
  expect(own.text.length).toMatchObject({ mean: 1.75, median: 1.5, most: 3 });
  expect(own.text.units).toEqual([[3, 3], [4, 4]]); // prettier-ignore
  expect(own.text.typeToken.at(-1)).toEqual([7, 7]);
  const beside = await profile({ files: [documents], against: [cli.file('a b\nc d\n')], resamples: 19 });
  expect(beside).toMatchObject({ unit: 'sentence', text: { documents: 2 }, against: { documents: null } });
});

test('text is read like the text of a model: lower case, invalid UTF-8, tokenizers', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: string): void => void warnings.push(warning);
  const bytes = Buffer.concat([Buffer.from('Ab aB '), Buffer.of(0xff), Buffer.from(' \xff'), Buffer.from(' ab\n')]);
  const { text } = await profile({ files: [cli.file(bytes)], lowercase: true, onWarning });
  expect(text).toMatchObject({ tokens: 5, vocabulary: { types: 3, hapaxes: 2 } });
  expect(warnings).toEqual(['1 invalid UTF-8 sequences were read as U+FFFD']);
  const cut = await profile({ files: [cli.file('ab.\n')], tokenization: { tokenizer: 'characters' } });
  expect(cut).toMatchObject({ text: { tokens: 3, symbolShare: 1 / 3 }, conventions: { tokenizer: 'characters' } });
});

describe('samples of a model', () => {
  test('are as many as the text has sentences, with surprisal and entropy of both', async () => {
    const file = cli.file(MIXED);
    const path = cli.fresh();
    await train({ files: [file], out: path, order: 2, threads: 1 });
    const model = await LanguageModel.open(path);
    try {
      const report = await profile({ files: [file], model, resamples: 19, seed: 7, topK: 50 });
      const texts: string[][] = [];
      for await (const { tokens } of model.generate({ sentences: 40, seed: 7, topK: 50 })) {
        texts.push(tokens.filter(token => token !== '</s>'));
      }
      expect(report.against).toMatchObject({ sentences: 40, tokens: texts.flat().length });
      expect(report).toMatchObject({ unit: 'sentence', conventions: { tokenizer: 'whitespace' } });
      const { perplexity, tokens } = await model.perplexityOfFile(file);
      const { meanSurprisal = 0, meanEntropy = 0, entropyTokens, oov } = report.text.underModel ?? {};
      expect(meanSurprisal).toBeCloseTo(Math.log2(perplexity ?? NaN), 9);
      let entropy = 0;
      for (const line of MIXED.trimEnd().split('\n')) {
        const words = line.split(' ');
        for (let i = 0; i <= words.length; i++) {
          entropy += (await model.distribution(words.slice(0, i))).entropy;
        }
      }
      expect(meanEntropy).toBeCloseTo(entropy / tokens / Math.LN2, 9);
      expect([entropyTokens, oov]).toEqual([tokens, 0]);
      const few = await profile({ files: [file], model: path, samples: 5, resamples: 19 });
      expect(few.against?.sentences).toBe(5);
    } finally {
      await model.close();
    }
  });

  test('unknown words of the text are <unk> where samples have it', async () => {
    const path = cli.fresh();
    await train({
      files: [cli.file('a b\nb a\na c\nz\n')],
      out: path,
      order: 2,
      threads: 1,
      vocabulary: { kind: 'words', words: ['a', 'b'] },
    });
    const files = [cli.file('a x y\nb c\n')];
    const plain = await profile({ files, model: path, samples: 20, resamples: 19 });
    expect(plain.text.vocabulary.types).toBe(5);
    expect(plain.text.underModel?.oov).toBe(3);
    const { text } = await profile({ files, model: path, unknown: true, samples: 20, resamples: 19 });
    expect(text.vocabulary.types).toBe(3);
  });
});

test('the command prints the report as tables, JSON and a page', async () => {
  const [a, b] = [cli.file(MIXED), cli.file(MIXED.slice(0, 500))];
  const page = `${cli.fresh('page')}.html`;
  const args = ['profile', a, '--against', b, '--resamples', '19', '--stopwords', cli.file('w1 w2\n'), '--html', page];
  const printed = await cli.print(args);
  expect(printed).toMatch(/exponent of Zipf’s law/);
  expect(printed).toMatch(/19 permutations of sentences/);
  const [report] = parseLines<ProfileReport>(await cli.print([...args, '--json']));
  expect(report.distances.unigrams).toMatchObject({ measure: 'TVD' });
  const html = readFileSync(page, 'utf8');
  expect(html.match(/<svg/g)).toHaveLength(3);
  expect(html).not.toMatch(/NaN|Infinity|undefined/);
  const single = `${cli.fresh('page')}.html`;
  await cli.print(['profile', cli.file('a\n'), '--html', single]);
  expect(readFileSync(single, 'utf8')).not.toMatch(/NaN|Infinity|undefined/);
});

test('bad input is refused by name, or has no p with a reason', async () => {
  const [text, one] = [cli.file(MIXED), cli.file('one sentence only\n')];
  const refusals: readonly (readonly [RegExp, ...string[]])[] = [
    [/the text holds no token/, cli.file('')],
    [/the text holds no token/, cli.file(' \n\n')],
    [/--resamples: 0 is not a whole number from 19/, text, '--resamples', '0'],
    [/--resamples: belongs to --against; without a second text or a model no test/, text, '--resamples', '99'],
    [/--samples: belongs to --model/, text, '--samples', '3'],
    [/--top-p: belongs to --model/, text, '--top-p', '0.9'],
    [/--order: belongs to --model/, text, '--order', '2'],
    [/standard input is already the text/, '-', '--against', '-'],
    [/no-such-list/, text, '--stopwords', 'no-such-list'],
    [/the list of stopwords holds no words/, text, '--stopwords', cli.file('')],
    [/no-such-file/, text, '--against', 'no-such-file'],
    [/is an input/, text, '--html', text],
    [/is an input/, text, '--stopwords', one, '--html', one],
  ];
  for (const [message, ...args] of refusals) expect(await cli.refuse(2, ['profile', ...args])).toMatch(message);
  const model = cli.fresh();
  await train({ files: [text], out: model, order: 2, threads: 1 });
  const withModel: readonly (readonly [RegExp, ...string[]])[] = [
    [/--against: excludes --model/, '--against', text],
    [/--tokenizer: excludes --model/, '--tokenizer', 'whitespace'],
    [/--lowercase: excludes --model/, '--lowercase'],
    [/--top-p: excludes --mirostat/, '--mirostat', '3', '--top-p', '0.9'],
    [/temperature: -1/, '--temperature', '-1'],
  ];
  for (const [message, ...args] of withModel) {
    expect(await cli.refuse(2, ['profile', text, '--model', model, ...args])).toMatch(message);
  }
  const { reason, distances } = await profile({ files: [text], against: [one] });
  expect(reason).toBe('the second text is one sentence: there is nothing to permute');
  expect(distances.unigrams).toMatchObject({ p: null });
  expect(distances.unigrams.value).toBeGreaterThan(0);
  const alone = await profile({ files: [one] });
  expect(alone.distances.unigrams).toEqual({ measure: 'TVD', value: null, p: null, halves: null });
  const symbols = await profile({ files: [cli.file('. , .\n, !\n')], against: [cli.file('. .\n')], stopwords: 'en' });
  expect(symbols).toMatchObject({
    text: { symbolShare: 1, stopwordShare: 0 },
    distances: { stopwords: { value: null } },
  });
});

const penn = sharedFile('corpora/ptb');

describe.skipIf(penn === undefined)('the Penn Treebank (skipped where the corpus is missing)', () => {
  test('has the figures that scipy computes', async () => {
    const files = (name: string): string[] => [`${penn ?? ''}/${name}.txt`];
    const { text } = await profile({ files: files('test') });
    expect(text).toMatchObject({ tokens: 78_669, vocabulary: { types: 6048, hapaxes: 1883 }, length: { median: 20 } });
    expect(text.vocabulary.zipf.exponent).toBeCloseTo(0.977545, 6);
    expect(text.vocabulary.zipf.ks).toBeCloseTo(0.03717, 5);
    expect(text.vocabulary.heaps.beta).toBeCloseTo(0.562949, 6);
    expect(text.vocabulary.heaps.alpha).toBeCloseTo(10.60537, 5);
    expect(text.vocabulary.heaps.leastSquares.beta).toBeCloseTo(0.673174, 6);
    expect(text.vocabulary.heaps.leastSquares.alpha).toBeCloseTo(3.750946, 6);
    expect(text.length.mean).toBeCloseTo(20.917, 3);
    expect(text.length.sd).toBeCloseTo(10.1883, 4);
    const large = (await profile({ files: files('train') })).text;
    expect(large).toMatchObject({ tokens: 887_521, vocabulary: { types: 9999, hapaxes: 30 } });
    expect(large.vocabulary.zipf.exponent).toBeCloseTo(0.991937, 6);
    expect(large.vocabulary.zipf.ks).toBeCloseTo(0.041439, 6);
    expect(large.vocabulary.heaps.beta).toBeCloseTo(0.303375, 6);
    expect(large.vocabulary.heaps.alpha).toBeCloseTo(156.829773, 5);
    expect(large.vocabulary.heaps.leastSquares.beta).toBeCloseTo(0.571735, 6);
    expect(large.vocabulary.heaps.leastSquares.alpha).toBeCloseTo(8.346708, 5);
    expect(large.length.mean).toBeCloseTo(21.0973, 4);
    expect(large.length.sd).toBeCloseTo(10.1447, 4);
    const { distances } = await profile({ files: files('test'), against: files('valid'), resamples: 19 });
    expect(distances.length.value).toBeCloseTo(0.0156827, 7);
    expect(distances.unigrams.value).toBeCloseTo(0.169945, 6);
  });
});
