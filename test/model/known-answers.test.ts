import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { LanguageModel, type LoadedModel, type Perplexity, type Score } from '#kneser/src/index.js';
import { sharedFile, temporaryFolder, UNIFORM_MIXTURE, withModel, withOpen } from '../support/models.js';
import { brownModel, brownTexts, PTB_TEXT, ptbModel } from '../support/shared.js';

/** KenLM's figures, as test/fixtures/README.md describes them. */
interface KenlmFigures {
  readonly perplexityIncludingOov: number;
  readonly perplexityExcludingOov: number;
  readonly oov: number;
  readonly tokens: number;
  readonly tables: readonly { readonly types: number; readonly discounts: readonly number[] }[];
  readonly matchedCounts: readonly number[];
  readonly first: {
    readonly sentences: number;
    readonly matched: string;
    readonly oov: readonly number[];
    readonly log10Probs: readonly number[];
  };
}

interface KenlmFixture {
  readonly text: { readonly train: string; readonly heldOut: string };
  readonly orders: Readonly<Record<string, KenlmFigures>>;
}

/** The largest difference in log10 p: KenLM computes with single precision. */
const TOKEN_TOLERANCE = 2e-6;

const folder = temporaryFolder('known-answers');

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').replace(/\n$/, '').split('\n');
}

/** The largest absolute difference between two series of the same length. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  // Not Math.max, which would let a NaN pass for a number.
  for (let i = 0; i < a.length; i++) if (!(Math.abs(a[i] - b[i]) <= largest)) largest = Math.abs(a[i] - b[i]);
  return largest;
}

/** Checks that a score from pages equals that from memory, to the last bit. */
function expectIdentical(paged: Score, loaded: Score): void {
  if (isIdentical(paged, loaded)) return;
  expect(paged).toStrictEqual(loaded);
}

function isIdentical(a: Score, b: Score): boolean {
  if (a.log10Probs.length !== b.log10Probs.length || a.log10Prob !== b.log10Prob) return false;
  for (let i = 0; i < a.log10Probs.length; i++) {
    const same = a.log10Probs[i] === b.log10Probs[i] && a.matched[i] === b.matched[i] && a.oov[i] === b.oov[i];
    if (!same) return false;
  }
  return true;
}

/** The first `digits` significant digits. */
function digits(value: number, count: number): number {
  return Number(value.toPrecision(count));
}

