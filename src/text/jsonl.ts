import { KneserError } from '../errors.js';
import { DocumentLines, type DocumentListener } from './documents.js';
import { NEWLINE } from './tokens.js';

/** A line may be as long as this: it is parsed as a whole. */
const MOST_BYTES = 1 << 25;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of JSON lines: of each line's object one field, a document of one or more lines. Blank lines are left out.
 *
 * @throws KNESER_INPUT_JSON, KNESER_LIMIT
 */
export async function* readJsonLines(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  field: string,
  onDocument?: DocumentListener,
): AsyncGenerator<Uint8Array> {
  const documents = new DocumentLines(onDocument);
  const parts: Uint8Array[] = [];
  let partsLength = 0;
  let line = 0;
  const add = (part: Uint8Array): void => {
    line++;
    parts.push(part);
    const document = parseDocument(parts.length === 1 ? part : Buffer.concat(parts), field, `${path}, line ${line}`);
    if (document !== undefined) documents.addText(document);
    parts.length = partsLength = 0;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from < chunk.length) parts.push(chunk.slice(from));
    partsLength += chunk.length - from;
    if (partsLength > MOST_BYTES) {
      throw new KneserError(
        'KNESER_LIMIT',
        `${path}, line ${line + 1}: this document has more than ${MOST_BYTES >> 20} MB; split it`,
      );
    }
    const text = documents.take();
    if (text.length > 0) yield text;
  }
  if (partsLength > 0) add(new Uint8Array(0));
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
