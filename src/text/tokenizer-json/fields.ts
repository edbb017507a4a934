/**
 * Hugging Face's `tokenizer.json`: this folder reads the file and cuts text as PyPI's `tokenizers` does, token for token.
 *
 * A component is a normalizer, a pre-tokenizer, a model or the added tokens: each kind has a file here, the models (BPE, Unigram,
 * WordLevel, WordPiece) are in `models/`, and `engine.ts` joins the components.
 * An unknown component, option or field is refused with its name: nothing is ignored.
 * `unicode-data.ts` holds the library's character classes, so tokens depend on no JavaScript engine's version of Unicode.
 */
import { refuse } from '../subwords/refuse.js';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The fields of one object of the file. Each is read once, by a method for its type; `end` refuses the fields that were not read. */
export class Fields {
  private readonly left: Set<string>;

  private constructor(
    private readonly object: Readonly<Record<string, unknown>>,
    readonly path: string,
  ) {
    this.left = new Set(Object.keys(object));
  }

  /** @param path names the object in messages, such as `pre_tokenizer`. */
  static of(value: unknown, path: string): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${path}: is no object`);
    return new Fields(value as Record<string, unknown>, path);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.object, name);
  }

  /** Whether the field is there and not null. */
  isSet(name: string): boolean {
    return this.has(name) && this.object[name] !== null;
  }

  take(name: string): unknown {
    this.left.delete(name);
    return this.has(name) ? this.object[name] : undefined;
  }

  text(name: string): string {
    return checkText(this.take(name), this.at(name));
  }

  /** A text, or `undefined` where the field is null or missing. */
  optionalText(name: string): string | undefined {
    const value = this.take(name) ?? undefined;
    return value === undefined ? undefined : checkText(value, this.at(name));
  }

  /** A text of one code point. */
  character(name: string): string {
    const text = this.text(name);
    if (Array.from(text).length !== 1) refuse(`${this.at(name)}: is not one character`);
    return text;
  }

  /** @param missing the value of a field that is missing or null; without it the field must be there. */
  flag(name: string, missing?: boolean): boolean {
    const value = this.take(name) ?? missing;
    if (typeof value !== 'boolean') refuse(`${this.at(name)}: is not true or false`);
    return value;
  }

  /** A whole number from 0. */
  count(name: string, missing?: number): number {
    const value = this.take(name) ?? missing;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      refuse(`${this.at(name)}: is not a whole number from 0`);
    }
    return value;
  }

  oneOf<T extends string>(name: string, known: readonly T[], missing?: T): T {
    const value = this.take(name) ?? missing;
    const found = known.find(one => one === value);
    if (found === undefined) refuse(`${this.at(name)}: ${JSON.stringify(value)} is none of ${known.join(', ')}`);
    return found;
  }

  list(name: string): readonly unknown[] {
    const value = this.take(name);
    if (!Array.isArray(value)) refuse(`${this.at(name)}: is no list`);
    return value;
  }

  /** The path of a field. */
  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** Refuses the fields that were not read. */
  end(): void {
    for (const name of this.left) refuse(`${this.at(name)}: is an unknown field`);
  }
}

export function checkText(value: unknown, path: string): string {
  if (typeof value !== 'string') refuse(`${path}: is no text`);
  if (LONE_SURROGATE.test(value)) refuse(`${path}: holds half a surrogate pair, which is no character`);
  return value;
}

/** A pattern as the file has it: `{"String": …}` or `{"Regex": …}`. */
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

/** The ids of a vocabulary by token, in the order of the file. @throws KNESER_TOKENIZER if two tokens share an id. */
export function readVocabulary(fields: Fields): ReadonlyMap<string, number> {
  const path = fields.at('vocab');
  const value = fields.take('vocab');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${path}: is no object`);
  const ids = new Map<string, number>();
  const taken = new Set<number>();
  for (const [token, id] of Object.entries(value)) {
    checkText(token, path);
    if (!Number.isInteger(id) || id < 0 || id > 0xffff_ffff)
      refuse(`${path}: the id of ${JSON.stringify(token)} is no id`);
    if (taken.has(id as number)) refuse(`${path}: two tokens have the id ${String(id)}`);
    taken.add(id as number);
    ids.set(token, id as number);
  }
  return ids;
}
