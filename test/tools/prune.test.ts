import fc from 'fast-check';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bpeJson } from '#kneser/bench/tokenizer-json.js';
import { LanguageModel, prune, train, tune, verify, type LoadedModel, type PruneOptions } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { ReferenceModel } from '../support/reference-mkn.js';
import { randomNumbers, temporaryFolder, withOpen } from '../support/models.js';
import { brownModel, brownTexts } from '../support/shared.js';

const folder = temporaryFolder('prune');
const cli = new CommandLine('prune-cli');

/** How a model is pruned. */
type How = Pick<PruneOptions, 'prune' | 'entropy'>;

/** Σ p(word | history) over words given once each. The history may begin with <s>. */
function sumOver(model: LoadedModel, history: readonly string[], words: Iterable<string>): number {
  const isBegun = history[0] === '<s>';
  let state = model.start({ start: isBegun });
  for (const word of isBegun ? history.slice(1) : history) state = model.extend(state, word).state;
  let sum = 0;
  for (const word of words) sum += 10 ** model.extend(state, word).log10Prob;
  return sum;
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= 1e-9)) expect(Array.from(actual)).toEqual(expected);
  }
}

const words = fc.constantFrom(['a', 'b'], ['a', 'b', '<unk>'], ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
const sentence = (from: readonly string[]) => fc.array(fc.constantFrom(...from), { maxLength: 9 });
const corpus = words
  .chain(from => fc.array(sentence(from), { minLength: 1, maxLength: 60 }))
  .filter(sentences => sentences.some(one => one.length > 0));
const tests = fc.array(sentence(['a', 'b', 'c', 'd', '<unk>', 'stranger']), { minLength: 1, maxLength: 6 });

/** Checks a pruned model against the definition. */
async function compare(path: string, reference: ReferenceModel, texts: readonly (readonly string[])[]): Promise<void> {
  await withOpen(path, async (paged, loaded) => {
    for (const [i, { types, dropped, tokens, discounts }] of paged.info.tables.entries()) {
      const all = [...reference.adjusted[i + 1]];
      if (i > 0) expect(types).toBe(all.filter(([ngram]) => reference.keeps(ngram)).length);
      if (i > 0) expect(types + dropped).toBe(all.length);
      expect(tokens).toBe(all.reduce((sum, [, count]) => sum + count, 0));
      expectClose(discounts, reference.discounts[i + 1]);
    }
    for (const text of texts) {
      const expected = reference.score(text);
      const score = loaded.score(text);
      expectClose(score.log10Probs, expected.log10Probs);
      expect([...score.matched]).toEqual(expected.matched);
      expect(await paged.score(text)).toStrictEqual(score);
    }
    for (const history of texts) {
      const known = history.map(word => (reference.vocabulary.has(word) ? word : '<unk>'));
      expect(sumOver(loaded, known, reference.vocabulary)).toBeCloseTo(1, 9);
      expect(sumOver(loaded, ['<s>', ...known], reference.vocabulary)).toBeCloseTo(1, 9);
    }
  });
}

describe('the pruned model has the n-grams and probabilities of the definition, which add up to 1', () => {
  const thresholds = fc
    .array(fc.constantFrom(0, 0, 1, 1, 2, 3), { maxLength: 4 })
    .map(steps => [0, ...steps.sort((a, b) => a - b)]);

  test('by counts, for any text, while training or afterwards', () =>
    fc.assert(
      fc.asyncProperty(
        corpus,
        fc.integer({ min: 1, max: 5 }),
        thresholds,
        tests,
        async (sentences, order, steps, texts) => {
          const counts = steps.slice(0, order);
          const reference = new ReferenceModel(sentences, order);
          reference.pruneByCounts(counts);
          const model = join(folder, 'counts');
          const [after, at] = [join(folder, 'counts-after'), join(folder, 'counts-at-once')];
          await train({ sentences, order, out: model, force: true });
          await prune({ model, out: after, prune: counts, force: true });
          await train({ sentences, order, out: at, prune: counts, force: true });
          for (const path of [after, at]) await compare(path, reference, texts);
        },
      ),
      { numRuns: 25 },
    ));

  test('by entropy, for any text', () =>
    fc.assert(
      fc.asyncProperty(
        corpus,
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 1e-5, max: 0.02, noNaN: true }),
        tests,
        async (sentences, order, entropy, texts) => {
          const reference = new ReferenceModel(sentences, order);
          reference.pruneByEntropy(entropy);
          const model = join(folder, 'entropy');
          const out = join(folder, 'entropy-pruned');
          await train({ sentences, order, out: model, force: true });
          await prune({ model, out, entropy, force: true });
          await compare(out, reference, texts);
        },
      ),
      { numRuns: 25 },
    ));

  test('of contexts that take several blocks', async () => {
    // 6,000 words follow “a”, half of them once; and as many follow “b a”, of which half are left in two blocks.
    const sentences = Array.from({ length: 6000 }, (_, i) => Array.from({ length: 1 + (i % 2) }, () => `b a w${i}`))
      .flat()
      .map(text => text.split(' '));
    const reference = new ReferenceModel(sentences, 3);
    const model = join(folder, 'wide');
    await train({ sentences, order: 3, out: model });
    for (const counts of [
      [0, 0, 1],
      [0, 1],
      [0, 2],
    ]) {
      reference.pruneByCounts(counts);
      const out = join(folder, `wide-${counts.join('-')}`);
      await prune({ model, out, prune: counts });
      await withOpen(out, async (paged, loaded) => {
        const texts = [0, 1, 2998, 2999, 5998, 5999].map(i => ['b', 'a', `w${i}`]);
        for (const text of texts) {
          const score = loaded.score(text);
          expectClose(score.log10Probs, reference.score(text).log10Probs);
          expect(await paged.score(text)).toStrictEqual(score);
        }
        expect(sumOver(loaded, ['<s>', 'b', 'a'], reference.vocabulary)).toBeCloseTo(1, 9);
        expect(sumOver(loaded, ['a'], reference.vocabulary)).toBeCloseTo(1, 9);
      });
    }
  });
});

