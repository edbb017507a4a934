import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchFiles } from '#kneser/src/count/scratch-files.js';
import { mergeRuns, RunWriter, type RunSegment } from '#kneser/src/count/runs.js';
import { PositionSorter, type TupleSink } from '#kneser/src/count/sort.js';
import { expectToBe } from '../support/expect-to-be.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('sort');

/** A sink that keeps each tuple as often as it was seen. */
function collect(width: number): { tuples: number[][]; sink: TupleSink } {
  const tuples: number[][] = [];
  const sink: TupleSink = (columns, order, length, weight) => {
    expectToBe(columns.length, width);
    for (let i = 0; i < length; i++) {
      const tuple = columns.map(column => column[order[i]]);
      for (let k = 0; k < weight; k++) tuples.push(tuple);
    }
  };
  return { tuples, sink };
}

function compareTuples(a: readonly number[], b: readonly number[]): number {
  for (let j = 0; j < a.length; j++) if (a[j] !== b[j]) return a[j] - b[j];
  return 0;
}

/** The first place where two lists of tuples differ, or −1: `toEqual` takes seconds for lists as long as these. */
function firstDifference(a: readonly number[][], b: readonly number[][]): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  return a.findIndex((tuple, i) => compareTuples(tuple, b[i]) !== 0);
}

/** Sorts all positions of each text with one sorter, and compares their tuples with those of Array.sort. */
function expectSorted(distances: readonly number[], ...texts: Uint32Array[]): void {
  const reach = Math.max(...distances);
  const { tuples, sink } = collect(distances.length);
  const sorter = new PositionSorter(distances, sink);
  for (const ids of texts) {
    tuples.length = 0;
    const positions = Uint32Array.from({ length: Math.max(0, ids.length - reach) }, (_, i) => reach + i);
    const expected = Array.from(positions, at => distances.map(distance => ids[at - distance])).sort(compareTuples);
    sorter.sort(ids, positions);
    expect(firstDifference(tuples, expected)).toBe(-1);
    // Sorting only reorders the positions.
    expect(positions.sort().every((at, i) => at === reach + i)).toBe(true);
  }
}

/** Pieces of more positions than this are split before they are sorted. */
const LEAF = 8192;
const DISTANCES = [[0], [1, 0], [1, 2, 0], [2, 0, 1, 3]];

/** Distributions of ids: each maps a random number from 0 to 1 to an id. */
const DISTRIBUTIONS: [string, (random: number) => number][] = [
  ['all equal', () => 7],
  ['two values', random => (random < 0.99 ? 1 : 2)],
  ['a few small values', random => Math.floor(20 * random)],
  ['Zipf’s law, as words have it', random => Math.floor(50_000 ** random)],
  ['one frequent word among many rare ones', random => (random < 0.6 ? 4 : Math.floor(1e6 * random))],
  ['evenly up to the largest number', random => Math.floor(2 ** 32 * random)],
  // The largest id is so far away that 1024 and 1025 share a bucket of the first split.
  [
    'two words with neighbouring numbers, and a very rare one',
    random => [0, 1024, 1025][Math.floor(3.001 * random)] ?? 4e9,
  ],
  ['large values close together', random => 2 ** 32 - 1 - Math.floor(3000 * random)],
];

