import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  LanguageModel,
  train,
  type LoadedModel,
  type OpenOptions,
  type PredictOptions,
  type Prediction,
} from '#kneser/src/index.js';
import { CommandLine } from '../../support/command-line.js';
import { randomNumbers, temporaryFolder, UNIFORM_MIXTURE, withModel } from '../../support/models.js';

const folder = temporaryFolder('predict');

const TYPES = 3000;

/** Sentences in which each word depends on the one before; frequent words have followers in several blocks. */
function generated(count: number, seed: number): string[][] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => {
    const words: number[] = [];
    for (let left = random() * 14; left > 1; left--) {
      const shift = random() < 0.5 ? 0 : (words.at(-1) ?? 0) * 7;
      words.push((Math.floor(random() ** 4 * TYPES) + shift) % TYPES);
    }
    return words.map(word => `w${word}`);
  });
}

/** Histories of every kind. */
function histories(count: number): string[][] {
  const random = randomNumbers(11);
  const sentences = generated(count, 12).map((words, i) => (i % 4 === 0 ? words.concat('stranger') : words));
  for (const words of sentences) if (random() < 0.2) words.splice(Math.floor(random() * words.length), 0, 'unheard');
  return [[], ['w0'], ['w0', 'w0', 'w0', 'w0', 'w0', 'w0'], ['stranger', 'unheard', 'of', 'words'], ...sentences];
}

/** The definition: all tokens, scored one by one. */
function byScoring(
  model: LoadedModel,
  tokens: readonly string[],
  history: readonly string[],
  start: boolean,
): Map<string, Pick<Prediction, 'log10Prob' | 'matched'>> {
  let state = model.start({ start });
  for (const word of history) ({ state } = model.extend(state, word));
  return new Map(tokens.map(token => [token, model.extend(state, token)]));
}

/** Checks predictions against the scores of all tokens, `tokens` in the order of their ids. */
function expectBest(
  predictions: readonly Prediction[],
  scores: ReadonlyMap<string, Pick<Prediction, 'log10Prob' | 'matched'>>,
  k: number,
  tokens: readonly string[],
): void {
  const best = [...scores.values()].map(({ log10Prob }) => log10Prob).sort((a, b) => b - a);
  expect(predictions).toHaveLength(Math.min(k, best.length));
  const id = new Map(tokens.map((token, i) => [token, i]));
  const wrong = predictions.filter(({ token, probability, log10Prob, matched }, i) => {
    const score = scores.get(token);
    const before = predictions.at(i - 1);
    const inOrder =
      i === 0 ||
      !before ||
      before.probability > probability ||
      (before.probability === probability && Number(id.get(before.token)) < Number(id.get(token)));
    return !(
      inOrder &&
      score?.matched === matched &&
      Math.abs(score.log10Prob - log10Prob) < 1e-12 &&
      Math.abs(best[i] - log10Prob) < 1e-12 &&
      Math.log10(probability) === log10Prob
    );
  });
  expect(wrong).toEqual([]);
}

