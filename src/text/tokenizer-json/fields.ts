/**
 * src/text/tokenizer-json: reads Hugging Face's `tokenizer.json` and cuts text as PyPI's `tokenizers` does, token for token.
 *
 * The components are the normalizer, the pre-tokenizer, the model (BPE, Unigram, WordLevel or WordPiece) and the added tokens: each has a
 * file here, and `engine.ts` joins the components. This file, `fields.ts`, reads the JSON: it refuses an unknown component, option or
 * field by name, and ignores nothing that changes tokens. `unicode-data.ts` holds the library's character classes, so that tokens do not depend on the
 * JavaScript engine's version of Unicode.
 */
import { refuse } from '../subwords/refuse.js';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The fields of one object of the file. Each is read once, by the method for its type; `end` refuses the fields that were not read. */
export class Fields {
  /** The names of the fields that were not read yet. */
  private readonly unread: Set<string>;

  private constructor(
    private readonly object: Readonly<Record<string, unknown>>,
    readonly path: string,
  ) {
    this.unread = new Set(Object.keys(object));
  }

  /** @param path names the object in messages, such as `pre_tokenizer`. */
  static of(value: unknown, path: string): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${path}: is not an object`);
    return new Fields(value as Record<string, unknown>, path);
  }

  /** Whether a field is there, even if it is null. */
  has(name: string): boolean {
    return Object.hasOwn(this.object, name);
  }

  /** Whether a field is there and not null. */
  isSet(name: string): boolean {
    return this.has(name) && this.object[name] !== null;
  }

  /** The value of a field of any type; `undefined` if it is missing. */
  take(name: string): unknown {
    this.unread.delete(name);
    return this.has(name) ? this.object[name] : undefined;
  }

  /** A string. */
  text(name: string): string {
    return checkText(this.take(name), this.at(name));
  }

  /** A string, or `undefined` for a field that is null or missing. */
  optionalText(name: string): string | undefined {
    const value = this.take(name) ?? undefined;
    return value === undefined ? undefined : checkText(value, this.at(name));
  }

  /** A string of one code point. */
  character(name: string): string {
    const text = this.text(name);
    if (Array.from(text).length !== 1) refuse(`${this.at(name)}: is not one character`);
    return text;
  }

  /** True or false. @param byDefault the value of a field that is missing or null; without it the field must be there. */
  flag(name: string, byDefault?: boolean): boolean {
    const value = this.take(name) ?? byDefault;
    if (typeof value !== 'boolean') refuse(`${this.at(name)}: is not true or false`);
    return value;
  }

  /** A whole number from 0. @param byDefault as for `flag`. */
  count(name: string, byDefault?: number): number {
    const value = this.take(name) ?? byDefault;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      refuse(`${this.at(name)}: is not a whole number from 0`);
    }
    return value;
  }

  /** One of several strings. @param byDefault as for `flag`. */
  oneOf<T extends string>(name: string, known: readonly T[], byDefault?: T): T {
    const value = this.take(name) ?? byDefault;
    const found = known.find(one => one === value);
    if (found === undefined) refuse(`${this.at(name)}: ${JSON.stringify(value)} is none of ${known.join(', ')}`);
    return found;
  }

  /** An array. */
  list(name: string): readonly unknown[] {
    const value = this.take(name);
    if (!Array.isArray(value)) refuse(`${this.at(name)}: is not a list`);
    return value;
  }

  /** The path of a field. */
  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** Refuses the fields that were not read. */
  end(): void {
    for (const name of this.unread) refuse(`${this.at(name)}: is an unknown field`);
  }
}

/** Checks that a value of the file is a string of whole characters. @throws KNESER_TOKENIZER */
export function checkText(value: unknown, path: string): string {
  if (typeof value !== 'string') refuse(`${path}: is not a string`);
  if (LONE_SURROGATE.test(value)) refuse(`${path}: holds half of a surrogate pair, which is not a character`);
  return value;
}

/** Reads the field `pattern`: `{"String": …}`, a literal text, or `{"Regex": …}`, an expression of Oniguruma. */
export function readPattern(fields: Fields): {
  readonly literal?: string;
  readonly regex?: string;
  readonly path: string;
} {
  const path = fields.at('pattern');
  const pattern = Fields.of(fields.take('pattern'), path);
  const found = pattern.has('String') ? { literal: pattern.text('String') } : { regex: pattern.text('Regex') };
  pattern.end();
  return { ...found, path };
}

/** Reads the field `vocab`: the id of each token, in the order of the file. @throws KNESER_TOKENIZER if two tokens share an id */
export function readVocabulary(fields: Fields): ReadonlyMap<string, number> {
  const path = fields.at('vocab');
  const value = fields.take('vocab');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${path}: is not an object`);
  const ids = new Map<string, number>();
  const taken = new Set<number>();
  for (const [token, id] of Object.entries(value)) {
    checkText(token, path);
    if (!Number.isInteger(id) || id < 0 || id > 0xffff_ffff)
      refuse(`${path}: the id of ${JSON.stringify(token)} is not a whole number from 0`);
    if (taken.has(id as number)) refuse(`${path}: two tokens have the id ${String(id)}`);
    taken.add(id as number);
    ids.set(token, id as number);
  }
  return ids;
}
