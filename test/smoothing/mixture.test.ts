import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  LanguageModel,
  train,
  tune,
  verify,
  type LoadedModel,
  type OpenOptions,
  type TextCache,
  type TrainOptions,
} from '#kneser/src/index.js';
import { randomNumbers, sharedFile, temporaryFolder } from '../support/models.js';
import { brownTexts } from '../support/shared.js';

const folder = temporaryFolder('mixture');

async function withOpen<T>(
  path: string,
  options: OpenOptions,
  use: (model: LanguageModel) => T | Promise<T>,
): Promise<T> {
  const model = await LanguageModel.open(path, options);
  try {
    return await use(model);
  } finally {
    await model.close();
  }
}

/** Σ p(word | history) over words given once each. */
function total(model: LoadedModel, words: readonly string[], history: readonly string[], start: boolean): number {
  let state = model.start({ start });
  for (const word of history) state = model.extend(state, word).state;
  return words.reduce((sum, word) => sum + 10 ** model.extend(state, word).log10Prob, 0);
}

describe('on texts whose classes get no words', () => {
  // Sentences of one word have the same neighbours, so that clustering puts all words into one class.
  const words = Array.from({ length: 200 }, (_, i) => `x${i}`);
  const texts: [name: string, sentences: string[], options: Pick<TrainOptions, 'classes' | 'modelM' | 'holdOut'>][] = [
    ['one word a sentence', words.slice(0, 60), { classes: 3, holdOut: 0.05 }],
    [
      'of unequal frequency',
      words.flatMap((word, i) => Array.from({ length: 1 + (i % 5) }, () => word)),
      { holdOut: 0.05 },
    ],
    ['with two clusterings', words.slice(0, 100), { classes: [4, 2], modelM: 1, holdOut: 0.1 }],
  ];
  test.each(texts)('every distribution sums to one, and the model is sound: %s', async (name, sentences, options) => {
    const out = join(folder, name.replaceAll(' ', '-'));
    await train({ sentences, out, order: 3, patterns: { skip: true }, ...options });
    expect(await verify(out)).toMatchObject({ sound: true, findings: [] });
    await withOpen(out, {}, async model => {
      const loaded = await model.load();
      for (const history of [[], ['x1'], ['unseen'], ['x1', 'x2']]) {
        expect(total(loaded, [...loaded.vocabulary()], history, history.length === 0)).toBeCloseTo(1, 12);
      }
    });
  });
});

