import { KneserError } from '../base/errors.js';
import { sharedMemory } from '../base/shared-memory.js';
import { BOS, EOS, NONE } from '../text/tokens.js';
import type { IdStream } from './id-stream.js';

/**
 * A piece of the training text as ids, laid out so that a word's history is what stands before it: each sentence is
 * order − 2 times `NONE`, then `<s>`, its words, and `</s>`.
 */
export interface Chunk {
  /** Shared between threads, and by all chunks of a text: overwritten when the next one is asked for. */
  readonly ids: Uint32Array;
  /** The words to be predicted begin here; before are only the history of a sentence that began in an earlier chunk. */
  readonly begin: number;
  readonly end: number;
}

/** How many numbers a text needs when laid out for an order. */
export function layoutLength(tokens: number, sentences: number, order: number): number {
  return tokens + sentences * (2 + Math.max(0, order - 2));
}

/** Counts, and sums of counts, have 32 bits everywhere. */
const MOST_POSITIONS = 2 ** 32 - 1;

/**
 * Refuses a text in which a count, or a sum of counts, could have more than 32 bits.
 *
 * @throws KNESER_LIMIT
 */
export function checkTokens(tokens: number, sentences: number, order: number): void {
  if (layoutLength(tokens, sentences, order) <= MOST_POSITIONS) return;
  throw new KneserError(
    'KNESER_LIMIT',
    'the text has more than about 4,000,000,000 tokens (each sentence counts for a few more): more than can be counted; train on a part',
  );
}

/**
 * Lays the text out in chunks of at most `limit` numbers. A sentence that does not fit goes on in the next chunk.
 *
 * @param toId what the numbers of the stream become.
 * @param total `layoutLength` of the text.
 * @param consume whether the stream's memory may be freed on the way: it cannot be read again then.
 */
export function* layoutChunks(
  stream: IdStream,
  toId: Uint32Array,
  order: number,
  total: number,
  limit: number,
  consume: boolean,
): Generator<Chunk> {
  const history = Math.max(1, order - 1);
  const beginning = new Uint32Array(history).fill(NONE);
  beginning[history - 1] = BOS;
  const single = total <= limit;
  const length = history + Math.max(single ? total : limit, 4 * history);
  const ids = new Uint32Array(sharedMemory(4 * length));
  let at = 0;
  let begin = 0;
  let atBeginning = true;
  for (const piece of stream.pieces(consume)) {
    for (let i = 0; i < piece.length; i++) {
      if (at + history + 1 > length) {
        yield { ids, begin, end: at };
        ids.copyWithin(0, at - history, at);
        begin = at = history;
      }
      if (atBeginning) {
        for (let j = 0; j < history; j++) ids[at++] = beginning[j];
        atBeginning = false;
      }
      const word = piece[i];
      ids[at++] = toId[word];
      if (word === EOS) atBeginning = true;
    }
  }
  if (at > begin) yield { ids, begin, end: at };
}