describe('on Brown', () => {
  interface KenlmFigures {
    readonly prune: number[];
    readonly types: number[];
    readonly perplexityIncludingOov: number;
    readonly perplexityExcludingOov: number;
    readonly matchedCounts: number[];
  }
  const fixture = JSON.parse(
    readFileSync(new URL('../fixtures/brown-kenlm-pruned.json', import.meta.url), 'utf8'),
  ) as KenlmFigures[];
  let model: string;
  let brown: Awaited<ReturnType<typeof brownTexts>>;
  let vocabulary: string[];

  beforeAll(async () => {
    brown = await brownTexts();
    model = await brownModel(5);
    vocabulary = [...new Set(readFileSync(brown.train, 'utf8').split(/\s+/)), '<unk>', '</s>'].filter(
      word => word !== '',
    );
  });

  test.each(fixture)('as KenLM with --prune $prune', async figures => {
    const out = join(folder, `brown-${figures.prune.join('-')}`);
    const { tables } = await prune({ model, out, prune: figures.prune });
    // For lmplz, <s> is a type of order 1.
    expect(tables.map(({ types }, i) => types + (i === 0 ? 1 : 0))).toEqual(figures.types);
    await withOpen(out, async (paged, loaded) => {
      for (const opened of [paged, loaded]) {
        const { perplexity, perplexityExcludingOov } = await opened.perplexityOfFile(brown.heldOut, { threads: 1 });
        expect((perplexity ?? NaN) / figures.perplexityIncludingOov).toBeCloseTo(1, 5);
        expect((perplexityExcludingOov ?? NaN) / figures.perplexityExcludingOov).toBeCloseTo(1, 5);
      }
      const counts = figures.matchedCounts.map(() => 0);
      for (const sentence of readFileSync(brown.heldOut, 'utf8').replace(/\n$/, '').split('\n')) {
        for (const length of loaded.score(sentence).matched) counts[length - 1]++;
      }
      expect(counts).toEqual(figures.matchedCounts);
    });
  });

  test('by entropy: a higher threshold gives a smaller model with a higher perplexity, whose probabilities add up to 1', async () => {
    const model = await brownModel(3);
    const heldOut = join(folder, 'every-fourth.txt');
    const lines = readFileSync(brown.heldOut, 'utf8').split('\n');
    writeFileSync(heldOut, lines.filter((_, i) => i % 4 === 0).join('\n') + '\n');
    const before = await withOpen(model, (_, loaded) => loaded.perplexityOfFile(heldOut, { threads: 1 }));
    let [kept, bytes, perplexity] = [Infinity, Infinity, before.perplexity ?? NaN];
    for (const entropy of [1e-6, 1e-5]) {
      const out = join(folder, `brown-${entropy}`);
      const report = await prune({ model, out, entropy });
      const types = report.tables.reduce((sum, table) => sum + table.types, 0);
      expect(types).toBeLessThan(kept);
      expect(report.bytes).toBeLessThan(bytes);
      await withOpen(out, async (paged, loaded) => {
        const figures = await loaded.perplexityOfFile(heldOut, { threads: 1 });
        expect(await paged.perplexityOfFile(heldOut)).toEqual(figures);
        expect(figures.perplexity).toBeGreaterThan(perplexity);
        perplexity = figures.perplexity ?? NaN;
        for (const history of [['<s>'], ['of', 'the'], ['<s>', 'In', 'the', 'first']]) {
          expect(sumOver(loaded, history, vocabulary)).toBeCloseTo(1, 8);
        }
        expect(paged.info.pruning).toEqual({ entropy });
      });
      [kept, bytes] = [types, report.bytes];
    }
  });
});

