import fc from 'fast-check';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { layoutLength } from '#kneser/src/count/layout.js';
import { prune, train, type Stage, type TrainOptions } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { expectSamePairs, readPairs, type Pairs } from '../support/pairs.js';
import { randomNumbers, temporaryFolder, type WithoutOut } from '../support/models.js';

const folder = temporaryFolder('determinism');
const cli = new CommandLine('determinism-cli');
let models = 0;

/** Trains, and reads back everything that the store holds. */
async function trainAndRead(options: WithoutOut<TrainOptions>): Promise<{ pairs: Pairs; stages: Set<Stage> }> {
  const out = join(folder, `model-${models++}`);
  const stages = new Set<Stage>();
  await train({ ...options, out, onProgress: ({ stage }) => stages.add(stage) });
  return { pairs: await readPairs(out), stages };
}

/** The sets of tuned weights of a model, by file. */
function readWeights(model: string): [name: string, bytes: Buffer][] {
  const weights = join(model, 'generation-1', 'weights');
  return readdirSync(weights).map(name => [name, readFileSync(join(weights, name))]);
}

interface Read {
  readonly pairs: Pairs;
  readonly stages: Set<Stage>;
  readonly weights: [string, Buffer][];
}

const ORDER = 5;

/** Trains a tuned mixture with classes, and reads back everything. */
async function trainMixture(text: WithoutOut<TrainOptions>): Promise<Read> {
  const options = { order: ORDER, patterns: { list: ['1_1'] }, classes: 20, modelM: 1, holdOut: 0.02 };
  const read = await trainAndRead({ ...options, ...text });
  return { ...read, weights: readWeights(join(folder, `model-${models - 1}`)) };
}

function expectSame(other: Pick<Read, 'pairs' | 'weights'>, reference: Read): void {
  expectSamePairs(other.pairs, reference.pairs);
  expect(other.weights).toStrictEqual(reference.weights);
}

/**
 * Lines of words by rank, seen about in proportion to 1/rank, and of phrases that repeat. One line of `every` has words; the others
 * are empty: those take the room of a history each, but hardly any time. One line has `longest` words.
 */
function zipfLines(count: number, every: number, longest: number, prefix: string): string[] {
  const random = randomNumbers(3);
  const word = (): string => `${prefix}${Math.floor(10_000 ** random()).toString(36)}`;
  const sentence = (length: number): string => Array.from({ length }, word).join(' ');
  const phrases = Array.from({ length: 500 }, () => sentence(4));
  const lines = Array.from({ length: count }, (_, i) => {
    if (i % every > 0) return '';
    return random() < 0.6 ? phrases[Math.floor(random() * phrases.length)] : sentence(Math.floor(random() * 10));
  });
  lines.splice(Math.floor(count / 3.6), 0, sentence(longest));
  return lines;
}

describe('the same text gives the same keys, values and weights', () => {
  const memory = 64 << 20;
  const path = join(folder, 'zipf.txt');
  /** Enough: most of the time that learning weights takes is for the empty lines. */
  const holdOut = 0.005;
  let lines: string[];
  let reference: Read;

  beforeAll(async () => {
    lines = zipfLines(360_000, 21, 20_000, 'w');
    writeFileSync(path, lines.join('\n') + '\n');
    reference = await trainMixture({ files: [path], threads: 1, holdOut });
  });

  test('the keys are those of the manifest, the dictionary, and every table', () => {
    const { pairs, weights } = reference;
    const kinds = new Set(pairs.map(([key]) => /^(\w+(\/[1_ckw]+)?)/.exec(Buffer.from(key).toString('latin1'))?.[1]));
    const ofModelM = [1, 2, 3, 4].flatMap(n => ['k'.repeat(n), 'w'.repeat(n)]);
    const tables = [...[1, 2, 3, 4, 5].flatMap(n => ['1'.repeat(n), 'c'.repeat(n)]), '1_1', ...ofModelM];
    expect([...kinds].sort()).toEqual(
      [
        'classes',
        'dictionary',
        'directory',
        'manifest',
        ...tables.flatMap(table => [`trie/${table}`, `table/${table}`]),
      ].sort(),
    );
    expect(weights.map(([name]) => name)).toEqual(['default.weights']);
  });

  test.each([2, 4])('with %i threads', async threads => {
    const other = await trainMixture({ files: [path], threads, holdOut });
    expect(other.stages).not.toContain('sort');
    expectSame(other, reference);
  });

  test.each([1, 3])('in so little memory that sorted runs go to the disk, with %i threads', async threads => {
    const tokens = lines.reduce((sum, line) => sum + (line === '' ? 0 : line.split(' ').length), 0);
    // The laid-out text takes 20 bytes a number, in half of the memory.
    expect((1 - holdOut) * layoutLength(tokens, lines.length, ORDER)).toBeGreaterThan(memory / 2 / 20);
    const other = await trainMixture({ files: [path], threads, memory, holdOut });
    expect(other.stages).toContain('sort');
    expectSame(other, reference);
  });
});

