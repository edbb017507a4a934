import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LanguageModel, type LoadedModel, type PatternChoice, type State } from '#kneser/src/index.js';
import { ReferenceMixture } from '../support/reference-glm.js';
import { ReferenceModel } from '../support/reference-mkn.js';
import { randomNumbers, temporaryFolder, UNIFORM_MIXTURE, withModel, withOpen } from '../support/models.js';
import { brownModel, brownTexts } from '../support/shared.js';

const folder = temporaryFolder('laws');

/** A word that no training text of this file has. */
const STRANGER = 'stranger';

/** Few words, so that n-grams of all orders repeat; `<unk>` is one of them. */
const ALPHABETS = [
  ['a'],
  ['a', 'b'],
  ['a', 'b', '<unk>'],
  ['a', 'b', 'c', 'é', '<unk>'],
  Array.from({ length: 16 }, (_, i) => `word${i}`),
];

/** Sentences, some of them empty, but not all. */
const corpus = fc
  .constantFrom(...ALPHABETS)
  .chain(words => fc.array(fc.array(fc.constantFrom(...words), { maxLength: 9 }), { minLength: 1, maxLength: 60 }))
  .filter(sentences => sentences.some(sentence => sentence.length > 0));

/** Words that any of the corpora may or may not know. */
const anyWord = fc.constantFrom<string>('a', 'b', 'c', 'd', 'é', '<unk>', STRANGER, 'word0', 'word7');
const anySentence = fc.array(anyWord, { maxLength: 12 });

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= 1e-9)) expect(Array.from(actual)).toEqual(expected);
  }
}

/** Σ p(word | state) over words that are given once each. */
function sumOf(model: LoadedModel, state: State, words: Iterable<string>): number {
  let sum = 0;
  for (const word of words) sum += 10 ** model.extend(state, word).log10Prob;
  return sum;
}

function stateAfter(model: LoadedModel, history: readonly string[], start: boolean): State {
  return history.reduce((state, word) => model.extend(state, word).state, model.start({ start }));
}

interface Comparison {
  readonly sentences: readonly string[][];
  readonly order: number;
  readonly tests: readonly string[][];
  readonly start?: boolean;
  readonly end?: boolean;
  /** The words to know, or all. */
  readonly chosen?: readonly string[] | undefined;
}

/** Trains, and checks everything that can be asked against the definition. */
function compareWithReference({ sentences, order, tests, start = true, end = true, chosen }: Comparison) {
  const reference = new ReferenceModel(sentences, order, chosen);
  const vocabulary = chosen && ({ kind: 'words', words: chosen } as const);
  const training = { sentences, order, ...(vocabulary && { vocabulary }) };
  return withModel(join(folder, 'reference'), training, ({ loaded: { info }, loaded }) => {
    expect(info.vocabulary).toBe(reference.vocabulary.size);
    for (let n = 1; n <= order; n++) {
      const { types, discounts } = info.tables[n - 1];
      expect(types).toBe(n === 1 ? reference.vocabulary.size : reference.adjusted[n].size);
      expectClose(discounts, reference.discounts[n]);
    }
    for (const sentence of [...tests, ...sentences.slice(0, 4)]) {
      const expected = reference.score(sentence, { start, end });
      const score = loaded.score(sentence, { start, end });
      expectClose(score.log10Probs, expected.log10Probs);
      expect([...score.matched]).toEqual(expected.matched);
      expect(score.oov).toEqual(expected.oov);
    }
  });
}

