import fc from 'fast-check';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LanguageModel, merge, prune, subtract, train, type TrainOptions } from '#kneser/src/index.js';
import { randomNumbers, temporaryFolder, type WithoutOut } from '../support/models.js';
import { expectSamePairs, readPairs, type Pairs } from '../support/pairs.js';

const folder = temporaryFolder('merge');
let models = 0;
const fresh = (): string => join(folder, `model-${models++}`);

type Text = readonly (readonly string[])[];
type Options = Omit<WithoutOut<TrainOptions>, 'files' | 'sentences'>;

async function trained(sentences: Text, options: Options): Promise<string> {
  const out = fresh();
  await train({ sentences, out, threads: 1, ...options });
  return out;
}

/** All keys and values; the model and the copy that is read are removed. */
async function pairsOf(model: string): Promise<Pairs> {
  const pairs = await readPairs(model);
  for (const path of [model, `${model}-copy`]) rmSync(path, { recursive: true });
  return pairs;
}

const words = fc.constantFrom('a', 'b', 'c', 'd', 'é', '<unk>', 'ab');
const texts = fc
  .array(fc.array(words, { maxLength: 7 }), { minLength: 1, maxLength: 12 })
  .filter(text => text.some(sentence => sentence.length > 0));
const options: fc.Arbitrary<Options> = fc.oneof(
  fc.record({ order: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ order: fc.integer({ min: 2, max: 4 }), patterns: fc.constant({ skip: true }) }),
  fc.constant<Options>({ order: 5, patterns: { list: ['1_1', '1_11'] } }),
  fc.constant<Options>({ order: 3, vocabulary: { kind: 'words', words: ['a', 'c', 'é', 'never'] } }),
);

/** A text of some size: words by Zipf's law, from a seed. */
function generated(seed: number, sentences: number): string[][] {
  const random = randomNumbers(seed);
  const word = (): string => `w${Math.floor(400 ** random())}`;
  return Array.from({ length: sentences }, () => Array.from({ length: Math.floor(9 * random()) }, word));
}

describe('merging', () => {
  test('equals training on the joined texts, for any texts, order of models, and weights', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(texts, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 3 }),
        options,
        async (parts, how) => {
          const weighted = [];
          for (const [text, times] of parts) weighted.push({ model: await trained(text, how), times });
          const out = fresh();
          await merge({ models: weighted, out, threads: 1 });
          const joined = parts.flatMap(([text, times]) => Array.from({ length: times }, () => text).flat());
          expectSamePairs(await pairsOf(out), await pairsOf(await trained(joined, how)));
          for (const { model } of weighted) rmSync(model, { recursive: true });
        },
      ),
      { numRuns: 25 },
    ));

  test('subtracting equals training without the text', () =>
    fc.assert(
      fc.asyncProperty(texts, texts, options, async (stays, goes, how) => {
        const [all, part, out] = [await trained([...stays, ...goes], how), await trained(goes, how), fresh()];
        await subtract({ model: all, subtract: [part], out, threads: 1 });
        expectSamePairs(await pairsOf(out), await pairsOf(await trained(stays, how)));
        for (const model of [all, part]) rmSync(model, { recursive: true });
      }),
      { numRuns: 20 },
    ));

  test('word classes found anew are those of training, on threads too', async () => {
    const [a, b] = [generated(1, 1500), generated(2, 9000)];
    const how: Options = { order: 3, patterns: { list: ['1_1'] } };
    const [left, right, out, back] = [await trained(a, how), await trained(b, how), fresh(), fresh()];
    const { warnings } = await merge({ models: [left, right], out, classes: 3, threads: 2 });
    expect(warnings).toEqual([]);
    const classes = { ...how, classes: 3, threads: 2 };
    expectSamePairs(await readPairs(out), await pairsOf(await trained([...a, ...b], classes)));
    await subtract({ model: out, subtract: [left], out: back, classes: 3, threads: 2 });
    expectSamePairs(await pairsOf(back), await pairsOf(await trained(b, classes)));
  });

  test('weights are tuned anew, or left out with a warning', async () => {
    const how: Options = { order: 2, patterns: { skip: true }, holdOut: 0.1, classes: 4 };
    const model = await trained(generated(3, 1000), how);
    const [plain, tuned] = [fresh(), fresh()];
    const { warnings } = await merge({ models: [model], out: plain });
    expect(warnings).toEqual([
      expect.stringMatching(/^the word classes .* left out/),
      expect.stringMatching(/^the tuned weights .* left out/),
    ]);
    const text = join(folder, 'held-out.txt');
    writeFileSync(
      text,
      generated(4, 50)
        .map(sentence => `${sentence.join(' ')}\n`)
        .join(''),
    );
    expect((await merge({ models: [model], out: tuned, classes: 4, tune: [text] })).warnings).toEqual([]);
    for (const [path, smoothing] of [
      [plain, 'mkn'],
      [tuned, 'glm'],
    ] as const) {
      await using opened = await LanguageModel.open(path);
      expect(opened.info.smoothing).toBe(smoothing);
      expect(opened.info.classes > 0).toBe(smoothing === 'glm');
    }
  });

  test('a model can be replaced by its sum with another', async () => {
    const [model, more, how] = [
      await trained([['a', 'b']], { order: 2 }),
      await trained([['c']], { order: 2 }),
      { order: 2 },
    ];
    await expect(merge({ models: [model, more], out: model })).rejects.toMatchObject({ code: 'KNESER_OUTPUT_EXISTS' });
    await merge({ models: [model, more], out: model, force: true });
    expectSamePairs(await readPairs(model), await pairsOf(await trained([['a', 'b'], ['c']], how)));
  });
});