describe('on Brown', () => {
  const out = join(folder, 'brown');
  let heldOut: string;
  let vocabulary: string[];

  beforeAll(async () => {
    const brown = await brownTexts();
    heldOut = join(folder, 'some.txt');
    writeFileSync(heldOut, readFileSync(brown.heldOut, 'utf8').split('\n').slice(0, 375).join('\n') + '\n');
    const text = join(folder, 'train.txt');
    const lines = readFileSync(brown.train, 'utf8').split('\n').slice(0, 3000);
    writeFileSync(text, lines.join('\n') + '\n');
    await train({
      files: [text],
      out,
      order: 4,
      patterns: { skip: true },
      holdOut: 0.02,
      classes: [100, 40, 20],
      threads: 1,
    });
    vocabulary = [
      '<unk>',
      '</s>',
      ...new Set(
        lines
          .filter((_, i) => i % 50 !== 49)
          .join(' ')
          .split(' ')
          .filter(w => w),
      ),
    ];
  });

  test('training tunes the weights, and the mixture has a much lower perplexity than modified Kneser-Ney', async () => {
    const perplexity = (options: OpenOptions, cache = false): Promise<number> =>
      withOpen(out, options, async model => (await model.perplexityOfFile(heldOut, { cache })).perplexity ?? NaN);
    const mkn = await perplexity({ smoothing: 'mkn' });
    const tuned = await perplexity({});
    expect(tuned).toBeLessThan(0.9 * mkn);
    expect(await perplexity({ smoothing: 'glm', weights: 'uniform' })).toBeGreaterThan(mkn);
    expect(await perplexity({}, true)).toBeLessThan(tuned);
    expect(await perplexity({ tables: 'load' })).toBe(await perplexity({ tables: 'page' }));
  });

  test('the sentences held out are not counted', async () => {
    await withOpen(out, {}, ({ info }) => {
      expect(info.sentences).toBe(2940);
      expect(info.weights).toHaveLength(1);
      const [weights] = info.weights;
      expect(weights.sentences).toBe(60);
      expect(weights.tuned).toBeLessThan(weights.mkn);
      const shares = weights.shares.reduce((sum, { share }) => sum + share, 0);
      expect(shares).toBeGreaterThan(0.9);
      expect(shares).toBeLessThan(1);
    });
  });

  /** Σ p(word | <s> history) over words, each scored with a cache that `fill` has filled. */
  function totalCached(
    model: LoadedModel,
    words: readonly string[],
    history: readonly string[],
    fill: (cache: TextCache) => void,
  ): number {
    const cache = model.createCache();
    let sum = 0;
    for (const word of words) {
      cache.reset();
      fill(cache);
      const isEnd = word === '</s>';
      const tokens = isEnd ? [...history] : [...history, word];
      sum += 10 ** (model.score(tokens, { end: isEnd, cache }).log10Probs.at(-1) ?? NaN);
    }
    return sum;
  }

  test('every distribution sums to one: even and tuned, whatever the context', async () => {
    const random = randomNumbers(7);
    const pick = (): string => vocabulary[Math.floor(random() ** 3 * vocabulary.length)];
    const histories = [
      [],
      ['stranger'],
      ['The', 'jury', 'said'],
      ['stranger', 'of', 'the'],
      [pick(), pick(), pick(), pick()],
    ];
    for (const options of [{ smoothing: 'glm', weights: 'uniform' }, {}] as const) {
      await withOpen(out, options, async model => {
        const loaded = await model.load();
        for (const history of histories) {
          for (const start of [true, false]) expect(total(loaded, vocabulary, history, start)).toBeCloseTo(1, 9);
        }
      });
    }
  });

  test('distributions with a cache of the text sum to one', async () => {
    const few = join(folder, 'few.txt');
    const sentences = readFileSync(join(folder, 'train.txt'), 'utf8').split('\n').slice(0, 1000);
    writeFileSync(few, sentences.join('\n') + '\n');
    const small = join(folder, 'few');
    await train({ files: [few], out: small, order: 4, patterns: { skip: true }, holdOut: 0.05, classes: [20, 9] });
    const held = new Set(sentences.filter((_, i) => i % 20 === 19));
    const words = new Set(sentences.filter(sentence => !held.has(sentence)).flatMap(sentence => sentence.split(' ')));
    words.delete('');
    await withOpen(small, {}, async model => {
      expect(words.size).toBe(model.info.vocabulary - 2);
      const loaded = await model.load();
      const fill = (cache: TextCache): void => {
        loaded.score('The jury said the jury of the city said the', { cache });
        loaded.score('of a stranger in the city', { cache });
      };
      for (const history of [['the'], ['stranger']]) {
        expect(totalCached(loaded, ['<unk>', '</s>', ...words], history, fill)).toBeCloseTo(1, 9);
      }
    });
  });

  test('a cache belongs to the model that made it, however the model is opened', async () => {
    const other = join(folder, 'other');
    await train({ sentences: ['b a b a', 'a b c'], out: other, order: 2, patterns: { skip: true }, holdOut: 0.5 });
    await using model = await LanguageModel.open(out);
    await using again = await LanguageModel.open(out);
    await using foreign = await LanguageModel.open(other);
    const cache = model.createCache();
    await model.score('The jury', { cache });
    await again.score('The jury', { cache });
    (await model.load()).score('The jury', { cache });
    const refusal = {
      code: 'KNESER_OPTION',
      message: expect.stringContaining('a cache that createCache of this model made') as string,
    };
    await expect(foreign.score('The jury', { cache })).rejects.toMatchObject(refusal);
    const loaded = await foreign.load();
    expect(() => loaded.score('The jury', { cache })).toThrow(expect.objectContaining(refusal) as Error);
  });

  test('tuning again gives the same weights, also beside other weights, and does not change the counts', async () => {
    const files = [join(folder, 'tuning.txt')];
    writeFileSync(files[0], readFileSync(heldOut, 'utf8').split('\n').slice(0, 250).join('\n') + '\n');
    const first = await tune({ model: out, files, name: 'one' });
    const second = await tune({ model: out, files, name: 'two' });
    expect(second).toEqual(first);
    const scores = await Promise.all(
      ['one', 'two', 'default'].map(weights => withOpen(out, { weights }, model => model.score('The jury said so .'))),
    );
    expect(scores[0].log10Probs).toEqual(scores[1].log10Probs);
    expect(scores[0].log10Prob).not.toBe(scores[2].log10Prob);
    await expect(LanguageModel.open(out, { weights: 'three' })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
    await expect(LanguageModel.open(out, { smoothing: 'mkn', weights: 'one' })).rejects.toMatchObject({
      code: 'KNESER_OPTION',
    });
    await expect(tune({ model: out, files, name: '../x' })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
  });

  test('the mixture of contiguous patterns only is modified Kneser-Ney', async () => {
    const plain = join(folder, 'plain');
    await train({ files: [join(folder, 'train.txt')], out: plain, order: 4, threads: 1 });
    const [mkn, glm] = await Promise.all(
      (['mkn', 'glm'] as const).map(smoothing => withOpen(plain, { smoothing }, m => m.score('The jury said so .'))),
    );
    glm.log10Probs.forEach((value, i) => expect(Math.abs(value - mkn.log10Probs[i])).toBeLessThan(1e-12));
    await withOpen(plain, {}, model => expect(() => model.createCache()).toThrow(/needs tuned weights/));
  });

  test('a mixture of order 8 with a limited number of patterns can be trained and scores', async () => {
    const long = join(folder, 'long');
    const report = await train({
      files: [join(folder, 'train.txt')],
      out: long,
      order: 8,
      patterns: { skip: true, maxPatterns: 30 },
      holdOut: 0.02,
      classes: 50,
      threads: 1,
    });
    expect(report.tables.length).toBeGreaterThanOrEqual(30);
    await withOpen(long, {}, async model => {
      const tuned = (await model.perplexityOfFile(heldOut)).perplexity ?? NaN;
      expect(tuned).toBeLessThan(600);
      expect((await model.load()).score('The jury said so .').log10Prob).toBe(
        (await model.score('The jury said so .')).log10Prob,
      );
    });
  });
});

const ptb = sharedFile('corpora/ptb/train.txt');
describe.runIf(ptb)('on the Penn Treebank', () => {
  const file = (name: string): string => sharedFile(`corpora/ptb/${name}.txt`) ?? '';

  const longest = join(folder, 'ptb-5');

  beforeAll(async () => {
    await train({ files: [file('train')], out: longest, order: 5, patterns: { skip: true }, classes: 100, threads: 1 });
  });

  /** Perplexity with even weights, which do not use a model's classes. */
  async function expectEven(model: string, expected: number): Promise<void> {
    await withOpen(model, { smoothing: 'glm', weights: 'uniform' }, async opened => {
      const { perplexity } = await opened.perplexityOfFile(file('test'), { threads: 1 });
      expect(Math.abs((perplexity ?? NaN) - expected)).toBeLessThan(0.05);
    });
  }

  test.each([
    [3, 154.85],
    [4, 159.98],
  ])('even weights of order %i give %f', async (order, expected) => {
    const out = join(folder, `ptb-${order}`);
    await train({ files: [file('train')], out, order, patterns: { skip: true }, threads: 1 });
    await expectEven(out, expected);
  });

  test('even weights of order 5 give 171.15', () => expectEven(longest, 171.15));

  test('tuned on valid, test is below 124, and below 102 with the cache', async () => {
    await tune({ model: longest, files: [file('valid')] });
    await withOpen(longest, {}, async model => {
      expect((await model.perplexityOfFile(file('test'), { threads: 1 })).perplexity).toBeLessThan(124);
      expect((await model.perplexityOfFile(file('test'), { cache: true })).perplexity).toBeLessThan(102);
    });
  });
});
