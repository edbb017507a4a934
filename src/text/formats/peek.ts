import { concatenate } from '../../base/bytes.js';
import type { KneserError } from '../../base/errors.js';
import { HEAD_BYTES, helpFor, kindOf, type FileKind } from '../../base/file-kinds.js';
import { NEWLINE } from '../tokens.js';
import { refusal, refuseWide, type Advised } from './text-check.js';

/** The first bytes of a source, and all of its chunks. */
export interface Peeked {
  /**
   * At least {@link HEAD_BYTES} bytes, or fewer that hold a line feed or are the whole source: a program that writes a short line
   * to a pipe may wait for its answer before it writes more.
   */
  readonly head: Uint8Array;
  /** The whole source, from its first byte on. */
  readonly chunks: AsyncGenerator<Uint8Array>;
}

/** Reads the first bytes of a source. The caller must end the source (`return`). */
export async function peek(source: AsyncGenerator<Uint8Array>): Promise<Peeked> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < HEAD_BYTES && !head.includes(NEWLINE)) {
    const next = await source.next();
    if (next.done) break;
    // A copy if a second chunk must be read, because the source may fill the same buffer again.
    head = head.length === 0 && next.value.length >= HEAD_BYTES ? next.value : concatenate([head, next.value]);
  }
  const first = head;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    if (first.length > 0) yield first;
    yield* source;
  };
  return { head, chunks: chunks() };
}

/**
 * The chunks of a text, after a check that its first bytes are not those of another kind of file.
 *
 * @param name the name of the text in messages.
 * @param expected names of the kinds of files ({@link kindOf}) that the caller accepts beside text.
 * @throws KNESER_INPUT_UNREADABLE for UTF-16, UTF-32 and files of other kinds.
 */
export async function* recognized(
  name: string,
  source: AsyncGenerator<Uint8Array>,
  expected: readonly string[],
  options: Advised = {},
): AsyncGenerator<Uint8Array> {
  try {
    const { head, chunks } = await peek(source);
    const kind = kindOf(head);
    if (kind && !expected.includes(kind.name)) throw refusalOf(kind, name, options);
    refuseWide(name, head, options);
    yield* chunks;
  } finally {
    await source.return(undefined);
  }
}

/** The error for a file of a kind that is not read. A kind whose help is an option of documents needs no second advice. */
function refusalOf(kind: FileKind, name: string, options: Advised): KneserError {
  const isDocuments = kind.help.includes('--format');
  const remedy = isDocuments && options.advise === false ? ', which is not read here' : `; ${helpFor(kind, name)}`;
  return refusal(name, `is ${kind.what}`, remedy, isDocuments ? { ...options, advise: false } : options, kind.name);
}
