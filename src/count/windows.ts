import { sharedMemory } from '../base/shared-memory.js';
import type { Block } from '../tables/block.js';
import { NONE } from '../text/tokens.js';
import type { IdStream } from './id-stream.js';
import type { Chunk, NgramSource } from './ngram-source.js';

/** How many numbers an n-gram with its count takes: see {@link Windows}. */
export function windowStep(order: number): number {
  return order + 1;
}

/**
 * Lays n-grams with counts out in a chunk. An n-gram of order 4 takes five numbers, `NONE` before `<s>`:
 *
 *     NONE <s> the cat 3
 *
 * - Input: n-grams, as rows of a table (`addRows`) or word numbers (`addNumbers`).
 * - Output: the chunk, when it is full or the last n-gram was added (`take`).
 */
export class Windows {
  private readonly ids: Uint32Array;
  private at = 0;
  private readonly step: number;

  /** @param most n-grams of a chunk, at most. */
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
   * @param map the id of each word of the rows.
   * @param times what the counts are multiplied by; less than 0 for counts that are taken away.
   * @param first the first row.
   * @returns the row after the last one added.
   */
  addRows(
    { contexts, contextCount, starts, words, counts }: Block,
    map: Uint32Array,
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
      for (let distance = order - 1; distance > 0; distance--) ids[at++] = map[contexts[distance - 1][context]];
      ids[at++] = map[words[row]];
      ids[at++] = counts[row] * times;
    }
    this.at = at;
    return end;
  }

  /**
   * Adds n-grams that are laid out as word numbers already, as long as there is room.
   *
   * @param numbers their numbers from `from` on; an n-gram may begin in an earlier call and end in a later one.
   * @param toId the id of each word number.
   * @returns the index of the first number that was not added; the length of `numbers` if all were.
   */
  addNumbers(numbers: Uint32Array, from: number, toId: Uint32Array): number {
    const { ids, order, step } = this;
    const end = Math.min(numbers.length, from + ids.length - this.at);
    let at = this.at;
    let place = at % step;
    for (let i = from; i < end; i++) {
      const number = numbers[i];
      ids[at++] = place < order && number !== NONE ? toId[number] : number;
      if (++place === step) place = 0;
    }
    this.at = at;
    return end;
  }

  /** The n-grams so far. The next ones overwrite them. */
  take(): Chunk {
    const { ids, order, step } = this;
    const end = this.at;
    this.at = 0;
    return { ids, begin: order - 1, end, step };
  }
}

/**
 * Stores an n-gram of up to `order` words as numbers that {@link Windows.addNumbers} takes.
 *
 * @param words the n-gram is `words[from, to)`, the oldest word first; of a longer one its last `order` words are stored.
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

/** Gives chunks of the stored n-grams; the last ones are left in `windows`. */
export function* layoutWindows(
  stream: IdStream,
  toId: Uint32Array,
  windows: Windows,
  consume: boolean,
): Generator<Chunk> {
  for (const piece of stream.pieces(consume)) {
    for (let from = 0; ;) {
      from = windows.addNumbers(piece, from, toId);
      if (from === piece.length) break;
      yield windows.take();
    }
  }
}

/** A source of n-grams that are stored. @param onNegative as in {@link NgramSource}. */
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
