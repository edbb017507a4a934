import fc from 'fast-check';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  exportArpa,
  importArpa,
  LanguageModel,
  type LoadedModel,
  mix,
  pack,
  prune,
  verify,
  type MixOptions,
} from '#kneser/src/index.js';
import { randomNumbers, temporaryFolder, trainedFolder } from '../support/models.js';

const folder = temporaryFolder('mix');
let names = 0;
const fresh = (): string => join(folder, `model-${names++}`);

type Text = readonly (readonly string[])[];

const trained = (sentences: Text, options: Parameters<typeof trainedFolder>[2]): Promise<string> =>
  trainedFolder(fresh(), sentences, options);

function generated(seed: number, sentences: number, words: number, first = 0): string[][] {
  const random = randomNumbers(seed);
  const word = (): string => `w${first + Math.floor(words ** random())}`;
  return Array.from({ length: sentences }, () => Array.from({ length: Math.floor(8 * random()) }, word));
}

/** p of each word of the joined vocabularies, and of a word that no model knows, after a history. */
function distribution(model: LoadedModel, words: readonly string[], history: readonly string[]): Map<string, number> {
  return new Map([...words, 'never-seen', '</s>'].map(word => [word, 10 ** model.log10Prob(word, history)]));
}

async function loaded(path: string): Promise<LoadedModel> {
  await using model = await LanguageModel.open(path);
  return await model.load();
}

const words: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', '<unk>');
const texts = fc
  .array(fc.array(words, { maxLength: 6 }), { minLength: 1, maxLength: 12 })
  .filter(text => text.some(sentence => sentence.length > 0));
const VOCABULARY = ['a', 'b', 'c', 'd'];
const HISTORIES = [[], ['<s>'], ['a'], ['<s>', 'b'], ['a', 'b'], ['c', 'never-seen', 'a'], ['a', 'b', 'c']];

describe('the mixture', () => {
  test('adds up to 1 after any history, and has Σ λ p for every n-gram of a model', () =>
    fc.assert(
      fc.asyncProperty(
        texts,
        texts,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        async (one, two, order, other, weight) => {
          const paths = [await trained(one, { order }), await trained(two, { order: other })];
          const out = fresh();
          const { ngrams } = await mix({ models: paths, out, weights: [weight, 1 - weight] });
          expect(ngrams.length).toBe(Math.max(order, other));
          const known = VOCABULARY.filter(word => [...one, ...two].flat().includes(word));
          const mixture = await loaded(out);
          for (const history of HISTORIES) {
            const mixed = distribution(mixture, known, history);
            expect([...mixed.values()].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
          }
          // The first word of a text is an n-gram of it, by itself and after <s>.
          const parts = await Promise.all(paths.map(loaded));
          const word = one.find(sentence => sentence.length > 0)?.[0] ?? '';
          for (const history of word === '<unk>' ? [] : order > 1 ? [[], ['<s>']] : [[]]) {
            const [p, q] = [one, two].map((text, i) =>
              text.flat().includes(word) ? 10 ** parts[i].log10Prob(word, history) : 0,
            );
            const sum = weight * p + (1 - weight) * q;
            expect(10 ** mixture.log10Prob(word, history)).toBeCloseTo(sum, 9);
          }
          for (const path of [...paths, out]) rmSync(path, { recursive: true });
        },
      ),
      { numRuns: 15 },
    ));

  test('has weights near 1 for the model of the text, and fits a text of both better than other weights', async () => {
    const [left, right] = [generated(1, 400, 60), generated(2, 400, 60, 40)];
    const paths = [
      await trained(left, { order: 3 }),
      await trained(right, { order: 2, patterns: { skip: true }, holdOut: 0.1 }),
    ];
    const tune = join(folder, 'tune.txt');
    const write = (text: Text): void => writeFileSync(tune, text.map(sentence => `${sentence.join(' ')}\n`).join(''));
    write(generated(3, 100, 60));
    const own = await mix({ models: paths, out: fresh(), tune: [tune] });
    expect(own.buckets[0].weights[0]).toBeGreaterThan(0.9);
    write([...generated(4, 60, 60), ...generated(5, 60, 60, 40)]);
    const measured = async (path: string): Promise<number> => {
      await using model = await LanguageModel.open(path);
      return (await model.perplexityOfFile(tune)).perplexity ?? NaN;
    };
    const others: number[] = [];
    for (const weight of [0.1, 0.9]) {
      const out = fresh();
      await mix({ models: paths, out, weights: [weight, 1 - weight] });
      others.push(await measured(out));
    }
    for (const byLength of [false, true]) {
      const out = fresh();
      const { tuned, buckets, warnings } = await mix({ models: paths, out, tune: [tune], byLength });
      expect(warnings).toEqual([]);
      expect(buckets.length > 1).toBe(byLength);
      for (const { weights } of buckets) expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      const perplexity = await measured(out);
      expect(perplexity).toBeLessThan(Math.min(...others));
      // Backing off where no model has the n-gram changes little.
      expect(perplexity / (tuned?.perplexity ?? NaN)).toBeGreaterThan(0.9);
      expect(perplexity / (tuned?.perplexity ?? NaN)).toBeLessThan(1.1);
      expect((await verify(out)).findings).toEqual([]);
      await using model = await LanguageModel.open(out);
      expect((await model.predict('w1')).length).toBe(10);
    }
  });

  test('takes pruned, packed and imported models, and can itself be mixed and packed', async () => {
    const [model, small, packed, arpa, imported, mixed, out] = [
      await trained(generated(6, 300, 40), { order: 3 }),
      fresh(),
      `${fresh()}.kneser`,
      `${fresh()}.arpa`,
      fresh(),
      fresh(),
      fresh(),
    ];
    await prune({ model, out: small, prune: [0, 0, 1] });
    await pack({ model: small, out: packed });
    await exportArpa({ model, file: arpa });
    await importArpa({ file: arpa, out: imported });
    await mix({ models: [packed, imported, model], out: mixed });
    await mix({ models: [mixed, model], out, weights: [0, 1] });
    await using a = await LanguageModel.open(model);
    await using b = await LanguageModel.open(out);
    for (const sentence of generated(7, 20, 40)) {
      expect((await b.score(sentence)).log10Prob).toBeCloseTo((await a.score(sentence)).log10Prob, 6);
    }
    await pack({ model: out, out: `${fresh()}.kneser` });
  });
});

describe('models and options that do not fit are refused', () => {
  const refuse = async (options: Partial<MixOptions>, message: RegExp): Promise<void> => {
    const model = await trained([['a', 'b']], { order: 2 });
    await expect(mix({ models: [model, model], out: fresh(), ...options })).rejects.toMatchObject({
      code: 'KNESER_OPTION',
      message: expect.stringMatching(message) as string,
    });
  };

  test('options that do not fit', async () => {
    await refuse({ models: ['one'] }, /^models: 1 models were given; 2 to 16 are mixed/);
    await refuse({ weights: [1] }, /^weights: there are 1, for 2 models/);
    await refuse({ weights: [0.5, 0.4] }, /^weights: they add up to 0.9, and not to 1/);
    await refuse({ weights: [0.5, 0.5], tune: ['x'] }, /^weights: tune learns the weights/);
    await refuse({ byLength: true }, /^byLength: such weights are learned on a text/);
  });

  test('other tokenizers', async () => {
    const models = [await trained([['a']], { order: 1 }), await trained([['a']], { order: 1, lowercase: true })];
    await refuse({ models }, /cuts text in another way than .*"lowercase":true.*mix models of the same tokenizer/);
  });
});
