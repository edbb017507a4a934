import { join } from 'node:path';
import { expect, test } from 'vitest';
import { annotate, exportArpa, importArpa, LanguageModel, prune, train, type OpenOptions } from '#kneser/src/index.js';
import { expectToBe } from '../../support/expect-to-be.js';
import { randomNumbers, sharedFile, temporaryFolder, UNIFORM_MIXTURE } from '../../support/models.js';
import { PTB_TEXT, ptbModel } from '../../support/shared.js';

const folder = temporaryFolder('distribution');
const random = randomNumbers(11);
const WORDS = Array.from({ length: 60 }, (_, i) => `w${i}`);
const sentence = (): string =>
  Array.from({ length: 1 + Math.floor(8 * random()) }, () => WORDS[Math.floor(60 * random() ** 3)]).join(' ');
const TEXT = Array.from({ length: 400 }, sentence);
const HISTORIES = ['', 'w0', 'w0 w1', 'w59', 'never w0 w2', TEXT[0]];

/** Models of all kinds. */
async function models(): Promise<[string, string, OpenOptions][]> {
  const paths = Object.fromEntries(
    ['plain', 'pruned', 'classes', 'model-m', 'cut', 'arpa', 'back-off'].map(n => [n, join(folder, n)]),
  );
  await train({ sentences: TEXT, out: paths.plain, order: 3 });
  await train({ sentences: TEXT, out: paths.cut, order: 3, vocabulary: { kind: 'limit', limit: 20 } });
  await train({
    sentences: TEXT,
    out: paths.classes,
    order: 3,
    patterns: { skip: true },
    holdOut: 0.1,
    classes: [5, 3],
  });
  const clustered = { order: 3, patterns: { skip: true }, holdOut: 0.1, classes: [3], modelM: 1 };
  await train({ sentences: TEXT, out: paths['model-m'], ...clustered });
  await prune({ model: paths.plain, out: paths.pruned, prune: [0, 1, 2] });
  await exportArpa({ model: paths.plain, file: paths.arpa });
  await importArpa({ file: paths.arpa, out: paths['back-off'] });
  return [
    ['Kneser-Ney', paths.plain, { smoothing: 'mkn' }],
    ['one discount an order', paths.plain, { smoothing: 'kn' }],
    ['a lower order', paths.plain, { order: 2 }],
    ['order 1', paths.plain, { order: 1 }],
    ['pruned', paths.pruned, {}],
    ['a closed vocabulary', paths.cut, {}],
    ['the even mixture', paths.classes, UNIFORM_MIXTURE],
    ['the tuned mixture with classes', paths.classes, {}],
    ['Model M', paths['model-m'], {}],
    ['a back-off model', paths['back-off'], {}],
  ];
}

test('entropy, second moment, ranks, order and draws are those of the dense distribution, in all kinds of models', async () => {
  for (const [kind, path, options] of await models()) {
    await using model = await LanguageModel.open(path, { ...options, tables: 'page' });
    const loaded = await model.load();
    const vocabulary = loaded.vocabulary();
    const types = [...vocabulary];
    for (const [h, history] of HISTORIES.entries()) {
      const start = h % 3 !== 1;
      const next = loaded.distribution(history, { start });
      const paged = await model.distribution(history, { start });
      const words = history === '' ? [] : history.split(' ');
      const p = new Map(
        types.map(type => [
          type,
          10 ** loaded.log10Prob(type === '<unk>' ? 'no-such-word' : type, start ? ['<s>', ...words] : words),
        ]),
      );
      const all = [...p.values()].filter(value => value > 0);
      const where = `${kind} after ${history}`;
      expect(next.entropy, where).toBeCloseTo(
        all.reduce((sum, value) => sum - value * Math.log(value), 0),
        12,
      );
      expect(next.secondMoment, where).toBeCloseTo(
        all.reduce((sum, value) => sum + value * Math.log(value) ** 2, 0),
        12,
      );
      expect([paged.entropy, paged.secondMoment]).toEqual([next.entropy, next.secondMoment]);
      const dense = next.dense();
      expect(
        dense.reduce((sum, value) => sum + value, 0),
        where,
      ).toBeCloseTo(1, 6);
      for (const type of types) {
        expect(next.probability(type)).toBeCloseTo(p.get(type) ?? NaN, 12);
        expectToBe(dense[vocabulary.id(type) ?? -1], next.probability(type), type);
      }
      expect(next.probability('<s>')).toBe(0);
      const listed = [...next.descending({ unknown: true })];
      expect(listed.map(({ token }) => token).sort()).toEqual([...types].sort());
      listed.forEach(({ token, probability }, i) => {
        expectToBe(probability, next.probability(token), token);
        if (i === 0) return;
        const before = listed[i - 1];
        expect(before.probability).toBeGreaterThanOrEqual(probability);
        if (before.probability === probability) {
          expect(vocabulary.id(before.token)).toBeLessThan(vocabulary.id(token) ?? -1);
        }
      });
      for (const { token, probability } of listed.filter((_, i) => i % 7 === 0)) {
        expectToBe(next.rank(token), 1 + listed.filter(other => other.probability > probability).length, token);
      }
      expect([...next.descending()].map(({ token }) => token)).not.toContain('<unk>');
      const counts = new Map<string, number>();
      const draws = 200;
      for (let i = 0; i < draws; i++) {
        const token = next.sample((i + 0.5) / draws);
        if (i % 50 === 0) expect(paged.sample((i + 0.5) / draws)).toBe(token);
        counts.set(token, (counts.get(token) ?? 0) + 1);
      }
      const mass = 1 - (next.probability('<unk>') || 0);
      for (const type of types) {
        const expected = type === '<unk>' ? 0 : (draws * next.probability(type)) / mass;
        expect(Math.abs((counts.get(type) ?? 0) - expected), `${where}: ${type}`).toBeLessThan(2.01);
      }
    }
    await loaded.close();
  }
});

