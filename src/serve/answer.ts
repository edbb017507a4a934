import { nextTurn } from '../base/turn.js';

/** The forms of answers: an object of JSON, or a text that is streamed as it is made. */

/** An answer that is streamed. */
export interface Streamed {
  readonly type: string;
  readonly pieces: AsyncIterable<string, void>;
}

/** A piece of a streamed answer has about this many UTF-16 units. */
const PIECE_UNITS = 1 << 16;
/** Arrays of more entries are written in parts of this many. */
const PART_ENTRIES = 4096;

const encoder = new TextEncoder();

/** JSON of a value in pieces, so that neither all of it is in memory at once nor other requests wait. Input: an object of objects and arrays. */
export function* jsonPieces(value: unknown): Generator<string, void, void> {
  let pending = '';
  for (const part of partsOf(value)) {
    pending += part;
    if (pending.length < PIECE_UNITS) continue;
    yield pending;
    pending = '';
  }
  if (pending !== '') yield pending;
}

function* partsOf(value: unknown): Generator<string, void, void> {
  if (ArrayBuffer.isView(value)) {
    yield* partsOf(Array.from(value as unknown as ArrayLike<number>));
  } else if (Array.isArray(value)) {
    yield '[';
    if (typeof value[0] === 'object' && value[0] !== null) {
      for (let i = 0; i < value.length; i++) {
        if (i > 0) yield ',';
        yield* partsOf(value[i]);
      }
    } else {
      for (let from = 0; from < value.length; from += PART_ENTRIES) {
        if (from > 0) yield ',';
        yield JSON.stringify(value.slice(from, from + PART_ENTRIES)).slice(1, -1);
      }
    }
    yield ']';
  } else if (typeof value === 'object' && value !== null) {
    yield '{';
    let separator = '';
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${separator}${JSON.stringify(name)}:`;
      separator = ',';
      yield* partsOf(member);
    }
    yield '}';
  } else {
    yield JSON.stringify(value);
  }
}

/** The body of a streamed answer. */
export function streamOf(pieces: AsyncIterable<string, void> | Iterable<string, void>): ReadableStream<Uint8Array> {
  const iterator: AsyncIterator<string, void> | Iterator<string, void> =
    Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (done) {
          controller.close();
        } else {
          controller.enqueue(encoder.encode(value));
          // A reader that is quick would otherwise get the whole answer before other requests have their turn.
          await nextTurn();
        }
      } catch (error) {
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return?.(undefined);
    },
  });
}
