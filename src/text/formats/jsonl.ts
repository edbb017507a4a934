import { KneserError } from '../../base/errors.js';
import { DocumentLines, type DocumentListener } from './documents.js';
import { PendingBytes } from '../../base/pending-bytes.js';
import { NEWLINE } from '../tokens.js';

/** A line may be as long as this: it is parsed as a whole. */
const MOST_BYTES = 1 << 25;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of JSON lines: of each line's object one field, a document of one or more lines. Blank lines are left out.
 *
 * @param longest bytes that a line may have.
 * @throws KNESER_INPUT_JSON, KNESER_LIMIT
 */
export async function* readJsonLines(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  field: string,
  onDocument?: DocumentListener,
  longest = MOST_BYTES,
): AsyncGenerator<Uint8Array> {
  const documents = new DocumentLines(onDocument);
  const most = Math.min(longest, MOST_BYTES);
  /** The line that has no end yet. */
  const pending = new PendingBytes();
  let line = 1;
  const keep = (part: Uint8Array): void => {
    if (pending.length + part.length > most) {
      const help = most < MOST_BYTES ? 'split it, or allow more memory' : 'split it';
      throw new KneserError(
        'KNESER_LIMIT',
        `${path}, line ${line}: this document has more than ${most >> 20} MB; ${help}`,
      );
    }
    pending.add(part);
  };
  const add = (bytes: Uint8Array): void => {
    const document = parseDocument(bytes, field, `${path}, line ${line}`);
    if (document !== undefined) documents.addText(document);
    pending.clear();
    line++;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const part = chunk.subarray(from, at);
      if (pending.length > 0) keep(part);
      add(pending.length > 0 ? pending.view() : part);
      from = at + 1;
    }
    keep(chunk.subarray(from));
    const text = documents.take();
    if (text.length > 0) yield text;
  }
  if (pending.length > 0) add(pending.view());
  yield documents.take();
}

function parseDocument(bytes: Uint8Array, field: string, where: string): string | undefined {
  let object: unknown;
  try {
    const text = decoder.decode(bytes);
    if (text.trim() === '') return undefined;
    object = JSON.parse(text);
  } catch (error) {
    const isBytes = (error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    const reason = isBytes ? 'not UTF-8' : 'not JSON';
    throw new KneserError('KNESER_INPUT_JSON', `${where}: ${reason}; each line must be a JSON object`, {
      cause: error,
    });
  }
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw new KneserError('KNESER_INPUT_JSON', `${where}: not a JSON object`);
  }
  const document = Object.hasOwn(object, field) ? (object as Record<string, unknown>)[field] : undefined;
  if (typeof document === 'string') return document;
  const names = Object.keys(object)
    .slice(0, 10)
    .map(name => (name.length > 40 ? `${name.slice(0, 40)}…` : name))
    .join(', ');
  throw new KneserError(
    'KNESER_INPUT_JSON',
    `${where}: ${document === undefined ? 'there is no' : 'no text in the'} field ${field}; ` +
      `name another with --field (${names})`,
  );
}
