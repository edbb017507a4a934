import fc from 'fast-check';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportArpa, importArpa, LanguageModel, ngramCounts, prune, train, wordCounts } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { expectToBe } from '../support/expect-to-be.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('counts');
const cli = new CommandLine('counts-cli');
const model = join(folder, 'model');

/** Counts by the definition: n-grams of padded sentences, those of `order` tokens and shorter ones that begin with `<s>`. */
function countsByDefinition(sentences: readonly (readonly string[])[], order: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const sentence of sentences) {
    const padded = ['<s>', ...sentence, '</s>'];
    for (let end = 1; end <= padded.length; end++) {
      for (let length = 1; length <= Math.min(order, end); length++) {
        const ngram = padded.slice(end - length, end);
        if (length < order && ngram[0] !== '<s>') continue;
        counts[ngram.join(' ')] = (counts[ngram.join(' ')] ?? 0) + 1;
      }
    }
  }
  return counts;
}

async function listed(order?: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const { ngram, count } of ngramCounts({ model, ...(order === undefined ? {} : { order }) })) {
    const key = ngram.join(' ');
    expectToBe(Object.hasOwn(counts, key), false, key);
    counts[key] = count;
  }
  return counts;
}

const corpora = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', '<unk>', 'e'), { maxLength: 8 }), {
  minLength: 1,
  maxLength: 40,
});

test('counts are those of the text, at every order', async () => {
  const property = fc.asyncProperty(
    corpora,
    fc.integer({ min: 1, max: 4 }),
    fc.boolean(),
    fc.boolean(),
    async (all, order, skip, skipBlank) => {
      const sentences = skipBlank ? all.filter(({ length }) => length > 0) : all;
      fc.pre(sentences.some(({ length }) => length > 0));
      const patterns = skip && order > 2 ? { patterns: { skip } } : {};
      await train({ sentences: all, out: model, order, skipBlank, force: true, ...patterns });
      for (let lower = 1; lower <= order; lower++) {
        expect(await listed(lower)).toEqual(countsByDefinition(sentences, lower));
      }
      expect(await listed()).toEqual(countsByDefinition(sentences, order));
      const unigrams = countsByDefinition(sentences, 1);
      const words: [string, number][] = [];
      for await (const { word, count } of wordCounts({ model })) words.push([word, count ?? NaN]);
      expect(Object.fromEntries(words)).toEqual({ '<unk>': 0, ...unigrams, '<s>': undefined });
      expect(words.slice(0, 2).map(([word]) => word)).toEqual(['<unk>', '</s>']);
      const counts = words.slice(2).map(([, count]) => count);
      expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    },
  );
  await fc.assert(property, { numRuns: 25 });
});

test('words outside a vocabulary list are <unk>; listed words without an occurrence have no n-gram', async () => {
  await train({
    sentences: ['a b c', 'c b'],
    out: model,
    order: 2,
    vocabulary: { kind: 'words', words: ['a', 'c', 'z'] },
    force: true,
  });
  expect(await listed()).toEqual(
    countsByDefinition(
      [
        ['a', '<unk>', 'c'],
        ['c', '<unk>'],
      ],
      2,
    ),
  );
  const words: [string, number | null][] = [];
  for await (const { word, count } of wordCounts({ model })) words.push([word, count]);
  expect(words).toEqual([
    ['<unk>', 2],
    ['</s>', 2],
    ['c', 2],
    ['a', 1],
    ['z', 0],
  ]);
});

test('many n-grams are always listed in the same order; a caller may stop early', async () => {
  const sentences = Array.from({ length: 6000 }, (_, i) => [`w${i % 3000}`, `v${i % 1000}`, `u${i % 7}`]);
  await train({ sentences, out: model, order: 3, force: true });
  const counts = await listed(2);
  expect(counts).toEqual(countsByDefinition(sentences, 2));
  expect(Object.keys(await listed(2))).toEqual(Object.keys(counts));
  for (const leave of [1, 5000]) {
    let seen = 0;
    for await (const { count } of ngramCounts({ model })) if ((seen += count > 0 ? 1 : 0) === leave) break;
    expect(seen).toBe(leave);
  }
  // Nothing of the model is held any longer.
  await train({ sentences: ['a'], out: model, order: 1, force: true });
  const reason = new Error('enough');
  const aborted = ngramCounts({ model, signal: AbortSignal.abort(reason) }).next();
  await expect(aborted).rejects.toMatchObject({ code: 'KNESER_ABORTED', cause: reason });
});

test('the commands print the same n-grams, one a line, as text or JSON', async () => {
  const sentences = [['a', 'b', 'a'], ['b', 'ä'], []];
  const path = cli.fresh();
  await cli.train([cli.file('a b a\nb ä\n\n'), '--out', path, '--order', '3']);
  for (const order of [1, 2, 3]) {
    const lines = Object.entries(countsByDefinition(sentences, order)).map(([ngram, count]) => `${ngram}\t${count}`);
    const printed = await cli.print(['counts', path, '--order', String(order)]);
    expect(printed.split('\n').sort()).toEqual(['', ...lines].sort());
    const objects = await cli.json<{ ngram: string[]; count: number }>(['counts', path, '--order', String(order)]);
    expect(objects.map(({ ngram, count }) => `${ngram.join(' ')}\t${count}`)).toEqual(printed.trimEnd().split('\n'));
  }
  expect(await cli.print(['vocabulary', path])).toBe('<unk>\t0\n</s>\t3\na\t2\nb\t2\nä\t1\n');
  expect((await cli.json(['vocabulary', path]))[2]).toEqual({ word: 'a', count: 2 });
});

test('models without raw counts, and orders above that of the model, are refused', async () => {
  const path = cli.fresh();
  const corpus = cli.file('a b a b\na b c\nc a b\n');
  await cli.train([corpus, '--out', path, '--order', '3']);
  expect(await cli.refuse(2, ['counts', path, '--order', '4'])).toContain(`--order: ${path} has order 3`);
  expect(await cli.refuse(2, ['counts', path, '--order', '0'])).toContain('--order');
  const [pruned, imported, arpa] = [cli.fresh(), cli.fresh(), join(folder, 'model.arpa')];
  const keep = await prune({ model: path, out: pruned, prune: [0, 0, 1] });
  expect(keep.tables.some(({ dropped }) => dropped > 0)).toBe(true);
  expect(await cli.refuse(2, ['counts', pruned])).toMatch(/this model was pruned, .* list those of the model/);
  expect(await cli.print(['vocabulary', pruned])).toBe(await cli.print(['vocabulary', path]));
  await exportArpa({ model: path, file: arpa });
  await importArpa({ file: arpa, out: imported });
  expect(await cli.refuse(2, ['counts', imported])).toContain(
    'a back-off model has probabilities but no counts to list',
  );
  const words = (await cli.print(['vocabulary', imported])).trimEnd().split('\n');
  expect(words.sort()).toEqual(['</s>', '<unk>', 'a', 'b', 'c']);
  await using library = await LanguageModel.open(imported);
  expect(library.info.vocabulary).toBe(5);
});

test('a token with white space is refused where it would look like two, and printed as JSON', async () => {
  await train({ sentences: [['new york', 'b']], out: model, order: 2, force: true });
  for (const command of ['counts', 'vocabulary']) {
    const { status, stderr } = await cli.run([command, model]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('"new york"') as string });
    expect(JSON.stringify(await cli.json([command, model]))).toContain('"new york"');
  }
});
