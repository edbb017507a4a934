import { optionError } from '../src/base/check.js';
import { KneserError } from '../src/base/errors.js';
import type { BuildText } from '../src/train/stages/workspace.js';
import { callerItems } from '../src/base/caller-items.js';
import { MarkRemover } from '../src/text/byte-order-mark.js';

/** A text to train on, one sentence a line: a string, a file (decompressed if it is gzip), or the pieces of the text in order. */
export type TrainText = string | Blob | AsyncIterable<string | Uint8Array>;

const GZIP = /\.gz$/i;

/** A text in the form that training reads. @param anyBytes whether to accept bytes that are not UTF-8 text. @param signal ends the waiting for pieces. */
export function textSource(text: TrainText, anyBytes: boolean, signal?: AbortSignal): BuildText {
  const name = text instanceof Blob && 'name' in text && typeof text.name === 'string' ? text.name : 'the text given';
  const bytes = text instanceof Blob ? text.size : typeof text === 'string' ? text.length : undefined;
  const read = async function* (onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    const mark = new MarkRemover();
    const bytes = piecesOf(text, name, onRead, anyBytes, signal);
    for await (const piece of anyBytes || typeof text === 'string' ? bytes : checked(name, bytes)) {
      const rest = mark.take(piece);
      if (rest.length > 0) yield rest;
    }
    if (mark.rest().length > 0) yield mark.rest();
  };
  return { sources: [{ name, bytes, isPlain: true, read }] };
}

const encoder = new TextEncoder();
/** How many UTF-16 code units of a string are encoded at once; one more if that keeps a surrogate pair together. */
const PIECE_UNITS = 1 << 18;

/** Yields the bytes of a text unchanged. @throws KNESER_INPUT_UNREADABLE for bytes that are not UTF-8 text. */
async function* checked(name: string, bytes: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const [{ recognized }, { TextCheck }] = await Promise.all([
    import('../src/text/formats/peek.js'),
    import('../src/text/formats/text-check.js'),
  ]);
  const textCheck = new TextCheck(name, { help });
  for await (const piece of recognized(name, bytes, [], { help })) {
    textCheck.add(piece);
    yield piece;
  }
}

/** What to do about bytes that are not UTF-8 text. @param kind the kind of file that they are. */
function help(kind?: string): string {
  return kind === 'gzip'
    ? 'pass it as a Blob or File, which is unpacked'
    : 'pass plain text in UTF-8, or anyBytes: true to read its bytes as text all the same';
}

/** The bytes of a text, piece by piece. @param onRead called with the size of each piece [bytes; of a string, UTF-16 code units]. */
async function* piecesOf(
  text: TrainText,
  name: string,
  onRead: (bytes: number) => void,
  anyBytes: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (text instanceof Blob) {
    yield* bytesOf(text, name, onRead, GZIP.test(name) || (!anyBytes && (await beginsLikeGzip(text))));
  } else if (typeof text === 'string') {
    for (let from = 0, to = 0; from < text.length; from = to) {
      to = Math.min(text.length, from + PIECE_UNITS);
      // Both halves of a surrogate pair stay in one piece.
      if (isHighSurrogate(text.charCodeAt(to - 1)) && to < text.length) to++;
      onRead(to - from);
      yield encoder.encode(text.slice(from, to));
    }
  } else {
    // The first half of a surrogate pair, which another piece may complete.
    let half = '';
    for await (const piece of callerItems(text, signal, 'training')) {
      checkPiece(piece);
      if (typeof piece !== 'string') {
        if (half !== '') yield encoder.encode(half);
        half = '';
        onRead(piece.length);
        yield piece;
        continue;
      }
      const string = half + piece;
      const isCut = isHighSurrogate(string.charCodeAt(string.length - 1));
      half = isCut ? string.slice(-1) : '';
      const bytes = encoder.encode(isCut ? string.slice(0, -1) : string);
      onRead(bytes.length);
      yield bytes;
    }
    if (half !== '') yield encoder.encode(half);
  }
}

/** @throws KNESER_OPTION for a value that is no piece of a text. */
export function checkPiece(piece: unknown): void {
  // Not `instanceof`, because an array may come from another realm, such as an iframe.
  if (typeof piece === 'string' || Object.prototype.toString.call(piece) === '[object Uint8Array]') return;
  throw optionError('text', piece, 'a piece of a text, which is a string or a Uint8Array');
}

async function beginsLikeGzip(blob: Blob): Promise<boolean> {
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  return first === 0x1f && second === 0x8b;
}

/** The bytes of a file, decompressed if it is gzip. @param onRead called with the numbers of bytes that were read from the file. */
async function* bytesOf(
  blob: Blob,
  name: string,
  onRead: (bytes: number) => void,
  isGzip: boolean,
): AsyncGenerator<Uint8Array> {
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      onRead(chunk.length);
      controller.enqueue(chunk);
    },
  });
  const stream = blob.stream().pipeThrough(counted);
  const reader = (isGzip ? stream.pipeThrough(new DecompressionStream('gzip')) : stream).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw isGzip
      ? new KneserError('KNESER_INPUT_GZIP', `${name}: damaged or cut short gzip data (${reason})`, { cause: error })
      : new KneserError('KNESER_INPUT_UNREADABLE', `${name}: cannot be read: ${reason}`, { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}