describe('the probabilities of training and scoring are those of the definition', () => {
  test('for any text', () => {
    const comparison = fc.record({
      sentences: corpus,
      order: fc.integer({ min: 1, max: 6 }),
      tests: fc.array(anySentence, { minLength: 1, maxLength: 8 }),
      start: fc.boolean(),
      end: fc.boolean(),
      chosen: fc.option(fc.uniqueArray(anyWord, { maxLength: 4 }), { nil: undefined, freq: 3 }),
    });
    return fc.assert(fc.asyncProperty(comparison, compareWithReference), { numRuns: 40 });
  });

  test.each([
    ['one word', [['a']]],
    ['singletons only', [['a', 'b', 'c', 'd']]],
    ['empty sentences', [[], ['a'], [], []]],
    ['<unk> alone', [['<unk>']]],
    ['sentences shorter than the order', [['a', 'b'], ['a'], ['b']]],
    ['one sentence many times over', Array.from({ length: 40 }, () => ['a', 'b', 'a'])],
  ])('for a text of %s', async (_, sentences) => {
    for (const order of [1, 2, 3, 6, 12]) {
      await compareWithReference({
        sentences,
        order,
        tests: [[], ['a'], ['a', STRANGER, 'a'], ['<unk>', '<unk>', 'b']],
      });
    }
  });
});

test('a mixture of all skip patterns has the probabilities of its definition', () => {
  const options = fc.record({
    sentences: corpus,
    order: fc.integer({ min: 1, max: 5 }),
    tests: fc.array(anySentence, { minLength: 1, maxLength: 6 }),
    start: fc.boolean(),
  });
  return fc.assert(
    fc.asyncProperty(options, async ({ sentences, order, tests, start }) => {
      const reference = new ReferenceMixture(sentences, order);
      const training = { sentences, order, patterns: { skip: true } };
      await withModel(
        join(folder, 'skip'),
        training,
        async ({ paged, loaded }) => {
          expect(loaded.info.tables.length).toBe(2 ** (order - 1));
          for (const sentence of [...tests, ...sentences.slice(0, 4)]) {
            const score = loaded.score(sentence, { start });
            expectClose(score.log10Probs, reference.score(sentence, start));
            expect(await paged.score(sentence, { start })).toStrictEqual(score);
          }
        },
        UNIFORM_MIXTURE,
      );
    }),
    { numRuns: 30 },
  );
});

describe('Σ p(w | history) over the vocabulary is 1', () => {
  test('in small models, after any history', () => {
    const options = fc.record({
      sentences: corpus,
      order: fc.integer({ min: 1, max: 5 }),
      patterns: fc.constantFrom({}, { skip: true }, { skip: true, maxGap: 1 }, { skip: true, maxPatterns: 6 }),
      random: fc.array(anySentence, { minLength: 4, maxLength: 8 }),
      places: fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 4, maxLength: 8 }),
    });
    return fc.assert(
      fc.asyncProperty(options, async ({ sentences, order, patterns, random, places }) => {
        const seen = places.map(([s, w]) => {
          const sentence = sentences[s % sentences.length];
          return sentence.slice(0, w % (sentence.length + 1));
        });
        const vocabulary = new Set([...sentences.flat(), '<unk>', '</s>']);
        await withModel(
          join(folder, 'sum'),
          { sentences, order, patterns },
          async ({ paged, loaded }) => {
            expect(loaded.info.vocabulary).toBe(vocabulary.size);
            for (const history of [...random, ...seen]) {
              for (const start of [true, false]) {
                expect(sumOf(loaded, stateAfter(loaded, history, start), vocabulary)).toBeCloseTo(1, 9);
              }
            }
            const [history] = random;
            let sum = 10 ** ((await paged.score(history)).log10Probs.at(-1) ?? NaN);
            for (const word of vocabulary) {
              if (word === '</s>') continue;
              const { log10Probs } = await paged.score([...history, word], { end: false });
              sum += 10 ** (log10Probs.at(-1) ?? NaN);
            }
            expect(sum).toBeCloseTo(1, 9);
          },
          UNIFORM_MIXTURE,
        );
      }),
      { numRuns: 25 },
    );
  });

  test('in a model of the Brown corpus', async () => {
    const brown = await brownTexts();
    const sentences = readFileSync(brown.train, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => line.split(' '));
    const words = [...new Set(sentences.flat()), '<unk>', '</s>'];
    const random = randomNumbers(1);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)];
    const seen = Array.from({ length: 2 }, () => {
      const sentence = pick(sentences.filter(words => words.length > 5));
      return sentence.slice(0, 1 + Math.floor(random() * sentence.length));
    });
    const histories: [string[], boolean][] = [
      [seen[0], true],
      [seen[0], false],
      [[...seen[1], STRANGER], true],
      [[STRANGER, 'of', 'the'], true],
      [[pick(words), pick(words), pick(words)], false],
      [[], true],
      [[], false],
    ];
    await withOpen(await brownModel(5), (_, loaded) => {
      expect(loaded.info.vocabulary).toBe(words.length);
      for (const [history, start] of histories) {
        expect(sumOf(loaded, stateAfter(loaded, history, start), words)).toBeCloseTo(1, 9);
      }
    });
  });
});

