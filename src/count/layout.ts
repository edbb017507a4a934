import { KneserError } from '../base/errors.js';
import { sharedMemory } from '../base/shared-memory.js';
import { BOS, EOS, NONE } from '../text/tokens.js';
import type { IdStream } from './id-stream.js';
import type { Chunk, NgramSource } from './ngram-source.js';

/** The text of a training as n-grams: each token is an n-gram with the tokens before it. @param length {@link layoutLength} of the text. */
export function textNgrams(ids: IdStream, order: number, length: number): NgramSource {
  return {
    length,
    step: 1,
    weights: 'one',
    chunks: (toId, limit, consume) => layoutChunks(ids, toId, order, length, limit, consume),
    close: () => ids.close(),
  };
}

/** The number of ids of a text that is laid out for an order. */
export function layoutLength(tokens: number, sentences: number, order: number): number {
  return tokens + sentences * (2 + Math.max(0, order - 2));
}

/** Counts and their sums have 32 bits everywhere, so this is the most positions of a text. */
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
    'the text has more than about 4,000,000,000 tokens (each sentence counts for a few more), the most that 32-bit counts allow; train on a part of it',
  );
}

/**
 * Lays a text out in chunks of at most `limit` numbers. The history of a word is the order − 1 numbers before it. For order 4 a
 * sentence is
 *
 *     NONE NONE <s> the cat sat </s>
 *
 * A sentence that does not fit continues in the next chunk.
 *
 * - Input: the word numbers of a text, each sentence ended by `EOS`.
 * - Output: chunks of ids, with their histories before them.
 * - Order: as in the text.
 *
 * @param toId the id of each number of the stream.
 * @param total `layoutLength` of the text.
 * @param consume whether the stream's memory is freed on the way, so that it cannot be read again.
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
        yield { ids, begin, end: at, step: 1 };
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
  if (at > begin) yield { ids, begin, end: at, step: 1 };
}