describe('models with classes and weights', () => {
  const random = randomNumbers(5);
  const sentences = Array.from({ length: 3000 }, () =>
    Array.from({ length: 1 + Math.floor(8 * random()) }, (_, i) => `${'dnv'[i % 3]}${Math.floor(40 ** random())}`),
  );
  const options = { sentences, order: 3, classes: 5, holdOut: 0.05 };
  const vocabulary = [...new Set(sentences.flat()), '<unk>', '</s>'];

  test('keep their classes and weights, and can be tuned again', async () => {
    const model = join(folder, 'tuned');
    const out = join(folder, 'tuned-pruned');
    await train({ ...options, out: model });
    await prune({ model, out, prune: [0, 1, 2] });
    const text = join(folder, 'tuning.txt');
    writeFileSync(
      text,
      sentences
        .slice(0, 200)
        .map(one => one.join(' '))
        .join('\n') + '\n',
    );
    await tune({ model: out, files: [text], name: 'again' });
    await using original = await LanguageModel.open(model);
    for (const weights of ['default', 'again']) {
      await using paged = await LanguageModel.open(out, { weights });
      const loaded = await paged.load();
      expect(paged.info.smoothing).toBe('glm');
      expect(paged.info.classes).toBe(original.info.classes);
      expect(paged.info.weights.map(({ name }) => name)).toEqual(['again', 'default']);
      for (const history of [[], ['d0'], ['<s>', 'd1', 'n2']]) {
        const known = vocabulary.filter(word => word === '<unk>' || !loaded.extend(loaded.start(), word).oov);
        expect(sumOver(loaded, history, known)).toBeCloseTo(1, 9);
      }
    }
  });

  test('are tuned on the pruned model if training prunes', async () => {
    const out = join(folder, 'tuned-at-once');
    await train({ ...options, out, prune: [0, 0, 1] });
    await using model = await LanguageModel.open(out);
    expect(model.info.pruning).toEqual({ counts: [0, 0, 1] });
    const [{ tuned, mkn }] = model.info.weights;
    expect(tuned).toBeLessThan(mkn);
  });
});

