import fc from 'fast-check';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planSorts } from '#kneser/src/count/adjust.js';
import { Counter, type CountPlan } from '#kneser/src/count/counter.js';
import type { Weights } from '#kneser/src/count/ngram-source.js';
import { scratchFiles } from '#kneser/src/count/scratch-files.js';
import type { EncodedBlock } from '#kneser/src/tables/table-writer.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('counter');
const ORDER = 3;
const TYPES = 8;
const SORTS = planSorts([[], [1], [1, 2], [2]], ORDER);

/** A trigram, the farthest word first, and how often it is seen or taken away. */
type Window = readonly [far: number, near: number, word: number, times: number];

const id = fc.integer({ min: 3, max: TYPES - 1 });
const windowOf = (times: fc.Arbitrary<number>): fc.Arbitrary<Window> =>
  fc.tuple(fc.oneof(id, fc.constantFrom(0, 2)), id, id, times);

/** Lays windows out: the numbers, and the positions of the predicted words. */
function laidOut(windows: readonly Window[]): { ids: Uint32Array; positions: Uint32Array } {
  return { ids: Uint32Array.from(windows.flat()), positions: Uint32Array.from(windows, (_, i) => 4 * i + 2) };
}

/** Counts windows by all sorts: at once, or by way of runs on the disk of some windows each. */
function count(
  weights: Weights,
  windows: readonly Window[],
  spill?: number,
): { blocks: string[]; unigrams: number[]; negative: number } {
  const blocks: EncodedBlock[] = [];
  const plan: CountPlan = {
    stream: 'words',
    order: ORDER,
    sorts: SORTS,
    weights,
    types: TYPES,
    temporary: join(folder, 'runs'),
    mergeMemory: 4096,
  };
  const counter = new Counter(plan, scratchFiles, block => blocks.push(block as EncodedBlock));
  let negative = 0;
  SORTS.forEach((_, sort) => {
    if (spill === undefined) {
      negative += counter.run({ kind: 'count', sort, ...laidOut(windows) }).negative ?? 0;
      return;
    }
    const segments = [];
    for (let from = 0; from < windows.length; from += spill) {
      const { segment } = counter.run({ kind: 'spill', sort, ...laidOut(windows.slice(from, from + spill)) });
      if (segment) segments.push(segment);
    }
    negative += counter.run({ kind: 'merge', sort, segments }).negative ?? 0;
  });
  counter.close();
  const text = blocks.map(
    ({ table, first, value }) => `${table} ${first.join()} ${Buffer.from(value).toString('hex')}`,
  );
  return { blocks: text, unigrams: [...counter.unigrams], negative };
}

/** The windows one by one, each as often as it is seen. */
function repeated(windows: readonly Window[]): Window[] {
  return windows.flatMap(([far, near, word, times]) =>
    Array.from({ length: times }, (): Window => [far, near, word, 1]),
  );
}

test('an n-gram with count c is counted as c n-grams, in memory and on the disk', () =>
  fc.assert(
    fc.property(
      fc.array(windowOf(fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      (windows, spill) => {
        const expected = count('one', repeated(windows));
        expect(count('counts', windows)).toEqual(expected);
        expect(count('counts', windows, spill)).toEqual(expected);
      },
    ),
    { numRuns: 50 },
  ));

test('after subtraction the counts are those of the remaining n-grams, in memory and on the disk', () =>
  fc.assert(
    fc.property(
      fc.array(windowOf(fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 25 }),
      fc.array(windowOf(fc.integer({ min: 1, max: 3 })), { maxLength: 25 }),
      fc.integer({ min: 1, max: 20 }),
      (stay, go, spill) => {
        const expected = { ...count('counts', stay), negative: 0 };
        const windows = [...stay, ...go, ...go.map(([far, near, word, times]): Window => [far, near, word, -times])];
        expect(count('differences', windows)).toEqual(expected);
        expect(count('differences', windows, spill)).toEqual(expected);
      },
    ),
    { numRuns: 50 },
  ));

test('n-grams that would get a negative count are reported and left out', () => {
  const there: Window[] = [
    [3, 4, 5, 2],
    [4, 4, 4, 1],
  ];
  for (const spill of [undefined, 1]) {
    const { negative, ...counted } = count('differences', [...there, [3, 4, 5, -3], [6, 6, 6, -1]], spill);
    // By both sorts: the contiguous one, and that of 1_1.
    expect(negative).toBe(4);
    expect(counted).toMatchObject({ blocks: count('counts', [there[1]]).blocks });
  }
});
