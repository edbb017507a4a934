import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  exportArpa,
  importArpa,
  LanguageModel,
  prune,
  train,
  type LoadedModel,
  type OpenOptions,
  type State,
} from '#kneser/src/index.js';
import { temporaryFolder, UNIFORM_MIXTURE, withModel } from '../support/models.js';

const folder = temporaryFolder('loaded-model');

const word = fc.constantFrom('a', 'b', 'c', 'd');
const corpus = fc.array(fc.array(word, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 40 });
const questions = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'stranger'), { maxLength: 9 }), {
  minLength: 1,
  maxLength: 6,
});

/** Scores a sentence token by token. @returns the state before each token, and log10 p of each. */
function decode(model: LoadedModel, tokens: readonly string[]): { states: State[]; log10Probs: number[] } {
  const states = [model.start()];
  const log10Probs = [...tokens, '</s>'].map((token, i) => {
    const { log10Prob, state } = model.extend(states[i], token);
    states.push(state);
    return log10Prob;
  });
  return { states, log10Probs };
}

/** What any continuation of a state is worth. */
function futures(model: LoadedModel, state: State): number[] {
  const next = ['a', 'b', 'c', 'd', 'stranger', '</s>'];
  return next.flatMap(first => {
    const { log10Prob, state: after } = model.extend(state, first);
    return first === '</s>' ? [log10Prob] : [log10Prob, ...next.map(token => model.extend(after, token).log10Prob)];
  });
}

describe('states of decoding', () => {
  /** Every kind of model of a text. */
  async function* models(
    sentences: readonly string[][],
    order: number,
  ): AsyncGenerator<readonly [string, OpenOptions]> {
    const path = join(folder, 'model');
    await train({ sentences, out: path, order, force: true });
    yield [path, {}];
    yield [path, { smoothing: 'kn' }];
    const pruned = join(folder, 'pruned');
    await prune({
      model: path,
      out: pruned,
      prune: Array.from({ length: order }, (_, i) => (i > 1 ? 1 : 0)),
      force: true,
    });
    yield [pruned, {}];
    const [file, imported] = [join(folder, 'model.arpa'), join(folder, 'imported')];
    await exportArpa({ model: pruned, file });
    await importArpa({ file, out: imported, force: true });
    yield [imported, {}];
    const skipping = join(folder, 'skipping');
    await train({ sentences, out: skipping, order, patterns: { skip: true }, force: true });
    yield [skipping, UNIFORM_MIXTURE];
  }

  test('forget what no later token depends on, and give the scores of whole sentences to the last bit', () =>
    fc.assert(
      fc.asyncProperty(corpus, fc.integer({ min: 1, max: 5 }), questions, async (sentences, order, tests) => {
        for await (const [path, options] of models(sentences, order)) {
          await using opened = await LanguageModel.open(path, options);
          const model = await opened.load();
          const byKey = new Map<string, readonly number[]>();
          for (const tokens of [...tests, ...sentences.slice(0, 3)]) {
            const { states, log10Probs } = decode(model, tokens);
            expect(log10Probs).toEqual([...model.score(tokens).log10Probs]);
            for (const state of states) {
              expect(state.history.length).toBeLessThanOrEqual(order - 1);
              expect(state.key).toBe(state.history.join(' '));
              const known = byKey.get(state.key);
              const ahead = futures(model, state);
              if (known) expect(ahead).toEqual(known);
              byKey.set(state.key, ahead);
            }
          }
        }
      }),
      { numRuns: 12 },
    ));

  test('values that are not states are refused', () =>
    withModel(join(folder, 'none'), { sentences: ['a b'], order: 2 }, ({ loaded }) => {
      for (const state of [undefined, null, 'a', {}]) {
        expect(() => loaded.extend(state as State, 'a')).toThrow(/^state: /);
      }
    }));

  test('states of another model are refused, those of the same model are taken', () =>
    withModel(join(folder, 'own'), { sentences: ['a b'], order: 2 }, ({ paged, loaded }) =>
      withModel(join(folder, 'other'), { sentences: ['b a b', 'c'], order: 2 }, async ({ loaded: other }) => {
        const { state } = loaded.extend(loaded.start(), 'a');
        for (const call of [() => other.extend(state, 'b'), () => other.sample(state)]) {
          expect(call).toThrow(/^state: an object is not a state of start or extend of this model$/);
        }
        const again = await paged.load();
        expect(again.extend(structuredClone(state), 'b')).toEqual(loaded.extend(state, 'b'));
      }),
    ));

  test('have equal keys after contexts that were never seen', () =>
    withModel(join(folder, 'merged'), { sentences: ['a b c', 'b c d', 'c a'], order: 4 }, ({ loaded }) => {
      const after = (...tokens: string[]): State =>
        tokens.reduce((state, token) => loaded.extend(state, token).state, loaded.start({ start: false }));
      // "d c" was never seen, so that nothing before "c" matters.
      expect(after('a', 'd', 'c').key).toBe(after('b', 'd', 'c').key);
      expect(after('a', 'd', 'c').history).toHaveLength(1);
      expect(after('a', 'b', 'c').key).not.toBe(after('d', 'b', 'c').key);
      expect(after('stranger').history).toHaveLength(0);
      // A new sentence begins with <s>.
      expect(loaded.extend(after('c'), '</s>').state).toEqual(loaded.start());
    }));
});

