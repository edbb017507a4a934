import {
  checkFlag,
  checkOptions,
  checkText,
  optionError,
  required as requiredOption,
  type Check,
} from '../base/check.js';
import { Failure } from './failure.js';
import { MOST_TEXTS } from './options.js';

/** Checks of the JSON objects that clients send. Each member has a check, and the same rule as a JSON schema for the OpenAPI document. */

/** A JSON schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** A member of a request. */
export interface Member {
  readonly check: Check;
  readonly schema: Schema;
  readonly required?: boolean;
}

/** The members of a request, by name. */
export type Members = Readonly<Record<string, Member>>;

/**
 * Checks the body of a request, an object of JSON, and returns its members. `null` is the same as a member that is left out, as in OpenAI's
 * interface.
 *
 * @throws Failure with status 400, KNESER_OPTION
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller's members are those of the interface.
export function membersOf<Request extends object>(path: string, body: unknown, members: Members): Request {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Failure(400, 'invalid_json', `the body must be a JSON object`);
  }
  const given = Object.fromEntries(
    Object.entries(body).filter(([name, value]) => value !== null || !Object.hasOwn(members, name)),
  );
  const table = Object.fromEntries(
    Object.entries(members).map(([name, { check, required = false }]) => [
      name,
      required ? requiredOption(check) : check,
    ]),
  );
  checkOptions(path, given, table);
  return given as Request;
}

/** The same member, which a request must have. */
export function required(member: Member): Member {
  return { ...member, required: true };
}

/** The same member, with a sentence that describes it in the OpenAPI document. */
export function described(description: string, member: Member): Member {
  return { ...member, schema: { ...member.schema, description } };
}

export const flag: Member = { check: checkFlag, schema: { type: 'boolean' } };
export const text: Member = { check: checkText, schema: { type: 'string' } };

/** A text that is not empty. */
export const nonEmptyText: Member = {
  check: (name, value) => {
    if (checkText(name, value) === '') throw optionError(name, value, 'a text of at least one character');
  },
  schema: { type: 'string', minLength: 1 },
};

/** A whole number. */
export function whole(least: number, most: number): Member {
  return {
    check: (name, value) => {
      if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
      throw optionError(name, value, `a whole number from ${least} to ${most}`);
    },
    schema: { type: 'integer', minimum: least, maximum: most },
  };
}

/** A number above `above`, and up to `most`. */
export function numberAbove(above: number, most: number): Member {
  return {
    check: (name, value) => {
      if (typeof value === 'number' && value > above && value <= most) return;
      throw optionError(name, value, `a number above ${above}, at most ${most}`);
    },
    schema: { type: 'number', exclusiveMinimum: above, maximum: most },
  };
}

/** A number from `least` to `most`. */
export function numberFrom(least: number, most: number): Member {
  return {
    check: (name, value) => {
      if (typeof value === 'number' && value >= least && value <= most) return;
      throw optionError(name, value, `a number from ${least} to ${most}`);
    },
    schema: { type: 'number', minimum: least, maximum: most },
  };
}

/** One of several values. */
export function choice(values: readonly (string | number)[]): Member {
  return {
    check: (name, value) => {
      if (!values.includes(value as string)) throw optionError(name, value, `one of ${values.join(', ')}`);
    },
    schema: { enum: values },
  };
}

/** A list. */
export function list(item: Member, least: number, most: number): Member {
  return {
    check: (name, value, all) => {
      if (!Array.isArray(value)) throw optionError(name, value, 'a list');
      if (value.length < least) throw new Failure(400, 'KNESER_OPTION', `${name}: the list is empty`, name);
      if (value.length > most) {
        const message = `${name}: the list has ${value.length} items; send at most ${most} in a request`;
        throw new Failure(400, 'KNESER_LIMIT', message, name);
      }
      for (const each of value as unknown[]) item.check(name, each, all);
    },
    schema: { type: 'array', items: item.schema, minItems: least, maxItems: most },
  };
}

/** A value of one of several forms. @param takes the forms, for messages; a list is told what is wrong with it as the last form. */
export function either(takes: string, ...forms: readonly Member[]): Member {
  return {
    check: (name, value, all) => {
      let last: unknown;
      for (const { check } of forms) {
        try {
          check(name, value, all);
          return;
        } catch (error) {
          last = error;
        }
      }
      throw Array.isArray(value) ? last : optionError(name, value, takes);
    },
    schema: { anyOf: forms.map(({ schema }) => schema) },
  };
}

/** A sentence: a text, or its tokens. */
export const sentence: Member = either('a text or a list of tokens', text, list(text, 0, 2 ** 22));

/** A list of sentences. */
export const sentences: Member = list(sentence, 0, MOST_TEXTS);

/** The name of a served model. */
export const model: Member = described('The name of a served model; not needed if the server has one model.', text);

/** The seed of draws. */
export const seed: Member = whole(0, Number.MAX_SAFE_INTEGER);
