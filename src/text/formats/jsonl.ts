import { shown } from '../../base/check.js';
import { KneserError } from '../../base/errors.js';
import { PendingBytes } from '../../base/pending-bytes.js';
import { decode } from '../surface.js';
import { NEWLINE } from '../tokens.js';
import {
  PieceBuilder,
  type DocumentOptions,
  type Format,
  type Piece,
  type ReadOptions,
  type RecordOptions,
  type RecordPiece,
} from './corpus.js';
import { conversion } from './text-check.js';

/** JSON lines: each line is a JSON object and a document, whose text is one field of the object. */
export const JSON_LINES: Format = {
  name: 'jsonl',
  endings: ['.jsonl', '.json'],
  matches: /\.(jsonl|ndjson|json)(\.(gz|zst))?$/i,
  inFolders: /^[^.].*\.(jsonl|ndjson|json)(\.(gz|zst))?$/i,
  option: {
    name: 'field',
    flags: '--field <name>',
    help: 'field with the text in each object of JSON lines, such as content or meta.text (default: text)',
  },
  read: readJsonLines,
  readRecords: (path, options) => recordsOf(readJsonObjects(path, options), 'line', options.field),
};

/** The longest line, in bytes: `JSON.parse` needs a whole line in memory. */
const MOST_BYTES = 1 << 25;
/**
 * Number of bytes of lines that are yielded together, about. With many more, the garbage collector would have to copy the objects of the
 * lines, because they would still be in use when it runs: with 1 MB, `annotate` takes 4 % more processor time (measured).
 */
const TOGETHER_BYTES = 1 << 15;

const decoder = new TextDecoder('utf-8', { fatal: true });

async function* readJsonLines(path: string, options: ReadOptions): AsyncGenerator<Piece> {
  const { onSkip } = options;
  const builder = new PieceBuilder();
  for await (const lines of readJsonObjects(path, options)) {
    for (const { object, line } of lines) {
      const text = textOf(object, options, () => `${path}, line ${line}`);
      if (text === undefined) onSkip?.(1);
      else builder.addText(text);
    }
    if (builder.size > 0) yield builder.take();
  }
}

/** Records of lines that hold objects. @param textMember the member that holds the text. */
export async function* recordsOf(
  lines: AsyncIterable<readonly JsonLine[]>,
  unit: 'line' | 'row',
  textMember = 'text',
): AsyncGenerator<RecordPiece> {
  for await (const some of lines) {
    yield {
      lines: some.map(({ bytes }) => bytes),
      object: i => some[i].object,
      textMember,
      unit,
      numberOf: i => some[i].line,
    };
  }
}

/** A line of JSON lines that holds an object. */
export interface JsonLine {
  /** The line as UTF-8, without the line feed; valid until the next lines are asked for. */
  readonly bytes: Uint8Array;
  readonly object: JsonObject;
  /** The line's number in the file, from 1; blank lines count. */
  readonly line: number;
}

/**
 * Input: a file of JSON lines. Output: its lines with their objects, without blank lines, in the order of the file; an array at a time.
 *
 * @param source the bytes of the file. Default: reads the file at `path`.
 * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED
 */
export async function* readJsonObjects(
  path: string,
  options: RecordOptions,
  source?: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly JsonLine[]> {
  const { longestJson = MOST_BYTES, isChecked = false } = options;
  const mostBytes = Math.min(longestJson, MOST_BYTES);
  /** The beginning of a line whose end has not been read yet. */
  const pending = new PendingBytes();
  let line = 1;
  let isFirst = true;
  let lines: JsonLine[] = [];
  /** Offset in the chunk of the first byte of `lines`. */
  let begin = 0;
  const keep = (part: Uint8Array): void => {
    if (pending.length + part.length > mostBytes) {
      if (line === 1) refuseArray(pending.length > 0 ? pending.view() : part, `${path}, line 1`);
      const help = mostBytes < MOST_BYTES ? 'split it, or allow more memory' : 'split it';
      throw new KneserError(
        'KNESER_LIMIT',
        `${path}, line ${line}: this document has more than ${mostBytes >> 20} MB; ${help}`,
      );
    }
    pending.add(part);
  };
  const add = (bytes: Uint8Array): void => {
    if (isChecked) {
      if (bytes.some(byte => byte > SPACE)) lines.push(new CheckedLine(bytes, path, line));
    } else {
      const object = parseObject(bytes, path, line, isFirst);
      if (object !== undefined) lines.push({ bytes, object, line });
      if (object !== undefined) isFirst = false;
    }
    line++;
  };
  // Imported only when a file is read, because the help of commands uses only `JSON_LINES` of this module.
  const chunks = source ?? (await import('./bytes.js')).readRecognized(path, options, ['json']);
  for await (const chunk of chunks) {
    let from = 0;
    begin = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const part = chunk.subarray(from, at);
      if (pending.length > 0) {
        keep(part);
        // A copy, because the rest of this chunk overwrites `pending`.
        add(pending.view().slice());
        pending.clear();
      } else {
        add(part);
      }
      from = at + 1;
      if (from - begin < TOGETHER_BYTES || lines.length === 0) continue;
      yield lines;
      lines = [];
      begin = from;
    }
    keep(chunk.subarray(from));
    if (lines.length > 0) yield lines;
    lines = [];
  }
  if (pending.length > 0) add(pending.view());
  if (lines.length > 0) yield lines;
}

