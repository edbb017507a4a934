import { KneserError } from '../base/errors.js';
import { sharedMemory } from '../base/shared-memory.js';
import { BOS, EOS, NONE } from '../text/tokens.js';
import type { IdStream } from './id-stream.js';
import type { Chunk, NgramSource } from './ngram-source.js';

/** Makes a text a source of n-grams: each token, with its history, is an n-gram. @param length {@link layoutLength} of the text. */
export function textNgrams(ids: IdStream, order: number, length: number): NgramSource {
  return {
    length,
    step: 1,
    weights: 'one',
    chunks: (toId, limit, consume) => layoutChunks(ids, toId, order, length, limit, consume),
    close: () => ids.close(),
  };
}

/** How many numbers a text takes when it is laid out for an order: each sentence has max(1, order − 1) numbers before it, and `</s>`. */
export function layoutLength(tokens: number, sentences: number, order: number): number {
  return tokens + sentences * (2 + Math.max(0, order - 2));
}

/** Counts and their sums have 32 bits everywhere, so that a text may have no more positions than this. */
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
    'the text has more than about 4,000,000,000 tokens (each sentence adds a few), the most that 32-bit counts allow; train on a part of the text',
  );
}

/**
 * Lays a text out in chunks of at most `limit` numbers. The history of a word is the order − 1 numbers before it. At order 4 a
 * sentence is laid out as
 *
 *     NONE NONE <s> the cat sat </s>
 *
 * A sentence that does not fit continues in the next chunk, which begins with a copy of the history.
 *
 * - Input: the word indices of a text, with `EOS` after each sentence.
 * - Output: chunks of ids, in the order of the text.
 *
 * @param toId by word index, the id of the word.
 * @param total `layoutLength` of the text.
 * @param limit the most numbers of a chunk, besides the history at its beginning.
 * @param consume whether the stream's memory is freed while it is read, so that it cannot be read again.
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
  const length = history + Math.max(Math.min(total, limit), 4 * history);
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