describe('the same text gives the same keys, values and weights in any form:', () => {
  const path = join(folder, 'given.txt');
  let lines: string[];
  let reference: Read;

  beforeAll(async () => {
    // Long words: the file is read in chunks of 1 MB, and must have more than one.
    lines = zipfLines(20_000, 6, 4_000, 'a-word-of-many-letters-'.repeat(4));
    const text = lines.join('\n') + '\n';
    expect(text.length).toBeGreaterThan(1 << 20);
    writeFileSync(path, text);
    reference = await trainMixture({ files: [path], threads: 1 });
  });

  test('in several files, or in a folder, one of them compressed', async () => {
    const parts = join(folder, 'parts');
    mkdirSync(parts);
    const cuts = [0, 1, 2700, 5555, 7300, lines.length];
    const files = cuts.slice(1).map((end, i) => {
      const text = lines.slice(cuts[i], end).join('\n') + (lines[end - 1] === '' || i % 2 === 0 ? '\n' : '');
      const part = join(parts, i === 2 ? `part-${i}.gz` : `part-${i}`);
      writeFileSync(part, i === 2 ? gzipSync(text) : text);
      return part;
    });
    expectSame(await trainMixture({ files }), reference);
    renameSync(files[2], join(parts, 'part-2.txt.gz'));
    expectSame(await trainMixture({ files: [parts] }), reference);
  });

  test('as sentences, of text or of tokens', async () => {
    function* sentences(): Generator<string | string[]> {
      for (const [i, line] of lines.entries()) yield i % 2 === 0 ? line : line.split(' ').filter(Boolean);
    }
    expectSame(await trainMixture({ sentences: sentences() }), reference);
  });

  test('from standard input', async () => {
    const out = join(folder, 'piped');
    const flags = [
      '--order',
      '5',
      '--patterns',
      '1_1',
      '--classes',
      '20',
      '--model-m',
      '1',
      '--hold-out',
      '0.02',
      '--quiet',
    ];
    const run = await cli.runAsProcess(['train', '-', '--out', out, ...flags], { input: readFileSync(path) });
    expect(run).toEqual({ status: 0, stdout: '', stderr: '' });
    expectSame({ pairs: await readPairs(out), weights: readWeights(out) }, reference);
  });
});

test('the same vocabulary is chosen with and without memory for all words', async () => {
  const random = randomNumbers(5);
  const sentences = Array.from({ length: 3_000 }, (_, i) => [
    ...Array.from({ length: 5 }, () => `w${Math.floor(1000 ** random())}`),
    // Long, so that few of them fill the memory.
    ...Array.from({ length: 14 }, () => (random() * 2 ** 53).toString(36).padEnd(600, '-')),
    // Words that turn up late, when there is no room for them; some of them often, some not in lower case or in UTF-8.
    ...(i > 2500 ? [`late${i % 7}`, `LATE${i % 500}`, `\ud800${i % 5}`] : []),
  ]);
  const vocabulary = { kind: 'limit', limit: 300 } as const;
  const options = { sentences, order: 2, vocabulary, holdOut: 0.1, lowercase: true };
  const { pairs } = await trainAndRead({ ...options, memory: 2 ** 32 });
  expectSamePairs((await trainAndRead({ ...options, memory: 64 << 20 })).pairs, pairs);
  const late = pairs.filter(([, value]) => Buffer.from(value).includes('late')).length;
  expect(late).toBeGreaterThan(0);
});

test('the order of sentences and how they are given makes no difference, for any text', () => {
  const word = fc.constantFrom('a', 'b', 'B', 'c', '<unk>', 'é', '\u{1f600}');
  const text = fc.array(fc.array(word, { maxLength: 8 }), { minLength: 1, maxLength: 30 });
  const options = fc.record({
    sentences: text.chain(sentences =>
      fc.record({
        original: fc.constant([...sentences, ['a']]),
        shuffled: fc.shuffledSubarray([...sentences, ['a']], { minLength: sentences.length + 1 }),
      }),
    ),
    order: fc.integer({ min: 1, max: 4 }),
    lowercase: fc.boolean(),
    skipBlank: fc.boolean(),
  });
  return fc.assert(
    fc.asyncProperty(options, async ({ sentences: { original, shuffled }, ...others }) => {
      const path = join(folder, 'any.txt');
      writeFileSync(path, shuffled.map(words => words.join('  ') + '\r\n').join(''));
      const tokens = await trainAndRead({ sentences: original, ...others });
      const files = await trainAndRead({ files: [path], ...others });
      expectSamePairs(files.pairs, tokens.pairs);
    }),
    { numRuns: 20 },
  );
});

test('pruning gives the same model while training, with any threads and memory, as afterwards', async () => {
  const random = randomNumbers(4);
  const sentences = Array.from({ length: 16_000 }, () =>
    Array.from({ length: Math.floor(random() * 20) }, () => `w${Math.floor(2000 ** random())}`),
  );
  const options = { sentences, order: 4 };
  const { pairs, stages } = await trainAndRead({ ...options, prune: [0, 1, 1, 2] });
  expect(stages).toContain('prune');
  const memory = 64 << 20;
  expectSamePairs((await trainAndRead({ ...options, prune: [0, 1, 1, 2], threads: 2, memory })).pairs, pairs);
  const model = join(folder, 'unpruned');
  await train({ ...options, out: model, threads: 2 });
  for (const times of [1, 2]) {
    const out = join(folder, `pruned-${times}`);
    await prune({ model, out, prune: [0, 1, 1, 2] });
    expectSamePairs(await readPairs(out), pairs);
  }
});