test('options and tokens are checked', async () => {
  await using model = await LanguageModel.open(join(folder, 'plain'));
  const next = await model.distribution('w0');
  expect(() => next.sample(1)).toThrow('u: 1 is not a number from 0 to below 1');
  expect(() => next.probability(3 as never)).toThrow('token');
  await expect(model.distribution('w0', { begin: true } as never)).rejects.toThrow('distribution has no such option');
});

test.skipIf(PTB_TEXT === undefined)(
  'features on the Penn Treebank are those of an independent dense computation',
  async () => {
    await using model = await LanguageModel.open(await ptbModel(3));
    const loaded = await model.load();
    // Entropy [nats], the highest p, and numbers of types: the fewest with 0.9 of the mass (top-p), those of at least 9e-4 (epsilon), of
    // at least min(9e-4, √9e-4·e^−entropy) (eta), of at least 0.05 of the highest p (min-p), and the fewest with 0.95 of the mass
    // whose −ln p is nearest to the entropy (typical).
    const expected: [string, number, number, number[]][] = [
      ['', 5.273366, 0.168751, [686, 118, 531, 18, 1563]],
      ['the', 6.422644, 0.074011, [1205, 207, 1711, 38, 2173]],
      ['of the', 6.386794, 0.094891, [1342, 179, 1765, 24, 2556]],
      ['new york', 4.552337, 0.26854, [466, 93, 262, 10, 2061]],
      ['chief executive', 2.0979, 0.604516, [12, 23, 23, 4, 69]],
    ];
    /** The number of first values whose sum reaches the share. */
    const fewest = (values: readonly number[], share: number): number => {
      let sum = 0;
      return 1 + values.findIndex(value => (sum += value) >= share);
    };
    for (const [history, entropy, most, sizes] of expected) {
      const next = loaded.distribution(history);
      expect(next.entropy).toBeCloseTo(entropy, 5);
      const falling = Array.from(next.descending({ unknown: true }), ({ probability }) => probability);
      expect(falling[0]).toBeCloseTo(most, 5);
      const distance = (p: number): number => Math.abs(-Math.log(p) - next.entropy);
      const typical = falling.slice().sort((x, y) => distance(x) - distance(y));
      const eta = Math.min(9e-4, Math.sqrt(9e-4) * Math.exp(-next.entropy));
      const atLeast = (p: number): number => falling.filter(value => value >= p).length;
      const found = [fewest(falling, 0.9), atLeast(9e-4), atLeast(eta), atLeast(0.05 * most), fewest(typical, 0.95)];
      found.forEach((size, i) => {
        expect(Math.abs(size - sizes[i]), `${history}: ${found.join()}`).toBeLessThanOrEqual(1);
      });
    }
    const test = sharedFile('corpora/ptb/test.txt') ?? '';
    const first: [number, number, number, number, number[]][] = [
      [7, -34.394275, 38.878311, 0.601192, [59, 102, 4, 3, 1127, 7, 1]],
      [38, -162.098261, 173.719945, 0.636589, [3, 19, 1, 20, 1, 1, 1, 212, 1, 127, 9, 257]],
      [27, -144.57847, 137.946447, -0.410668, [19, 1855, 1, 3147, 60, 1, 21, 1, 3, 477, 69, 21]],
    ];
    const rows = annotate({ model, files: [test], features: 'full', tokens: true });
    // Over the first 100 sentences: tokens, Σ ln p, Σ entropy, Σ variance and Σ ln rank, and tokens of ranks up to 1, 10, 100 and 1,000.
    const sums = [0, 0, 0, 0, 0];
    const ranked = [0, 0, 0, 0];
    for await (const { index, figures } of rows) {
      if (index === 100) break;
      const n = figures.tokens;
      const [sum, entropies] = [(figures.log10Prob ?? NaN) * Math.LN10, (figures.meanEntropy ?? NaN) * n * Math.LN2];
      const variance = ((sum + entropies) / (figures.curvature ?? NaN)) ** 2;
      [n, sum, entropies, variance, (figures.meanLogRank ?? NaN) * n].forEach((value, i) => (sums[i] += value));
      for (const rank of figures.ranks ?? [])
        [1, 10, 100, 1000].forEach((top, i) => (ranked[i] += rank <= top ? 1 : 0));
      if (index >= first.length) continue;
      const [tokens, likelihood, entropy, curvature, ranks] = first[index];
      expect(n).toBe(tokens);
      expect(sum).toBeCloseTo(likelihood, 4);
      expect(entropies).toBeCloseTo(entropy, 4);
      expect(figures.curvature).toBeCloseTo(curvature, 4);
      expect(figures.ranks?.slice(0, ranks.length)).toEqual(ranks);
    }
    expect(ranked).toEqual([470, 1060, 1558, 1893]);
    const dense = [2_100, -10225.68829, 10378.80459, 18036.21532, 5975.31817];
    sums.forEach((value, i) => {
      expect(Math.abs(value - dense[i]), `sum ${i}: ${value}`).toBeLessThan(0.01);
    });
  },
);