describe('Brown corpus, against KenLM', () => {
  const fixture = JSON.parse(
    readFileSync(new URL('../fixtures/brown-kenlm.json', import.meta.url), 'utf8'),
  ) as KenlmFixture;
  let brown: Awaited<ReturnType<typeof brownTexts>>;
  let heldOut: string[];
  beforeAll(async () => {
    brown = await brownTexts();
    heldOut = linesOf(brown.heldOut);
  });

  test('the text is the one that the figures were computed from', () => {
    const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    expect({ train: hash(brown.train), heldOut: hash(brown.heldOut) }).toEqual(fixture.text);
  });

  describe.each([3, 5])('order %i', order => {
    const figures = fixture.orders[order];
    let paged: LanguageModel;
    let loaded: LoadedModel;
    let scores: Score[];
    /** The figures of the held-out text, read from pages and from memory. */
    let ofFile: Record<'paged' | 'loaded', Perplexity>;
    beforeAll(async () => {
      paged = await LanguageModel.open(await brownModel(order), { tables: 'page' });
      loaded = await paged.load();
      scores = heldOut.map(sentence => loaded.score(sentence));
      ofFile = {
        paged: await paged.perplexityOfFile(brown.heldOut),
        loaded: await loaded.perplexityOfFile(brown.heldOut),
      };
      return () => paged.close();
    });

    test('n-gram types and discounts', () => {
      const tables = paged.info.tables;
      // For lmplz, <s> is a type of order 1.
      expect(tables.map(table => table.types)).toEqual(
        figures.tables.map(({ types }, i) => (i === 0 ? types - 1 : types)),
      );
      for (const [i, { discounts }] of figures.tables.entries()) {
        expect(largestDifference(tables[i].discounts, discounts)).toBeLessThan(5e-6);
      }
      expect(tables.some(table => table.fallback)).toBe(false);
      expect(paged.info.vocabulary).toBe(figures.tables[0].types - 1);
    });

    test('log10 probability and matched length of every token of the first sentences', () => {
      const first = scores.slice(0, figures.first.sentences);
      const log10Probs = first.flatMap(score => [...score.log10Probs]);
      const oov = first.flatMap(score => score.oov);
      expect(largestDifference(log10Probs, figures.first.log10Probs)).toBeLessThan(TOKEN_TOLERANCE);
      expect(first.flatMap(score => [...score.matched]).join('')).toBe(figures.first.matched);
      expect(oov.flatMap((is, index) => (is ? [index] : []))).toEqual(figures.first.oov);
    });

    test('matched lengths of the whole held-out text', () => {
      const counts = figures.matchedCounts.map(() => 0);
      for (const { matched } of scores) for (const length of matched) counts[length - 1]++;
      expect(counts).toEqual(figures.matchedCounts);
    });

    test.each(['paged', 'loaded'] as const)('perplexity of the held-out text, %s', async kind => {
      const model = kind === 'paged' ? paged : loaded;
      const { tokens, oov, sentences, perplexity, perplexityExcludingOov, log10Prob } = ofFile[kind];
      expect({ tokens, oov, sentences }).toEqual({
        tokens: figures.tokens,
        oov: figures.oov,
        sentences: heldOut.length,
      });
      expect((perplexity ?? NaN) / figures.perplexityIncludingOov).toBeCloseTo(1, 6);
      expect((perplexityExcludingOov ?? NaN) / figures.perplexityExcludingOov).toBeCloseTo(1, 6);
      const ofSentences = await model.perplexity(heldOut);
      expect({ ...ofSentences }).toMatchObject({ tokens, oov, sentences });
      expect((ofSentences.log10Prob ?? NaN) / (log10Prob ?? NaN)).toBeCloseTo(1, 12);
    });

    test('pages and memory agree to the last bit', async () => {
      for (let i = 0; i < heldOut.length; i += 7) expectIdentical(await paged.score(heldOut[i]), scores[i]);
      expect(ofFile.paged).toEqual(ofFile.loaded);
    });

    test.each([
      ['of sentences', '\n'],
      ['of one endless line', ' '],
    ])('any number of threads gives the same figures of a text %s, to the last bit', async (_, separator) => {
      const path = join(folder, 'long.txt');
      writeFileSync(path, Array.from({ length: 2 }, () => heldOut.join(separator)).join(separator));
      const one = await loaded.perplexityOfFile(path, { threads: 1 });
      for (const threads of [2, 3]) expect(await loaded.perplexityOfFile(path, { threads })).toEqual(one);
      expect(await paged.perplexityOfFile(path)).toEqual(one);
    });
  });
});

const ptb = {
  valid: sharedFile('corpora/ptb/valid.txt'),
  test: sharedFile('corpora/ptb/test.txt'),
};