describe('on a model with wide contexts', () => {
  const out = join(folder, 'wide');
  let tokens: string[];

  beforeAll(async () => {
    const sentences = generated(30_000, 3);
    await train({ sentences, out, order: 4, patterns: { skip: true }, holdOut: 0.02, classes: [30, 12], threads: 1 });
    tokens = await withOpen({}, async model => {
      const words = await model.allWords();
      const ids = [...new Set(sentences.flat())].map(word => ({ word, id: words.idOf(word) }));
      const known = ids.filter(({ id }) => id <= model.info.vocabulary + 2).sort((a, b) => a.id - b.id);
      return ['<unk>', '</s>', ...known.map(({ word }) => word)];
    });
  });

  async function withOpen<T>(options: OpenOptions, use: (model: LanguageModel) => Promise<T>): Promise<T> {
    const model = await LanguageModel.open(out, { tables: 'page', ...options });
    try {
      return await use(model);
    } finally {
      await model.close();
    }
  }

  test.each([
    ['modified Kneser-Ney', { smoothing: 'mkn' }],
    ['the even mixture', UNIFORM_MIXTURE],
    ['the tuned mixture with classes', {}],
  ] as const)('%s: the same as scoring every token, read either way', async (_, options) => {
    await withOpen(options, async model => {
      expect(tokens).toHaveLength(model.info.vocabulary);
      const loaded = await model.load();
      for (const [i, history] of histories(8).entries()) {
        const start = i % 3 !== 1;
        const scores = byScoring(loaded, tokens, history, start);
        for (const k of [1, 10, 1500, tokens.length + 5]) {
          const asked = { k, start, unknown: true, explain: k === 10 };
          const predictions = loaded.predict(history, asked);
          expectBest(predictions, scores, k, tokens);
          expect(await model.predict(history.join(' '), asked)).toEqual(predictions);
        }
        scores.delete('<unk>');
        expectBest(loaded.predict(history, { top: 10, start }), scores, 10, tokens);
      }
    });
  });

  test('next words: probabilities are those of the ranking, sum to one, and samples follow them', async () => {
    for (const options of [{ smoothing: 'mkn' }, UNIFORM_MIXTURE, {}] as const) {
      await withOpen(options, async model => {
        const loaded = await model.load();
        for (const [i, history] of histories(3).entries()) {
          const next = loaded.nextWords(history, i !== 1);
          const paged = await model.nextWords(history, i !== 1);
          const ranked = next.top(Infinity);
          expect(ranked).toHaveLength(tokens.length);
          expect(Math.abs(ranked.reduce((sum, { probability }) => sum + probability, 0) - 1)).toBeLessThan(1e-12);
          expect(ranked.filter(({ word, probability }) => next.probability(word) !== probability)).toEqual([]);
          expect([0, 2].map(word => next.probability(word))).toEqual([0, 0]);
          // Evenly spaced numbers meet a word about as often as its parts of the unit interval are long.
          const [samples, parts] = [400, 12];
          const counts = new Map<number, number>();
          for (let n = 0; n < samples; n++) {
            const word = next.sample(() => (n + 0.5) / samples);
            if (n % 20 === 0) expect(paged.sample(() => (n + 0.5) / samples)).toBe(word);
            counts.set(word, (counts.get(word) ?? 0) + 1);
          }
          const isOften = ({ word, probability }: { readonly word: number; readonly probability: number }): boolean =>
            Math.abs((counts.get(word) ?? 0) - samples * probability) < parts;
          expect(ranked.filter(word => !isOften(word))).toEqual([]);
          const { word, probability } = ranked[0];
          const { patterns, uniform } = next.explain(word);
          const sum = patterns.reduce((total, part) => total + part.probability, uniform);
          expect(Math.abs(sum - probability)).toBeLessThan(1e-12);
        }
      });
    }
  });

  test('the parts of an explanation add up to the probability', async () => {
    for (const options of [{ smoothing: 'mkn' }, UNIFORM_MIXTURE, {}] as const) {
      await withOpen(options, async model => {
        for (const history of histories(10)) {
          for (const { probability, matched, explanation } of await model.predict(history, { explain: true })) {
            const { patterns = [], uniform = NaN } = explanation ?? {};
            const sum = patterns.reduce((total, part) => total + part.probability, uniform);
            expect(Math.abs(sum / probability - 1)).toBeLessThan(1e-12);
            expect(patterns.map(part => part.pattern)).toContain('1'.repeat(matched));
            expect(patterns.some(part => part.pattern.includes('c'))).toBe(Object.keys(options).length === 0);
            const parts = patterns.map(part => part.probability);
            expect(parts).toEqual([...parts].sort((a, b) => b - a));
          }
        }
      });
    }
  });

  test('calls at the same time, and between scores, do not disturb each other', async () => {
    await withOpen({}, async model => {
      const asked = histories(6);
      const one = [];
      for (const history of asked) one.push(await model.predict(history));
      const score = await model.score('w0 w1 w2');
      const both = await Promise.all(
        asked.map(async history => [await model.predict(history), await model.score('w0 w1 w2')]),
      );
      expect(both).toEqual(one.map(predictions => [predictions, score]));
    });
  });
});