describe('a tuned mixture with classes', () => {
  const random = randomNumbers(8);
  /** Nouns follow determiners and verbs nouns, so that classes and skips say something. */
  const kinds = [3, 400, 150].map((size, kind) => Array.from({ length: size }, (_, i) => `${'dnv'[kind]}${i}`));
  const word = (kind: number): string => kinds[kind][Math.floor(kinds[kind].length ** random()) - 1];
  const sentences = Array.from({ length: 3000 }, () =>
    Array.from({ length: 1 + Math.floor(4 * random()) }, () => [word(0), word(1), word(2)]).flat(),
  );
  const histories = [[], ['d0'], ['d1', 'n3', 'v2'], ['n1', STRANGER, 'd0', 'n0'], ['v1', 'v1', 'v1']];

  test.each<[number | number[]]>([[0], [8], [[8, 3]]])(
    'of %j classes is a distribution, and the same however it is asked for',
    async classes => {
      const training = { sentences, order: 4, patterns: { skip: true }, holdOut: 0.05, classes };
      await withModel(join(folder, 'tuned'), training, async ({ paged, loaded }) => {
        const vocabulary = [...new Set(sentences.flat()), '<unk>', '</s>'];
        for (const history of histories) {
          for (const start of [true, false]) {
            const state = stateAfter(loaded, history, start);
            const known = vocabulary.filter(word => word === '<unk>' || !loaded.extend(state, word).oov);
            expect(loaded.info.vocabulary).toBe(known.length);
            expect(sumOf(loaded, state, known)).toBeCloseTo(1, 9);
            const score = loaded.score(history, { start });
            expect(await paged.score(history, { start })).toStrictEqual(score);
            expect(loaded.extend(state, '</s>').log10Prob).toBe(score.log10Probs.at(-1));
          }
        }
      });
    },
  );
});

