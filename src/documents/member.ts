import { KneserError } from '../base/errors.js';
import type { PendingBytes } from '../base/pending-bytes.js';
import type { JsonObject } from '../text/formats/jsonl.js';
import { decode } from '../text/surface.js';

const encoder = new TextEncoder();

const SPACE = 0x20;
const BRACE = 0x7d;
const OPENING = 0x7b;
const COMMA = 0x2c;
const COLON = 0x3a;

/** Refuses an object that already has the member that is to be added. @throws KNESER_OPTION */
export function refuseMember(name: string, place: () => string): never {
  throw new KneserError(
    'KNESER_OPTION',
    `${place()}: there is already a member ${JSON.stringify(name)}; give the new one another name with as (--as)`,
  );
}

/**
 * Writes a JSON object with one more member at its end. All other bytes stay unchanged: numbers keep their digits, members keep their
 * sequence, and repeated members stay.
 *
 * @param out gets the bytes.
 * @param line valid JSON of an object without a member of that name; white space around it is allowed.
 * @param name the JSON of the new member's name, in UTF-8.
 * @param writeValue writes the JSON of the new member's value.
 */
export function writeWithMember(
  out: PendingBytes,
  line: Uint8Array,
  name: Uint8Array,
  writeValue: (out: PendingBytes) => void,
): void {
  let brace = line.length - 1;
  while (line[brace] !== BRACE) brace--;
  let last = brace - 1;
  while (line[last] <= SPACE) last--;
  out.reserve(line.length + name.length + 2);
  // Views are costly for short lines: the line is copied whole, and its end is copied again behind the new member.
  out.bytes.set(line, out.length);
  out.length += brace;
  if (line[last] !== OPENING) out.bytes[out.length++] = COMMA;
  out.bytes.set(name, out.length);
  out.length += name.length;
  out.bytes[out.length++] = COLON;
  writeValue(out);
  out.reserve(line.length - brace);
  for (let at = brace; at < line.length; at++) out.bytes[out.length++] = line[at];
}

/**
 * The JSON of an object with the member `weight` added to its member `kneser`, which is added if it is missing. All other characters
 * stay unchanged.
 *
 * @throws KNESER_OPTION if `kneser` already has a weight, or is not an object
 */
export function writeWithWeight(line: Uint8Array, object: JsonObject, weight: number, place: () => string): string {
  const json = decode(line);
  const own: unknown = object.kneser;
  const member = `"weight":${weight}`;
  if (own === undefined) {
    const brace = json.lastIndexOf('}');
    const comma = Object.keys(object).length === 0 ? '' : ',';
    return `${json.slice(0, brace)}${comma}"kneser":{${member}}${json.slice(brace)}`;
  }
  const span = ownMember(json, 'kneser');
  if (!span || typeof own !== 'object' || own === null || Array.isArray(own) || Object.hasOwn(own, 'weight')) {
    throw new KneserError(
      'KNESER_OPTION',
      `sample: ${place()}: there is already a kneser.weight, or kneser is not an object; take documents as kneser annotate writes them`,
    );
  }
  const comma = Object.keys(own).length === 0 ? '' : ',';
  return `${json.slice(0, span.to - 1)}${comma}${member}${json.slice(span.to - 1)}`;
}

/** Writes text as UTF-8. */
export function writeText(out: PendingBytes, text: string): void {
  out.reserve(3 * text.length);
  out.length += encoder.encodeInto(text, out.bytes.subarray(out.length)).written;
}

/**
 * The JSON text of a member, unchanged: `1.0` and integers of 64 bits keep their digits. A name with dots is a path, unless the
 * object has a member with the whole name; of repeated members the last one counts, as in `JSON.parse`.
 *
 * @param json valid JSON of an object.
 * @returns `undefined` if there is no such member.
 */
export function memberText(json: string, name: string): string | undefined {
  const whole = textOfMember(json, name);
  if (whole !== undefined || !name.includes('.')) return whole;
  let text: string | undefined = json;
  for (const part of name.split('.')) {
    if (text?.trimStart()[0] !== '{') return undefined;
    text = textOfMember(text, part);
  }
  return text;
}

/** The JSON text of a member with exactly this name; `undefined` if there is none. */
function textOfMember(json: string, name: string): string | undefined {
  const span = ownMember(json, name);
  return span && json.slice(span.from, span.to);
}

/** Where the value of a member stands in the JSON of its object; of repeated members, the last one. */
function ownMember(json: string, name: string): Span | undefined {
  let found: Span | undefined;
  for (const [key, span] of spansOf(json)) if (key === name) found = span;
  return found;
}

/** A value is `json.slice(from, to)` [UTF-16 code units]. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** The members of a JSON object, each with the JSON text of its value; repeated members all come. */
export function* membersOf(json: string): Generator<readonly [name: string, text: string], void, void> {
  for (const [name, { from, to }] of spansOf(json)) yield [name, json.slice(from, to)];
}

/** The members of a JSON object, each with the place of its value. */
function* spansOf(json: string): Generator<readonly [name: string, span: Span], void, void> {
  let at = skipSpace(json, json.indexOf('{') + 1);
  while (json[at] === '"') {
    const end = endOfString(json, at);
    const key = JSON.parse(json.slice(at, end)) as string;
    const from = skipSpace(json, skipSpace(json, end) + 1);
    const to = endOfValue(json, from);
    yield [key, { from, to }];
    at = skipSpace(json, to);
    if (json[at] === ',') at = skipSpace(json, at + 1);
  }
}

/** The index of the first character from `at` on that is not white space. */
function skipSpace(json: string, at: number): number {
  while (json.charCodeAt(at) <= SPACE) at++;
  return at;
}

/** The end (exclusive) of the string that begins at `at`. */
function endOfString(json: string, at: number): number {
  for (let end = json.indexOf('"', at + 1); ; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
}

/** The end (exclusive) of the value that begins at `at`. */
function endOfValue(json: string, at: number): number {
  if (json[at] === '"') return endOfString(json, at);
  let depth = 0;
  for (; ; at++) {
    const character = json.charAt(at);
    if (character === '"') at = endOfString(json, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (at === json.length || character === ',' || character <= ' ')) return at;
  }
}
