import fc from 'fast-check';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  importCounts,
  LanguageModel,
  merge,
  ngramCounts,
  verify,
  type ImportCountsOptions,
} from '#kneser/src/index.js';
import { randomNumbers, temporaryFolder, trainedFolder } from '../support/models.js';
import { expectSamePairs, readPairs, type Pairs } from '../support/pairs.js';

const folder = temporaryFolder('import-counts');
let names = 0;
const fresh = (): string => join(folder, `file-${names++}`);

type Text = readonly (readonly string[])[];
type Options = Omit<ImportCountsOptions, 'files' | 'out'>;

/** All keys and values; the model and the copy that is read are removed. */
async function pairsOf(model: string): Promise<Pairs> {
  const pairs = await readPairs(model);
  for (const path of [model, `${model}-copy`]) rmSync(path, { recursive: true });
  return pairs;
}

const trained = (sentences: Text, options: Parameters<typeof trainedFolder>[2]): Promise<string> =>
  trainedFolder(fresh(), sentences, options);

async function imported(
  lines: readonly string[],
  options: Options,
): Promise<{ out: string; warnings: readonly string[] }> {
  const [file, out] = [fresh(), fresh()];
  writeFileSync(file, lines.map(line => `${line}\n`).join(''));
  const { warnings } = await importCounts({ files: [file], out, threads: 1, ...options });
  return { out, warnings };
}

/** Every n-gram of every length with its count, as `ngram-count -order N -write` lists them, in an order that a seed decides. */
function allCounts(
  text: Text,
  order: number,
  seed: number,
  keep: (ngram: readonly string[], count: number) => boolean = () => true,
): string[] {
  const counts = new Map<string, number>();
  for (const sentence of text) {
    const padded = ['<s>', ...sentence, '</s>'];
    for (let end = 1; end <= padded.length; end++) {
      for (let length = 1; length <= Math.min(order, end); length++) {
        const ngram = padded.slice(end - length, end).join(' ');
        counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
      }
    }
  }
  const random = randomNumbers(seed);
  return [...counts]
    .filter(([ngram, count]) => keep(ngram.split(' '), count))
    .map(line => ({ line, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ line }) => line.join('\t'));
}

const isWhole = (ngram: readonly string[], order: number): boolean => ngram.length === order || ngram[0] === '<s>';

const texts = fc
  .array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'é', '<unk>'), { maxLength: 7 }), { minLength: 1, maxLength: 15 })
  .filter(text => text.some(sentence => sentence.length > 0));
const options: fc.Arbitrary<Options & { readonly order: number }> = fc.oneof(
  fc.record({ order: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ order: fc.integer({ min: 2, max: 4 }), patterns: fc.constant({ skip: true }) }),
  fc.constant({ order: 3, vocabulary: { kind: 'words', words: ['a', 'c', 'never'] } } as const),
  fc.constant({ order: 3, vocabulary: { kind: 'limit', limit: 2 } } as const),
  fc.constant({ order: 2, vocabulary: { kind: 'frequency', atLeast: 2 }, prune: [0, 1] } as const),
);

