import fc from 'fast-check';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { layoutChunks, layoutLength } from '../dist/src/count/corpus.js';
import { IdStream } from '../dist/src/count/id-stream.js';
import { scratchFiles } from '../dist/src/count/scratch-files.js';
import { prune, train, type Stage, type TrainOptions } from '../dist/src/index.js';
import { BOS, EOS, FIRST_WORD, NONE } from '../dist/src/text/tokens.js';
import { expectSamePairs, readPairs, type Pairs } from './pairs.js';
import { randomNumbers, temporaryFolder, type WithoutOut } from './support.js';

const folder = temporaryFolder('determinism');
let models = 0;

/** Trains, and reads back everything that the store holds. */
async function trainAndRead(options: WithoutOut<TrainOptions>): Promise<{ pairs: Pairs; stages: Set<Stage> }> {
  const out = join(folder, `model-${models++}`);
  const stages = new Set<Stage>();
  await train({ ...options, out, onProgress: ({ stage }) => stages.add(stage) });
  return { pairs: await readPairs(out), stages };
}

describe('the same text gives the same keys and values', () => {
  const order = 5;
  const memory = 64 << 20;
  const path = join(folder, 'zipf.txt');
  let lines: string[];
  let reference: Pairs;

  beforeAll(async () => {
    const random = randomNumbers(3);
    // Words by rank, seen about in proportion to 1/rank, and phrases that repeat.
    const word = (): string => `w${Math.floor(40_000 ** random()).toString(36)}`;
    const sentence = (length: number): string => Array.from({ length }, word).join(' ');
    const phrases = Array.from({ length: 500 }, () => sentence(5));
    lines = Array.from({ length: 165_000 }, () =>
      random() < 0.3 ? phrases[Math.floor(random() * phrases.length)] : sentence(Math.floor(random() * 20)),
    );
    lines.splice(100_000, 0, sentence(50_000));
    writeFileSync(path, lines.join('\n') + '\n');
    reference = (await trainAndRead({ files: [path], order, threads: 1 })).pairs;
  });

  test('all of it is in the store: the manifest, the dictionary, and every table', () => {
    const kinds = new Set(reference.map(([key]) => /^(\w+(\/[1_]+)?)/.exec(Buffer.from(key).toString('latin1'))?.[1]));
    expect([...kinds].sort()).toEqual([
      'dictionary',
      'directory',
      ...[1, 2, 3, 4, 5].map(n => `directory/${'1'.repeat(n)}`),
      'manifest',
      ...[1, 2, 3, 4, 5].map(n => `table/${'1'.repeat(n)}`),
    ]);
  });

  test.each([2, 3])('with %i threads', async threads => {
    const { pairs, stages } = await trainAndRead({ files: [path], order, threads });
    expect(stages).not.toContain('sort');
    expectSamePairs(pairs, reference);
  });

  test.each([1, 3])('in so little memory that sorted runs go to the disk, with %i threads', async threads => {
    const tokens = lines.reduce((sum, line) => sum + (line === '' ? 0 : line.split(' ').length), 0);
    // train.ts: 20 bytes a number of the laid-out text, in 60 % of the memory.
    expect(layoutLength(tokens, lines.length, order)).toBeGreaterThan((0.6 * memory) / 20);
    const { pairs, stages } = await trainAndRead({ files: [path], order, threads, memory });
    expect(stages).toContain('sort');
    expectSamePairs(pairs, reference);
  });

  test('in several files, one of them compressed', async () => {
    const cuts = [0, 1, 50_000, 100_001, 130_000, lines.length];
    const files = cuts.slice(1).map((end, i) => {
      const text = lines.slice(cuts[i], end).join('\n') + (lines[end - 1] === '' || i % 2 === 0 ? '\n' : '');
      const part = join(folder, i === 2 ? `part-${i}.gz` : `part-${i}`);
      writeFileSync(part, i === 2 ? gzipSync(text) : text);
      return part;
    });
    expectSamePairs((await trainAndRead({ files, order })).pairs, reference);
  });

  test('as sentences, of text or of tokens, in any order', async () => {
    function* sentences(): Generator<string | string[]> {
      for (let i = lines.length - 1; i >= 0; i--) yield i % 2 === 0 ? lines[i] : lines[i].split(' ').filter(Boolean);
    }
    expectSamePairs((await trainAndRead({ sentences: sentences(), order })).pairs, reference);
  });
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

test('a text is pruned the same while training, with any threads and memory, and afterwards', async () => {
  const random = randomNumbers(4);
  const sentences = Array.from({ length: 20_000 }, () =>
    Array.from({ length: Math.floor(random() * 20) }, () => `w${Math.floor(5000 ** random())}`),
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

describe('the stages that depend on memory', () => {
  test('an id stream gives back what it was given, from memory or from the disk', () => {
    const length = 5 * (1 << 18) + 17;
    for (const memory of [0, 1 << 20, 3 << 20, 1 << 30]) {
      const stream = new IdStream(join(folder, `ids-${memory}`), memory, scratchFiles);
      for (let i = 0; i < length; i++) stream.push((i * 7) % 1000);
      for (const consume of [false, false, true]) {
        let at = 0;
        let wrong = 0;
        for (const piece of stream.pieces(consume)) for (const id of piece) if (id !== (at++ * 7) % 1000) wrong++;
        expect([at, wrong]).toEqual([length, 0]);
      }
      stream.close();
    }
    expect(readdirSync(folder).filter(name => name.startsWith('ids-')).length).toBe(3);
  });

  test('a text in chunks has every word once, with its whole history', () => {
    const sentences = fc.array(fc.array(fc.integer({ min: FIRST_WORD, max: 9 }), { maxLength: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        sentences,
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 120 }),
        fc.boolean(),
        (text, order, limit, consume) => {
          const stream = new IdStream(join(folder, 'never'), 1 << 30);
          for (const words of text) for (const id of [...words, EOS]) stream.push(id);
          const reach = order - 1;
          const padding = [...Array.from({ length: reach - 1 }, () => NONE), BOS];
          const expected = text.flatMap(words => {
            const laidOut = [...padding, ...words, EOS];
            return laidOut.slice(reach).map((_, i) => laidOut.slice(i, i + order));
          });
          const total = layoutLength(text.flat().length, text.length, order);
          const identity = Uint32Array.from({ length: 10 }, (_, i) => i);
          const found: number[][] = [];
          for (const { ids, begin, end } of layoutChunks(stream, identity, order, total, limit, consume)) {
            expect(end - begin).toBeLessThanOrEqual(Math.max(limit, 4 * reach) + reach);
            for (let at = begin; at < end; at++) {
              if (ids[at] !== BOS && ids[at] !== NONE) found.push([...ids.subarray(at - reach, at + 1)]);
            }
          }
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
