import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SortedHistories } from '#kneser/src/model/lookup/sorted-histories.js';
import { BatchLayout, type Batch } from '#kneser/src/smoothing/batch.js';
import { EOS } from '#kneser/src/text/tokens.js';

const ORDER = 4;
/** Ids of few bits, of many, and the end of a sentence: histories are equal, and shorter than the longest, often. */
const id = fc.oneof(fc.constant(EOS), fc.integer({ min: 4, max: 9 }), fc.integer({ min: 4, max: 2 ** 20 }));

function batchOf(ids: readonly number[]): Batch {
  const layout = new BatchLayout(ORDER, ids.length);
  layout.fill(Uint32Array.from(ids), 0);
  return layout.batch;
}

/** The history of a word, nearest first. */
const historyOf = ({ ids, targets }: Batch, word: number): number[] =>
  Array.from({ length: ORDER - 1 }, (_, d) => ids[targets[word] - d - 1]);

function compare(a: readonly number[], b: readonly number[]): number {
  const d = a.findIndex((number, i) => number !== b[i]);
  return d < 0 ? 0 : a[d] - b[d];
}

function checkSorted(sorted: SortedHistories, batch: Batch): void {
  sorted.sort(batch);
  const words = [...sorted.words.subarray(0, batch.length)];
  const expected = words
    .toSorted((a, b) => a - b)
    .sort((a, b) => compare(historyOf(batch, a), historyOf(batch, b)) || a - b);
  expect(words).toEqual(expected);
  expect(sorted.length).toBe(batch.length);
  const histories = words.map(word => historyOf(batch, word));
  histories.forEach((history, place) => {
    expect(sorted.columns.map(column => column[place])).toEqual(history);
    const before = histories[place - 1] as number[] | undefined;
    const differs = before ? history.findIndex((word, d) => word !== before[d]) : 0;
    expect(sorted.shared[place]).toBe(differs < 0 ? ORDER - 1 : differs);
  });
}

test('words are sorted by their histories, however many they are', () => {
  const sorted = new SortedHistories(ORDER - 1);
  const lengths = fc.oneof(
    fc.array(id, { minLength: 1, maxLength: 40 }),
    fc.array(id, { minLength: 41, maxLength: 300 }),
  );
  fc.assert(fc.property(lengths, ids => checkSorted(sorted, batchOf(ids))));
});

test('a batch without words, and an order without histories, are sorted too', () => {
  const sorted = new SortedHistories(ORDER - 1);
  sorted.sort(batchOf([5, 6]));
  sorted.sort({ ...batchOf([5, 6]), length: 0 });
  expect(sorted.length).toBe(0);
  const none = new SortedHistories(0);
  const layout = new BatchLayout(1, 3);
  layout.fill(Uint32Array.of(7, 6, 5), 0);
  none.sort(layout.batch);
  expect([...none.words]).toEqual([0, 1, 2]);
});