describe('models that cannot be merged are refused by name', () => {
  const text = [['a', 'b', 'a'], ['c']];
  const refuse = async (options: Options, reason: RegExp, code = 'KNESER_OPTION'): Promise<void> => {
    const [plain, other] = [await trained(text, { order: 2 }), await trained(text, { order: 2, ...options })];
    const merged = merge({ models: [plain, other], out: fresh() });
    await expect(merged).rejects.toMatchObject({ code, message: expect.stringMatching(reason) as string });
  };

  test.each<[string, Options, RegExp]>([
    [
      'another order',
      { order: 3 },
      /: order is 3, unlike .*, where it is 2; to merge them, train both with the same options/,
    ],
    ['other patterns', { order: 2, patterns: { list: [] }, lowercase: true }, /: lowercase is true, unlike/],
    [
      'another tokenizer',
      { tokenization: { tokenizer: 'characters' } },
      /: tokenizer is characters, unlike .* whitespace/,
    ],
    ['a list of words', { vocabulary: { kind: 'words', words: ['a'] } }, /: vocabulary is words, unlike .* all/],
    [
      'a limited vocabulary',
      { vocabulary: { kind: 'limit', limit: 2 } },
      /limit=2.*does not know which words became <unk>/,
    ],
    ['rare words left out', { vocabulary: { kind: 'frequency', atLeast: 2 } }, /--unk-below/],
  ])('%s', (_, how, reason) => refuse(how, reason));

  test('other skip patterns', async () => {
    const [plain, other] = [
      await trained(text, { order: 3 }),
      await trained(text, { order: 3, patterns: { skip: true } }),
    ];
    await expect(merge({ models: [plain, other], out: fresh() })).rejects.toThrow(/patterns is 1_1, unlike .*none/);
  });

  test('different lists of words', async () => {
    const lists = [
      ['a', 'b'],
      ['a', 'c'],
    ].map(words => trained(text, { order: 2, vocabulary: { kind: 'words', words } }));
    await expect(merge({ models: await Promise.all(lists), out: fresh() })).rejects.toThrow(
      /lacks words of the other models' lists/,
    );
  });

  test('pruned models', async () => {
    const [model, small] = [await trained(generated(5, 200), { order: 2 }), fresh()];
    await prune({ model, out: small, prune: [0, 1] });
    await expect(merge({ models: [model, small], out: fresh() })).rejects.toMatchObject({ code: 'KNESER_NO_COUNTS' });
  });

  test('subtracting a text that is not a part of the other', async () => {
    const whole = await trained([['x', 'p'], ['y', 'q'], ['z']], { order: 2 });
    const cases: Text[] = [
      [['z', 'z']],
      [['w']],
      [
        ['x', 'q'],
        ['y', 'p'],
      ],
      [
        ['x', 'p'],
        ['x', 'p'],
      ],
    ];
    for (const part of cases) {
      const out = fresh();
      const left = subtract({ model: whole, subtract: [await trained(part, { order: 2 })], out });
      await expect(left).rejects.toThrow(
        /occur less often in .*subtract a model of text that the other was trained on/,
      );
      await expect(LanguageModel.open(out)).rejects.toMatchObject({ code: 'KNESER_INPUT_MISSING' });
    }
    await expect(subtract({ model: whole, subtract: [whole], out: fresh() })).rejects.toMatchObject({
      code: 'KNESER_INPUT_EMPTY',
    });
  });

  test('no models, and work that was aborted', async () => {
    await expect(merge({ models: [], out: fresh() })).rejects.toThrow(/^models: the list is empty/);
    const model = await trained(text, { order: 2 });
    const signal = AbortSignal.abort(new Error('a reason'));
    await expect(merge({ models: [model], out: fresh(), signal })).rejects.toMatchObject({
      code: 'KNESER_ABORTED',
      message: expect.stringMatching(/^merging/) as string,
    });
  });
});