test('an order below that of the model scores as if histories were shorter', () =>
  fc.assert(
    fc.asyncProperty(
      corpus,
      questions,
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
      async (sentences, tests, order, skip) => {
        const path = join(folder, 'whole');
        await train({ sentences, out: path, order: 4, ...(skip && { patterns: { skip } }), force: true });
        const way: OpenOptions = skip ? UNIFORM_MIXTURE : {};
        await using opened = await LanguageModel.open(path, way);
        const whole = await opened.load();
        await using paged = await LanguageModel.open(path, { ...way, order, tables: 'page' });
        const shorter = await paged.load();
        expect(paged.info.order).toBe(4);
        for (const tokens of tests) {
          const history = ['<s>', ...tokens];
          const expected = [...tokens, '</s>'].map((token, i) =>
            whole.log10Prob(token, history.slice(Math.max(0, i + 1 - (order - 1)), i + 1)),
          );
          const score = await paged.score(tokens);
          expect([...score.log10Probs]).toEqual(expected);
          expect(shorter.score(tokens)).toStrictEqual(score);
          expect(decode(shorter, tokens).log10Probs).toEqual(expected);
          const predicted = shorter.predict(tokens, { top: 3 }).map(({ token, log10Prob }) => [token, log10Prob]);
          const nearest = history.slice(Math.max(0, history.length - (order - 1)));
          for (const [token, log10Prob] of predicted) {
            expect(log10Prob).toBeCloseTo(whole.log10Prob(token as string, nearest), 12);
          }
        }
        await expect(LanguageModel.open(path, { order: 5 })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
      },
    ),
    { numRuns: 12 },
  ));

test('tuned weights are used at a lower order too', async () => {
  const path = join(folder, 'tuned');
  const sentences = Array.from({ length: 300 }, (_, i) => `a${i % 7} b${i % 5} c${i % 3} d${i % 2} .`);
  await train({ sentences, out: path, order: 4, patterns: { skip: true }, holdOut: 0.1, classes: [5, 3] });
  await using opened = await LanguageModel.open(path);
  const whole = await opened.load();
  await using paged = await LanguageModel.open(path, { order: 2 });
  const shorter = await paged.load();
  const tokens = ['a1', 'b1', 'c1', 'd1', '.'];
  const expected = tokens.map((token, i) => whole.log10Prob(token, ['<s>', ...tokens].slice(i, i + 1)));
  expect([...(await paged.score(tokens, { end: false })).log10Probs]).toEqual(expected);
  expect([...shorter.score(tokens, { end: false }).log10Probs]).toEqual(expected);
});

test('</s> in a history is an unknown word, for log10Prob as for distributions and scores', () =>
  withModel(join(folder, 'marks'), { sentences: ['a b', 'b a b', '<unk> a'], order: 3 }, ({ loaded }) => {
    for (const history of [['</s>'], ['a', '</s>'], ['</s>', 'a'], ['a', '</s>', 'b']]) {
      const next = loaded.distribution(history);
      for (const token of ['a', 'b', '</s>', 'stranger']) {
        const log10Prob = loaded.log10Prob(token, ['<s>', ...history]);
        expect(10 ** log10Prob).toBeCloseTo(next.probability(token), 12);
        if (token === '</s>') continue;
        expect(loaded.score([...history, token], { end: false }).log10Probs.at(-1)).toBe(log10Prob);
      }
    }
    const { state } = loaded.extend(loaded.start(), '</s>');
    expect(loaded.extend(state, 'a').log10Prob).toBe(loaded.log10Prob('a', ['<s>']));
    expect(() => loaded.log10Prob('a', ['b', '<s>'])).toThrow('it may only begin a history');
  }));