describe.skipIf(!PTB_TEXT || !ptb.valid || !ptb.test)('Penn Treebank', () => {
  const { valid: validText = '', test: testText = '' } = ptb;

  test.each([
    [2, 199.018, 185.705],
    [3, 157.765, 148.281],
    [4, 149.896, 142.716],
    [5, 148.007, 141.186],
    [6, 147.357, 140.837],
  ])('order %i: perplexity %f on valid, %f on test', async (order, valid, test) => {
    await withOpen(await ptbModel(order), async (paged, loaded) => {
      const { info } = paged;
      const onValid = await loaded.perplexityOfFile(validText, { threads: 1 });
      const onTest = await loaded.perplexityOfFile(testText, { threads: 1 });
      expect(Math.abs((onValid.perplexity ?? NaN) - valid)).toBeLessThan(0.02);
      expect(Math.abs((onTest.perplexity ?? NaN) - test)).toBeLessThan(0.02);
      expect([onValid.sentences, onTest.sentences, info.sentences]).toEqual([3_370, 3_761, 42_068]);
      expect(info.vocabulary).toBe(10_000);
      if (order === 5) {
        expect(await paged.perplexityOfFile(testText)).toEqual(onTest);
        expect(info.tables.map(({ types }) => types)).toEqual([10_000, 264_990, 586_558, 717_733, 737_952]);
        expect(info.tables.map(({ discounts }) => discounts.map(value => digits(value, 5)))).toEqual([
          [0.25656, 0.82888, 1.2623],
          [0.7278, 1.0988, 1.4713],
          [0.86888, 1.2546, 1.4482],
          [0.94283, 1.3831, 1.4317],
          [0.95967, 1.3879, 1.2417],
        ]);
      }
    });
  });
});

describe.each([
  [3, 546.8868, 258.944],
  [5, 545.2384, 258.3542],
])('the news of the Brown corpus, against KenLM: order %i', (order, perplexity, perplexityExcludingOov) => {
  const query = sharedFile(`reference/brown-news.o${order}.query.tsv`);
  const arpa = sharedFile(`reference/brown-news.o${order}.arpa.gz`);
  const trainText = sharedFile('reference/brown-news.train.txt') ?? '';
  const testText = sharedFile('reference/brown-news.test.txt') ?? '';

  test.skipIf(!query || !arpa)('n-gram types, and every token of the test text', async () => {
    const rows = linesOf(query ?? '')
      .slice(1)
      .map(line => line.split('\t'));
    expect(rows).toHaveLength(9_577);
    await withModel(join(folder, 'news'), { files: [trainText], order, threads: 1 }, async ({ paged, loaded }) => {
      const header = gunzipSync(readFileSync(arpa ?? '')).toString('latin1', 0, 200);
      const types = [...header.matchAll(/^ngram \d=(\d+)$/gm)].map(match => Number(match[1]));
      expect(paged.info.tables.map(table => table.types)).toEqual([types[0] - 1, ...types.slice(1)]);
      const sentences = linesOf(testText);
      const scores = sentences.map(sentence => loaded.score(sentence));
      for (const [i, sentence] of sentences.entries()) expectIdentical(await paged.score(sentence), scores[i]);
      expect(scores.flatMap(score => score.tokens)).toEqual(rows.map(([, token]) => token));
      expect(scores.flatMap(score => [...score.matched])).toEqual(rows.map(([, , length]) => Number(length)));
      const log10Probs = scores.flatMap(score => [...score.log10Probs]);
      const expected = rows.map(row => Number(row[3]));
      expect(largestDifference(log10Probs, expected)).toBeLessThan(TOKEN_TOLERANCE);
      const figures = await paged.perplexityOfFile(testText);
      expect(Math.abs((figures.perplexity ?? NaN) - perplexity)).toBeLessThan(1e-4);
      expect(Math.abs((figures.perplexityExcludingOov ?? NaN) - perplexityExcludingOov)).toBeLessThan(1e-4);
      expect([figures.tokens, figures.oov]).toEqual([9_577, 1_242]);
    });
  });

  const mixture = sharedFile(`reference/brown-news.o${order}.glm-uniform.tsv`);
  test.skipIf(!mixture)('every token of the test text, by a uniform mixture of all skip patterns', async () => {
    const expected = linesOf(mixture ?? '')
      .slice(1)
      .map(line => Number(line.split('\t')[2]));
    const training = { files: [trainText], order, patterns: { skip: true }, threads: 1 };
    await withModel(
      join(folder, 'news'),
      training,
      ({ loaded }) => {
        const log10Probs = linesOf(testText).flatMap(sentence => [...loaded.score(sentence).log10Probs]);
        expect(largestDifference(log10Probs, expected)).toBeLessThan(1e-6);
      },
      UNIFORM_MIXTURE,
    );
  });
});
