import fc from 'fast-check';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LanguageModel, merge, prune, subtract, train, type TrainOptions } from '#kneser/src/index.js';
import { temporaryFolder, type WithoutOut } from '../support/models.js';
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
});
