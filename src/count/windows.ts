import { sharedMemory } from '../base/shared-memory.js';
import type { Block } from '../tables/block.js';
import { NONE } from '../text/tokens.js';
import type { IdStream } from './id-stream.js';
import type { Chunk, NgramSource } from './ngram-source.js';

/** How many 32-bit numbers an n-gram and its count take: see {@link Windows}. */
export function windowStep(order: number): number {
  return order + 1;
}

/**
 * Lays n-grams with counts out in a chunk. In a model of order 4 each n-gram takes five numbers: four ids, with `NONE` before `<s>`, and
 * the count:
 *
 *     NONE <s> the cat 3
 *
 * - Input: n-grams, as rows of a table (`addRows`) or as word indices (`addIndices`).
 * - Output: the chunk, when it is full or the last n-gram was added (`take`).
 */
export class Windows {
  private readonly ids: Uint32Array;
  /** Numbers of the chunk so far. */
  private at = 0;
  private readonly step: number;

  /** @param most the most n-grams of a chunk. */
  constructor(
    private readonly order: number,
    most: number,
  ) {
    this.step = windowStep(order);
    this.ids = new Uint32Array(sharedMemory(4 * this.step * most));
  }

  get isEmpty(): boolean {
    return this.at === 0;
  }

  /**
   * Adds rows of a table of the highest order, as long as there is room.
   *
   * @param toId by word id of the rows, the new id.
   * @param times the whole number by which counts are multiplied; below 0 for counts that are subtracted.
   * @param first index of the first row to add, within the block.
   * @returns index of the row after the last row that was added.
   */
  addRows(
    { contexts, contextCount, starts, words, counts }: Block,
    toId: Uint32Array,
    times: number,
    first: number,
  ): number {
    const { ids, order, step } = this;
    const end = Math.min(starts[contextCount], first + (ids.length - this.at) / step);
    let context = 0;
    while (starts[context + 1] <= first) context++;
    let at = this.at;
    for (let row = first; row < end; row++) {
      if (row === starts[context + 1]) context++;
      for (let distance = order - 1; distance > 0; distance--) ids[at++] = toId[contexts[distance - 1][context]];
      ids[at++] = toId[words[row]];
      ids[at++] = counts[row] * times;
    }
    this.at = at;
    return end;
  }

  /**
   * Adds n-grams that are already laid out, as word indices with counts, as long as there is room.
   *
   * @param numbers the numbers from `from` on are added; an n-gram may begin in an earlier call and end in a later call.
   * @param toId by word index, the id of the word.
   * @returns where in `numbers` the first number is that was not added; the length of `numbers` if all were added.
   */
  addIndices(numbers: Uint32Array, from: number, toId: Uint32Array): number {
    const { ids, order, step } = this;
    const end = Math.min(numbers.length, from + ids.length - this.at);
    let at = this.at;
    // Where the next number belongs in its n-gram: words first, the count last.
    let column = at % step;
    for (let i = from; i < end; i++) {
      const number = numbers[i];
      ids[at++] = column < order && number !== NONE ? toId[number] : number;
      if (++column === step) column = 0;
    }
    this.at = at;
    return end;
  }

  /** The n-grams so far. N-grams that are added later overwrite them. */
  take(): Chunk {
    const { ids, order, step } = this;
    const end = this.at;
    this.at = 0;
    return { ids, begin: order - 1, end, step };
  }
}

/**
 * Stores an n-gram of up to `order` words as the numbers that {@link Windows.addIndices} takes.
 *
 * @param words the n-gram is `words[from, to)`, as word indices, the oldest word first; of a longer n-gram the last `order` words are stored.
 */
export function pushWindow(
  stream: IdStream,
  order: number,
  words: ArrayLike<number>,
  from: number,
  to: number,
  count: number,
): void {
  for (let at = to - order; at < to; at++) stream.push(at >= from ? words[at] : NONE);
  stream.push(count);
}

/** Yields full chunks of the stored n-grams; the n-grams after the last full chunk stay in `windows`. */
export function* layoutWindows(
  stream: IdStream,
  toId: Uint32Array,
  windows: Windows,
  consume: boolean,
): Generator<Chunk> {
  for (const piece of stream.pieces(consume)) {
    for (let from = 0; ;) {
      from = windows.addIndices(piece, from, toId);
      if (from === piece.length) break;
      yield windows.take();
    }
  }
}

/** A source of n-grams that {@link pushWindow} stored in `stream`. @param onNegative as in {@link NgramSource}. */
export function storedNgrams(
  stream: IdStream,
  order: number,
  weights: 'counts' | 'differences',
  onNegative: (ngrams: number) => void,
): NgramSource {
  const step = windowStep(order);
  return {
    length: stream.length,
    step,
    weights,
    *chunks(toId, limit, consume) {
      const windows = new Windows(order, Math.floor(Math.min(stream.length, limit) / step));
      yield* layoutWindows(stream, toId, windows, consume);
      if (!windows.isEmpty) yield windows.take();
    },
    onNegative,
    close: () => stream.close(),
  };
}