describe('positions are sorted as Array.sort sorts their tuples', () => {
  test.each(DISTRIBUTIONS)('%s', (_, idOf) => {
    const random = randomNumbers(4);
    for (const distances of DISTANCES) {
      const texts = [40_000, LEAF + 3, LEAF, 100, 4, 0].map(length =>
        Uint32Array.from({ length: length + 3 }, () => idOf(random())),
      );
      expectSorted(distances, ...texts);
    }
  });

  test('a text that repeats itself', () => {
    const period = [5, 9, 2000, 5, 9, 3_000_000];
    expectSorted(
      [1, 2, 0],
      Uint32Array.from({ length: 30_000 }, (_, i) => period[i % period.length]),
    );
    expectSorted(
      [3, 2, 1, 0],
      Uint32Array.from({ length: 30_000 }, (_, i) => (i < 29_000 ? 1 : i)),
    );
  });

  test('already sorted, and the reverse', () => {
    expectSorted(
      [1, 0],
      Uint32Array.from({ length: 20_000 }, (_, i) => 3 * i),
    );
    expectSorted(
      [1, 0],
      Uint32Array.from({ length: 20_000 }, (_, i) => 4_000_000_000 - 70_000 * i),
    );
  });

  test('any short text', () =>
    fc.assert(
      fc.property(fc.constantFrom(...DISTANCES), fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 })), (distances, ids) =>
        expectSorted(distances, Uint32Array.from(ids)),
      ),
    ));

  test('some of the positions only', () => {
    const random = randomNumbers(5);
    const ids = Uint32Array.from({ length: 60_000 }, () => Math.floor(1000 ** random()));
    const chosen = Uint32Array.from({ length: ids.length }, (_, at) => at).filter(at => at >= 2 && random() < 0.5);
    const { tuples, sink } = collect(3);
    new PositionSorter([1, 2, 0], sink).sort(ids, chosen.slice());
    const expected = Array.from(chosen, at => [ids[at - 1], ids[at - 2], ids[at]]).sort(compareTuples);
    expect(firstDifference(tuples, expected)).toBe(-1);
  });
});

describe('sorted runs', () => {
  /** Writes each list of tuples as a sorted run of one file, and merges them. */
  function merged(runs: readonly number[][][], width: number, memory: number, pieces = 3): number[][] {
    const path = join(folder, 'runs');
    const file = scratchFiles.create(path);
    try {
      const segments: RunSegment[] = [];
      let offset = 0;
      for (const run of runs) {
        const writer = new RunWriter(file, path, offset, width);
        const sorted = run.toSorted(compareTuples);
        // The sorter hands tuples over in pieces, from any place of the columns.
        for (let from = 0; from < sorted.length; from += pieces) {
          const some = sorted.slice(from, from + pieces);
          const columns = Array.from({ length: width }, (_, j) =>
            Uint32Array.from(some.toReversed(), tuple => tuple[j]),
          );
          writer.add(
            columns,
            Uint32Array.from(some, (_, i) => some.length - 1 - i),
            some.length,
            1,
          );
        }
        const segment = writer.end();
        expect(segment).toMatchObject({ path, offset });
        offset += segment.length;
        segments.push(segment);
      }
      expect(readFileSync(path).length).toBe(offset);
      const { tuples, sink } = collect(width);
      mergeRuns(segments, width, () => file, new Uint8Array(memory), sink);
      return tuples;
    } finally {
      file.close();
    }
  }

  test('are merged into all of their tuples, sorted', () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    // The last column is a word: never 0.
    const tuple = fc
      .tuple(
        value,
        value,
        value.map(word => word || 1),
      )
      .map(([...columns]) => columns);
    fc.assert(
      fc.property(
        fc.array(fc.array(tuple, { maxLength: 30 }), { maxLength: 8 }),
        fc.constantFrom(0, 1000),
        (runs, memory) => {
          expect(merged(runs, 3, memory)).toEqual(runs.flat().sort(compareTuples));
        },
      ),
    );
  });

  test('much larger than their buffers', () => {
    const random = randomNumbers(6);
    const tuple = (): number[] => [0, 1, 2, 3].map(() => 1 + Math.floor(1e9 ** random()));
    // The first run is also longer than the buffer of a writer.
    const runs = [50_000, 3000, 0, 1].map(length => Array.from({ length }, tuple));
    const expected = runs.flat().sort(compareTuples);
    for (const memory of [0, 50_000]) expect(firstDifference(merged(runs, 4, memory, 1000), expected)).toBe(-1);
  });

  test('give the sum of the weights of equal tuples, for each run', () => {
    const path = join(folder, 'weights');
    const file = scratchFiles.create(path);
    const segments = [3_000_000_000, 5].map((weight, i) => {
      const writer = new RunWriter(file, path, i * 100, 1);
      for (let times = 0; times <= i; times++) writer.add([Uint32Array.of(9)], Uint32Array.of(0), 1, weight);
      return writer.end();
    });
    const seen: number[] = [];
    mergeRuns(
      segments,
      1,
      () => file,
      new Uint8Array(1000),
      (columns, _, length, weight) => seen.push(columns[0][0], length, weight),
    );
    file.close();
    expect(seen.sort((a, b) => a - b)).toEqual([1, 1, 9, 9, 10, 3_000_000_000]);
  });
});