describe('on small models', () => {
  const small = [['the', 'cat', 'sat'], ['the', 'dog', 'sat'], ['a', 'cat', 'ran'], []];

  test.each([1, 2, 3])('of order %i every token is predicted once, and they sum to one', async order => {
    const vocabulary = { kind: 'words', words: ['the', 'cat', 'sat', 'never', 'seen'] } as const;
    for (const options of [
      { sentences: small, order },
      { sentences: small, order, vocabulary },
      { sentences: [...small, ...small.slice(1)], order, ...(order > 1 ? { prune: [0, 1] } : {}) },
    ]) {
      await withModel(join(folder, 'small'), options, async ({ loaded, paged }) => {
        for (const history of [[], ['the'], ['a', 'cat'], ['what', 'is']]) {
          const all = loaded.predict(history, { top: 100, unknown: true });
          expect(all).toHaveLength(loaded.info.vocabulary);
          expect(new Set(all.map(({ token }) => token))).not.toContain('<s>');
          expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
          for (const { token, log10Prob } of all) {
            expect(log10Prob).toBeCloseTo(loaded.log10Prob(token, ['<s>', ...history]), 12);
          }
          expect(await paged.predict(history, { top: 100, unknown: true })).toEqual(all);
          const known = all.filter(({ token }) => token !== '<unk>');
          expect(loaded.predict(history, { top: 100 })).toEqual(known);
          expect(loaded.predict(history, { top: 2 })).toEqual(known.slice(0, 2));
        }
      });
    }
  });

  test('a number of tokens that is not a whole number from 1 is refused', async () => {
    await withModel(join(folder, 'refused'), { sentences: small }, async ({ loaded, paged }) => {
      for (const k of [0, -1, 1.5, NaN, Infinity]) {
        // oxlint-disable-next-line typescript/no-deprecated -- read until 1.0.
        expect(() => loaded.predict('the', { k })).toThrow(expect.objectContaining({ code: 'KNESER_OPTION' }));
        // oxlint-disable-next-line typescript/no-deprecated -- read until 1.0.
        await expect(paged.predict('the', { k })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
      }
      await paged.close();
      await expect(paged.predict('the')).rejects.toMatchObject({ code: 'KNESER_CLOSED' });
    });
  });

  test('a model that lower-cases also lower-cases histories', async () => {
    await withModel(join(folder, 'lower'), { sentences: small, lowercase: true }, ({ loaded }) => {
      const options: PredictOptions = { top: 3 };
      expect(loaded.predict('THE Cat', options)).toEqual(loaded.predict('the cat', options));
    });
  });
});

describe('the command', () => {
  const cli = new CommandLine('predict-cli');
  let model: string;

  beforeAll(async () => {
    model = cli.fresh();
    await cli.train([
      cli.file('the cat sat\nthe cat ran\nthe dog ran\n'),
      '--out',
      model,
      '--order',
      '3',
      '--skip',
      '--hold-out',
      '0',
    ]);
  });

  test('prints one JSON object for each line, also for empty lines', async () => {
    const input = 'the cat\n\nTHE what\n';
    const lines = await cli.json<{ history: string; predictions: Prediction[] }>(['predict', model, '--top', '3'], {
      input,
    });
    expect(lines.map(({ history }) => history)).toEqual(['the cat', '', 'THE what']);
    const loaded = await withOpened(model);
    expect(lines.map(({ predictions }) => predictions)).toEqual(
      lines.map(({ history }) => loaded.predict(history, { top: 3 })),
    );
    const [line] = await cli.json<{ predictions: Prediction[] }>(
      ['predict', model, '--no-start', '--unknown', '--explain', '--smoothing', 'glm', '--tables', 'load'],
      { input: 'cat' },
    );
    expect(line.predictions.map(({ token }) => token)).toContain('<unk>');
    expect(line.predictions[0].explanation?.patterns[0]).toHaveProperty('pattern', '11');
  });

  test('prints a table for each line', async () => {
    const output = await cli.print(['predict', model, '--top', '2', '--explain'], { input: 'the\nthe cat\n' });
    const [history, head, first, second, empty, ...rest] = output.split('\n');
    expect(history).toBe('the');
    expect(head).toMatch(/^token +probability +log10 p +matched +from$/);
    expect(first).toMatch(/^cat +0\.\d{6} +-0\.\d{4} +3 +111 \d+ %, .* %$/);
    expect(new Set([head, first, second].map(line => line.length)).size).toBe(1);
    expect(empty).toBe('');
    expect(rest[0]).toBe('the cat');
  });

  test('refuses a wrong number of tokens, a missing model and a missing file', async () => {
    expect(await cli.refuse(2, ['predict', model, '--top', '0'])).toMatch(/--top.*at least 1/);
    expect(await cli.refuse(2, ['predict', cli.fresh()])).toMatch(/model/);
    expect(await cli.refuse(2, ['predict', model, 'no-such-file'])).toMatch(/no-such-file/);
  });
});

async function withOpened(path: string): Promise<LoadedModel> {
  const model = await LanguageModel.open(path);
  const loaded = await model.load();
  await model.close();
  return loaded;
}