describe('ways to ask for the same score', () => {
  const options = fc.record({
    sentences: corpus,
    order: fc.integer({ min: 1, max: 5 }),
    patterns: fc.constantFrom<PatternChoice[]>({}, { skip: true }),
    tests: fc.array(anySentence, { minLength: 1, maxLength: 6 }),
    start: fc.boolean(),
    end: fc.boolean(),
  });

  test('text or tokens, from pages or from memory, at once or a word at a time', () =>
    fc.assert(
      fc.asyncProperty(options, async ({ sentences, order, patterns, tests, start, end }) => {
        await withModel(
          join(folder, 'ways'),
          { sentences, order, patterns },
          async ({ paged, loaded }) => {
            for (const sentence of tests) {
              const score = loaded.score(sentence, { start, end });
              expect(score.tokens).toEqual(end ? [...sentence, '</s>'] : sentence);
              expect(score.log10Prob).toBeCloseTo(
                score.log10Probs.reduce((sum, value) => sum + value, 0),
                9,
              );
              for (const same of [sentence, sentence.join(' '), `\t${sentence.join(' \r')} `]) {
                expect(loaded.score(same, { start, end })).toStrictEqual(score);
                expect(await paged.score(same, { start, end })).toStrictEqual(score);
              }
              let state = loaded.start({ start });
              score.tokens.forEach((token, i) => {
                const history = [...(start ? ['<s>'] : []), ...score.tokens.slice(0, i)];
                expect(loaded.log10Prob(token, history)).toBe(score.log10Probs[i]);
                const extension = loaded.extend(state, token);
                expect(extension).toMatchObject({ log10Prob: score.log10Probs[i], matched: score.matched[i] });
                expect(extension.oov).toBe(score.oov[i]);
                expect(extension.state.history.length).toBeLessThanOrEqual(Math.max(1, order - 1));
                state = extension.state;
              });
            }
          },
          patterns.skip ? UNIFORM_MIXTURE : {},
        );
      }),
      { numRuns: 20 },
    ));

  test('after </s> a state begins a sentence', () =>
    withModel(join(folder, 'states'), { sentences: ['a b', 'b a a'], order: 3 }, ({ loaded }) => {
      const { state } = loaded.extend(loaded.extend(loaded.start(), 'a').state, '</s>');
      expect(state).toEqual(loaded.start());
      const before = loaded.extend(state, 'b').log10Prob;
      loaded.extend(state, 'a');
      expect(loaded.extend(state, 'b').log10Prob).toBe(before);
    }));

  test('also while a text is read from a generator that asks for scores itself', () =>
    withModel(
      join(folder, 'nested'),
      { sentences: ['a b c', 'b c a', 'c c a b'], order: 3 },
      async ({ paged, loaded }) => {
        const text = ['a b', 'c a b', 'b'];
        const expected = loaded.perplexity(text);
        function* asking(): Generator<string> {
          for (const sentence of text) {
            loaded.score('c a', { end: false });
            loaded.extend(loaded.start(), 'a');
            yield sentence;
          }
        }
        expect(loaded.perplexity(asking())).toEqual(expected);
        async function* waiting(): AsyncGenerator<string> {
          for (const sentence of text) {
            await paged.score('c a', { end: false });
            yield sentence;
          }
        }
        expect(await paged.perplexity(waiting())).toEqual(expected);
      },
    ));

  test('in sequence or many at once, with any content of the cache', async () => {
    const random = randomNumbers(2);
    const word = (): string => `w${Math.floor(random() ** 3 * 2000)}`;
    const sentences = Array.from({ length: 2000 }, () => Array.from({ length: Math.floor(random() * 15) }, word));
    const tests = Array.from({ length: 60 }, () => Array.from({ length: Math.floor(random() * 15) }, word));
    await withModel(join(folder, 'many'), { sentences, order: 4 }, async ({ paged, loaded }) => {
      const expected = tests.map(sentence => loaded.score(sentence));
      expect(await Promise.all(tests.map(sentence => paged.score(sentence)))).toStrictEqual(expected);
    });
    for (const blockMemory of [0, 100_000]) {
      await using model = await LanguageModel.open(join(folder, 'many'), { blockMemory });
      const perplexities = [model.perplexity(tests), model.perplexity(tests)];
      const scores = Promise.all(tests.map(sentence => model.score(sentence)));
      const [one, other] = await Promise.all(perplexities);
      expect(one).toEqual(other);
      const all = await scores;
      expect(one.log10Prob).toBeCloseTo(
        all.reduce((sum, score) => sum + score.log10Prob, 0),
        6,
      );
      for (const [i, sentence] of tests.entries()) expect(await model.score(sentence)).toStrictEqual(all[i]);
    }
  });
});

test('a model of order n scores the first n − 1 words of a sentence from shorter histories', () =>
  withModel(join(folder, 'short'), { sentences: ['a b c d', 'a b c d'], order: 5 }, ({ loaded }) => {
    expect([...loaded.score('a b c d').matched]).toEqual([2, 3, 4, 5, 5]);
    expect([...loaded.score('a b c d', { start: false }).matched]).toEqual([1, 2, 3, 4, 5]);
  }));