describe('impossible work is refused', () => {
  const model = join(folder, 'refused');
  const pruned = join(folder, 'refused-pruned');
  const out = join(folder, 'never');
  beforeAll(async () => {
    await train({ sentences: ['a b a b', 'b a c'], order: 3, out: model });
    await prune({ model, out: pruned, prune: [0, 0, 1] });
  });

  test.each<[How, RegExp]>([
    [{}, /either/],
    [{ prune: [0, 1], entropy: 1e-8 }, /either/],
    [{ prune: [] }, /threshold for each order/],
    [{ prune: [1] }, /unigrams are not pruned/],
    [{ prune: [0, 2, 1] }, /must not fall.*0,2,1/],
    [{ prune: [0, 0, 0, 1] }, /4 thresholds are more than the orders of the model, 3/],
    [{ prune: [0, -1] }, /-1 is not a whole number/],
    [{ prune: [0, 0.5] }, /0.5 is not a whole number/],
    [{ entropy: 0 }, /0 is not a number above 0/],
    [{ entropy: NaN }, /NaN is not a number above 0/],
  ])('%j', async (how, message) => {
    await expect(prune({ model, out, ...how })).rejects.toMatchObject({
      code: 'KNESER_OPTION',
      message: expect.stringMatching(message) as string,
    });
    expect(existsSync(out)).toBe(false);
    if (!how.prune || how.entropy) return;
    await expect(train({ sentences: ['a'], order: 3, out, prune: how.prune })).rejects.toMatchObject({
      code: 'KNESER_OPTION',
      message: expect.stringMatching(message) as string,
    });
    expect(existsSync(out)).toBe(false);
  });

  test('pruning a pruned model, pruning skip patterns, and writing into the folder of a model', async () => {
    const refused = (options: PruneOptions, code: string, message: RegExp): Promise<void> =>
      expect(prune(options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    await refused({ model: pruned, out, prune: [0, 1] }, 'KNESER_OPTION', /refused-pruned: .*pruned already/);
    await refused({ model, out: pruned, prune: [0, 1] }, 'KNESER_OUTPUT_EXISTS', /--force/);
    await refused({ model: out, out: pruned, prune: [0, 1] }, 'KNESER_INPUT_MISSING', /no such model/);
    const skipping = join(folder, 'skipping');
    const patterns = { skip: true };
    await train({ sentences: ['a b a b', 'b a c'], order: 3, patterns, out: skipping });
    await refused(
      { model: skipping, out, entropy: 0.1 },
      'KNESER_OPTION',
      /skip patterns such as 1_1 cannot be pruned/,
    );
    await expect(train({ sentences: ['a b'], order: 3, patterns, prune: [0, 1], out })).rejects.toThrow(
      /skip patterns such as 1_1 cannot be pruned/,
    );
    expect(existsSync(out)).toBe(false);
  });

  test('an abort leaves no file', async () => {
    const abort = new AbortController();
    const stopped = prune({ model, out, prune: [0, 1], signal: abort.signal, onProgress: () => abort.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'KNESER_ABORTED' });
    expect(existsSync(out)).toBe(false);
  });
});

test('a model can be replaced by its pruned form', async () => {
  const model = join(folder, 'replaced');
  await train({ sentences: ['a b a b', 'b a c'], order: 2, out: model });
  await prune({ model, out: model, prune: [0, 1], force: true });
  await withOpen(model, paged => {
    expect(paged.info.tables.map(({ types, dropped }) => [types, dropped])).toEqual([
      [5, 0],
      [2, 5],
    ]);
  });
});

test('the pruned model has the tokenizer.json of the model', async () => {
  const [model, out] = [join(folder, 'subwords'), join(folder, 'subwords-pruned')];
  const sentences = ['the cats sat', 'the cat sat on the mats', 'cats sat'];
  await train({
    sentences,
    out: model,
    order: 2,
    tokenization: { tokenizer: { json: bpeJson('acehmnost', ['t h', 'th e', 'c a', 'ca t']), name: 'bpe.json' } },
  });
  await prune({ model, out, prune: [0, 1] });
  await using whole = await LanguageModel.open(model);
  await using pruned = await LanguageModel.open(out);
  const { tokens } = await pruned.score('the cats');
  expect(tokens).toEqual((await whole.score('the cats')).tokens);
  expect(tokens.length).toBeGreaterThan(3);
  expect(await verify(out)).toMatchObject({ sound: true });
});

test('thresholds of 0 drop nothing, and the model counts as one that was not pruned', async () => {
  const model = join(folder, 'whole');
  const out = join(folder, 'whole-copy');
  await train({ sentences: ['a b a b', 'b a c'], order: 3, prune: [0], out: model });
  await prune({ model, out, prune: [0] });
  await withOpen(out, async copy => {
    await using original = await LanguageModel.open(model);
    expect({ ...copy.info, created: '' }).toEqual({ ...original.info, created: '' });
    expect(copy.info.pruning).toBeNull();
  });
});

describe('the command line', () => {
  test('prunes and prints the remaining n-grams; inspect prints the pruning', async () => {
    const text = cli.file('a b a b\nb a c\na b d\n');
    const model = cli.fresh();
    await cli.train([text, '--out', model, '--order', '3']);
    const out = cli.fresh();
    const run = await cli.run(['prune', model, '--out', out, '--prune', '0,0,1']);
    expect(run).toMatchObject({ status: 0, stdout: '' });
    expect(run.stderr).toMatch(/: \d+ of \d+ n-grams, [\d.]+ (bytes|kB), /);
    const inspected = await cli.print(['inspect', out]);
    expect(inspected).toMatch(
      /^pruned: n-grams that occur at most as often as the threshold of their order were dropped, thresholds 0,0,1$/m,
    );
    expect(inspected).toMatch(/^pattern +types +dropped +tokens /m);
    const atOnce = cli.fresh();
    await cli.train([text, '--out', atOnce, '--order', '3', '--prune', '0,0,1']);
    const score = (path: string): Promise<string> => cli.print(['score', path, '--json'], { input: 'a b d\n' });
    expect(await score(atOnce)).toBe(await score(out));
    const byEntropy = cli.fresh();
    expect(await cli.run(['prune', model, '--out', byEntropy, '--entropy', '1e-3', '--quiet'])).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(await cli.print(['inspect', byEntropy])).toMatch(
      /^pruned: n-grams without which perplexity .* 0\.001 were/m,
    );
  });

  test('refuses wrong values with exit code 2', async () => {
    const model = cli.fresh();
    await cli.train([cli.file('a b a b\n'), '--out', model, '--order', '2']);
    const out = cli.fresh();
    expect(await cli.refuse(2, ['prune', model, '--out', out])).toMatch(/either/);
    expect(await cli.refuse(2, ['prune', model, '--prune', '0,1'])).toMatch(/--out/);
    expect(await cli.refuse(2, ['prune', model, '--out', out, '--prune', '0;1'])).toMatch(/such as 0,0,1/);
    expect(await cli.refuse(2, ['prune', model, '--out', out, '--entropy', 'much'])).toMatch(/such as 1e-8/);
    expect(await cli.refuse(2, ['prune', model, '--out', out, '--prune', '0,2,1'])).toMatch(/more than the orders/);
    expect(await cli.refuse(2, ['prune', model, '--out', model, '--prune', '0,1'])).toMatch(/--force/);
    expect(existsSync(out)).toBe(false);
  });
});