/** The highest byte of white space in JSON. */
const SPACE = 0x20;

/** A line of a file that was already read without an error: it is parsed only when its object is asked for. */
class CheckedLine implements JsonLine {
  constructor(
    readonly bytes: Uint8Array,
    private readonly path: string,
    readonly line: number,
  ) {}

  get object(): JsonObject {
    return parseObject(this.bytes, this.path, this.line, false) ?? {};
  }
}

/** The object of a line that was already parsed without an error. @param bytes the line as UTF-8. */
export function objectOf(bytes: Uint8Array): JsonObject {
  return JSON.parse(decoder.decode(bytes)) as JsonObject;
}

/** An object of JSON lines. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The object of a line; `undefined` for a blank line. @param isFirst whether all lines before this one are blank. */
function parseObject(bytes: Uint8Array, path: string, line: number, isFirst: boolean): JsonObject | undefined {
  const where = `${path}, line ${line}`;
  let object: unknown;
  let text = '';
  try {
    text = decoder.decode(bytes).trim();
    if (text === '') return undefined;
    object = JSON.parse(text);
  } catch (error) {
    if (isFirst) {
      if (text.startsWith('[')) throw oneArray(where);
      if (BEGINS_OBJECT.test(text)) throw oneObject(where);
    }
    const isBytes = (error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    const reason = isBytes
      ? `not UTF-8; if it is Latin-1, convert the file: ${conversion(path, 'ISO-8859-1')}`
      : NOT_A_NUMBER.test(text.replaceAll(STRING, '""'))
        ? 'NaN and Infinity are not JSON, though Python writes them; write null in their place'
        : 'not JSON; each line must be a JSON object';
    throw new KneserError('KNESER_INPUT_JSON', `${where}: ${reason}`, { cause: error });
  }
  if (isFirst && Array.isArray(object)) throw oneArray(where);
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw new KneserError('KNESER_INPUT_JSON', `${where}: not a JSON object`);
  }
  return object as JsonObject;
}

/** Names that Python and JavaScript have for numbers, but JSON has not. */
const NOT_A_NUMBER = /[:[,]\s*-?(NaN|Infinity)\b/;
/** A string of JSON. */
const STRING = /"(?:[^"\\]|\\.)*"/g;

/** The first line of an object that spans lines: a brace alone, or a brace and a part that ends with a comma or an opening bracket. */
const BEGINS_OBJECT = /^\{(.*[,{[])?$/;

/** Refuses a JSON array that is too long to be parsed, with the command that writes one element a line. */
function refuseArray(line: Uint8Array, where: string): void {
  if (decode(line.subarray(0, 100)).trimStart().startsWith('[')) throw oneArray(where);
}

function oneArray(where: string): KneserError {
  return new KneserError(
    'KNESER_INPUT_JSON',
    `${where}: a JSON array; each line must be a JSON object. Write one element a line, as \`jq -c '.[]'\` does`,
  );
}

function oneObject(where: string): KneserError {
  return new KneserError(
    'KNESER_INPUT_JSON',
    `${where}: a JSON object over several lines; each line must be a whole JSON object. ` +
      'Write each object on one line, as `jq -c .` does',
  );
}

/** The text of an object; `undefined` where it is missing and the option `missing` is `skip`. @throws KNESER_INPUT_JSON */
export function textOf(
  object: JsonObject,
  { field = 'text', missing }: DocumentOptions,
  where: () => string,
): string | undefined {
  const document = memberOf(object, field);
  if (typeof document === 'string') return document;
  if (missing === 'skip' && (document === undefined || document === null)) return undefined;
  const names = textFields(object)
    .slice(0, 10)
    .map(name => (name.length > 40 ? `${name.slice(0, 40)}…` : name))
    .join(', ');
  const kind = typeof document === 'object' ? shown(document) : `a ${typeof document}`;
  const fault = document === undefined ? `there is no field ${field}` : `the field ${field} is ${kind}, not a text`;
  const advice = [
    ...(names === '' ? [] : [`name another with field (--field): ${names}`]),
    ...(document === undefined || document === null
      ? ["leave such lines out with missing: 'skip' (--missing skip)"]
      : []),
  ];
  const rest = advice.length > 0 ? `; ${advice.join('; or ')}` : ', and no other field is one';
  throw new KneserError('KNESER_INPUT_JSON', `${where()}: ${fault}${rest}`);
}

/** The members of an object, and of objects in it, that are texts: their names and paths. */
function textFields(object: JsonObject): string[] {
  const paths = Object.entries(object).flatMap(([name, value]) => {
    if (typeof value === 'string') return [name];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const inner = value as JsonObject;
    return Object.keys(inner).flatMap(own => (typeof inner[own] === 'string' ? [`${name}.${own}`] : []));
  });
  return [...new Set(paths)];
}

/** By path such as `meta.text`, its parts. The parts are kept because `memberOf` needs them for each record. */
const PATHS = new Map<string, readonly string[]>();

/** The member named `field`; if the object has none, the nested member that `field` names as a path, such as `meta.text`. */
export function memberOf(object: JsonObject, field: string): unknown {
  if (Object.hasOwn(object, field)) return object[field];
  let parts = PATHS.get(field);
  if (!parts) PATHS.set(field, (parts = field.split('.')));
  let value: unknown = object;
  for (const name of parts) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}