describe('counts of a whole text make the model of the text', () => {
  test('as kneser counts lists them, or with all shorter n-grams, in any order of lines', () =>
    fc.assert(
      fc.asyncProperty(texts, options, fc.integer(), fc.boolean(), async (text, how, seed, isShort) => {
        const lines = allCounts(text, how.order, seed, ngram => !isShort || isWhole(ngram, how.order));
        const { out, warnings } = await imported(lines, how);
        expect(warnings.filter(warning => !warning.includes('never occur'))).toEqual([]);
        expectSamePairs(await pairsOf(out), await pairsOf(await trained(text, how)));
      }),
      { numRuns: 25 },
    ));

  test('also at a lower order, for any text', () =>
    fc.assert(
      fc.asyncProperty(
        texts,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (text, one, other, isShort) => {
          const [order, longest] = [Math.min(one, other), Math.max(one, other)];
          const lines = allCounts(text, longest, 1, ngram => !isShort || isWhole(ngram, longest));
          const { out, warnings } = await imported(lines, { order });
          expect(warnings).toEqual([]);
          expectSamePairs(await pairsOf(out), await pairsOf(await trained(text, { order })));
        },
      ),
      { numRuns: 25 },
    ));

  test('also at a lower order, and with word classes', async () => {
    const random = randomNumbers(3);
    const text = Array.from({ length: 800 }, () => Array.from({ length: 5 }, () => `w${Math.floor(100 ** random())}`));
    const lines = allCounts(text, 4, 1, ngram => isWhole(ngram, 4));
    for (const how of [{ order: 2 }, { order: 3, classes: 3 }, { order: 3, classes: 3, modelM: 1 }]) {
      const { out, warnings } = await imported(lines, how);
      expect(warnings).toEqual([]);
      expectSamePairs(await pairsOf(out), await pairsOf(await trained(text, how)));
    }
  });

  test('incomplete counts of bigrams are said to be so', async () => {
    const { warnings } = await imported(['<s>\t3', '<s> a\t1', 'a b\t3', 'b </s>\t3'], { order: 2 });
    expect(warnings).toEqual([
      expect.stringMatching(/^the counts are not those of one whole text: .* are approximate$/),
    ]);
  });

  test('from several files, packed, with counts in parts, and as the model lists them', async () => {
    const text = [
      ['the', 'cat'],
      ['the', 'dog'],
      ['the', 'cat', 'ran'],
    ];
    const model = await trained(text, { order: 3 });
    const lines: string[] = [];
    for await (const { ngram, count } of ngramCounts({ model })) lines.push(`${ngram.join(' ')}\t${count}\r\n`);
    const files = [`${fresh()}.gz`, fresh(), fresh()];
    writeFileSync(files[0], gzipSync(lines.slice(0, 3).join('')));
    writeFileSync(files[1], `${lines.slice(3).join('')}\nthe cat sat\t2`);
    writeFileSync(files[2], 'cat sat </s>\t2\n<s> the\t2\n<s> the cat\t1\n<s> the cat 1\n');
    const out = fresh();
    expect((await importCounts({ files, out })).warnings).toEqual([]);
    const twice = ['the', 'cat', 'sat'];
    expectSamePairs(await pairsOf(out), await pairsOf(await trained([...text, twice, twice], { order: 3 })));
  });

  test('of Google: its marks, years and volumes', async () => {
    const web = ['<S> a\t3', 'a <UNK>\t3', '<UNK> </S>\t3'];
    const expected = await pairsOf(
      await trained(
        Array.from({ length: 3 }, () => ['a', '<unk>']),
        { order: 2 },
      ),
    );
    expectSamePairs(await pairsOf((await imported(web, {})).out), expected);
    const books = [
      '<s> a\t1999\t1\t1',
      '<s> a\t2000\t2\t2',
      'a <unk>\t1999\t3\t9\t1',
      '<unk> </s>\t1999,1,1\t2000,2,1',
    ];
    expectSamePairs(await pairsOf((await imported(books, {})).out), expected);
    await expect(imported(['<s> A\t3', 'A </s>\t3'], { lowercase: true })).resolves.toMatchObject({ warnings: [] });
  });
});

describe('other counts make an approximation, and warnings say so', () => {
  const random = randomNumbers(7);
  const text = Array.from({ length: 400 }, () =>
    Array.from({ length: Math.floor(8 * random()) }, () => `w${Math.floor(30 ** random())}`),
  );

  /** Σ p over the vocabulary is 1 after some histories, and nothing is damaged. */
  async function expectModel(path: string): Promise<void> {
    expect((await verify(path)).findings).toEqual([]);
    await using paged = await LanguageModel.open(path);
    await expect(merge({ models: [path], out: fresh() })).rejects.toMatchObject({ code: 'KNESER_NO_COUNTS' });
    const model = await paged.load();
    const words = [...(await paged.vocabulary()), '</s>', '<unk>'];
    for (const history of [[], ['w0'], ['w1', 'w0'], ['w2', 'w1']]) {
      let sum = 0;
      for (const word of new Set(words)) sum += 10 ** model.log10Prob(word, history);
      expect(sum).toBeCloseTo(1, 9);
    }
  }

  test('without rare n-grams', async () => {
    const lines = allCounts(text, 3, 1, (ngram, count) => ngram.length === 1 || count > 2);
    const { out, warnings } = await imported(lines, {});
    expect(warnings).toEqual([
      expect.stringMatching(/^n-grams of 2 words occur \d+ times more often than longer ones/),
    ]);
    await expectModel(out);
  });

  test('without short n-grams that begin with <s>', async () => {
    const { out, warnings } = await imported(
      allCounts(text, 3, 1, ({ length }) => length === 3),
      {},
    );
    expect(warnings).toContainEqual(expect.stringMatching(/^no n-gram of 2 words begins with <s>/));
    await expectModel(out);
  });

  test('without the n-grams that longer ones begin with, for any counts', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 }),
            fc.integer({ min: 1, max: 9 }),
          ),
          { minLength: 1 },
        ),
        fc.boolean(),
        fc.integer({ min: 2, max: 4 }),
        async (ngrams, skip, order) => {
          const lines = [...ngrams, [Array.from({ length: order }, () => 'a'), 2] as const];
          const { out } = await imported(
            lines.map(([ngram, count]) => `${ngram.join(' ')}\t${count}`),
            { order, patterns: { skip } },
          );
          expect((await verify(out)).findings).toEqual([]);
          rmSync(out, { recursive: true });
        },
      ),
      { numRuns: 25 },
    ));

  test('without any mark of sentences', async () => {
    const lines = allCounts(text, 2, 1, ngram => ngram.every(word => word.startsWith('w')));
    const { out, warnings } = await imported(lines, {});
    expect(warnings).toContainEqual(expect.stringMatching(/^no n-gram ends with <\/s>/));
    await expectModel(out);
  });
});

describe('lines without a count are refused by number', () => {
  test.each<[string, string, string]>([
    ['no count', 'a b', 'line 2 has no count after its words; write the words, a tab, and a whole number ("a b")'],
    ['one word', 'ab', 'line 2 has no count ("ab")'],
    ['no words', '\t3', 'line 2 has no words ("\\t3")'],
    [
      'a fraction',
      'a b\t1.5',
      'line 2 has a count that is not a whole number; write how often the n-gram occurs ("a b\\t1.5")',
    ],
    ['nothing', 'a b\t0', 'line 2 has a count of 0; n-grams that do not occur are left out of such a file ("a b\\t0")'],
    ['a mark inside', 'a <s>\t1', 'line 2 has <s> after another word; it begins n-grams ("a <s>\\t1")'],
    ['an end inside', '</s> a\t1', 'line 2 has </s> before another word; it ends n-grams ("</s> a\\t1")'],
    [
      'two marks',
      '<S> a\t1',
      'line 2 has <S> or <s>, and the file has both, so that either may be the mark; write all marks in lower case',
    ],
    [
      'a long n-gram',
      `${'a '.repeat(13)}\t1`,
      'line 2 has an n-gram of more than 12 words, the highest order of a model',
    ],
  ])('%s', async (_, line, message) => {
    const error: unknown = await imported(['<s> a\t1', line], {}).catch((refused: unknown) => refused);
    expect(error).toMatchObject({ code: 'KNESER_INPUT_COUNTS' });
    expect((error as Error).message.split(': ').slice(1).join(': ')).toContain(message);
  });

  test('counts and orders that are too large, and files without n-grams', async () => {
    await expect(imported(['a b\t2147483648'], {})).rejects.toMatchObject({ code: 'KNESER_LIMIT' });
    await expect(imported(['a b\t99999999999999999999'], {})).rejects.toMatchObject({ code: 'KNESER_LIMIT' });
    await expect(imported(['a b\t1'], { order: 3 })).rejects.toThrow(
      /^order: the n-grams of .* have at most 2 words; choose an order from 1 to 2/,
    );
    await expect(imported([''], {})).rejects.toMatchObject({ code: 'KNESER_INPUT_EMPTY' });
    const file = fresh();
    writeFileSync(file, readFileSync(process.execPath).subarray(0, 1000));
    await expect(importCounts({ files: [file], out: fresh() })).rejects.toMatchObject({
      code: 'KNESER_INPUT_UNREADABLE',
    });
  });
});
