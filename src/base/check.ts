import { KneserError } from './errors.js';

/**
 * Checks the options of every public function. Each check throws KNESER_OPTION with the option's name, the given value, and the allowed
 * values. Its parameter `name` is the name that the caller of the library knows: `order`, or `patterns.maxGap` for a member of an option.
 *
 * A function declares its options as an {@link OptionTable}, with a row for each name, and calls {@link checkOptions} before any work.
 * A name without a row is refused, and the message suggests the nearest name that has one.
 */

/**
 * A row of a table of options: throws KNESER_OPTION for a value that the option does not take. It is not called for `undefined`, the
 * value of an option that is left out.
 */
export interface Check {
  /** @param options all options of the call, because a value may depend on others. */
  (name: string, value: unknown, options: object): unknown;
  /** Whether the option must be given. */
  readonly required?: boolean;
}

/** The options of a function: a row for each name, in the order in which messages list them. */
export type OptionTable<Options> = Readonly<Record<keyof Options & string, Check>>;

/**
 * Checks the options of a call: they must be an object, each name must have a row in `table`, and each value must pass its row.
 *
 * @param call the name of the function or method, for messages.
 * @throws KNESER_OPTION
 */
export function checkOptions(call: string, options: unknown, table: Readonly<Record<string, Check>>): void {
  if (typeof options !== 'object' || options === null || Symbol.iterator in options) {
    throw new KneserError('KNESER_OPTION', `${call}: its options are an object, not ${shown(options)}`);
  }
  checkNames(options, table, '', `${call} has no such option`);
  for (const name in table) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    const check = table[name];
    if (value !== undefined) check(name, value, options);
    else if (check.required) throw new KneserError('KNESER_OPTION', `${name}: is missing; ${call} needs it`);
  }
}

/**
 * Refuses options that have no effect without another one.
 *
 * @param names the options that are refused if they are given.
 * @param owner the option that is missing, for the message.
 * @throws KNESER_OPTION
 */
export function refuseWithout<Options extends object>(
  options: Options,
  names: readonly (keyof Options & string)[],
  owner: string,
): void {
  refuseGiven(options, names, `belongs to ${owner}`);
}

/**
 * Refuses options that exclude another one.
 *
 * @param owner the name of the other option, and why.
 */
export function refuseWith<Options extends object>(
  options: Options,
  names: readonly (keyof Options & string)[],
  owner: string,
): void {
  refuseGiven(options, names, `excludes ${owner}`);
}

function refuseGiven<Options extends object>(
  options: Options,
  names: readonly (keyof Options & string)[],
  reason: string,
): void {
  const name = names.find(candidate => options[candidate] !== undefined);
  if (name !== undefined) throw new KneserError('KNESER_OPTION', `${name}: ${reason}`);
}

/** Picks, among the options `names`, those whose value is not `undefined`. */
export function givenOptions<Options extends object, Name extends keyof Options & string>(
  options: Options,
  names: readonly Name[],
): Partial<Pick<Options, Name>> {
  const given = names.filter(name => options[name] !== undefined).map(name => [name, options[name]] as const);
  return Object.fromEntries(given) as Partial<Pick<Options, Name>>;
}

/** The check of an option that is an object: each member must pass its row. A member is named like `patterns.maxGap`. */
export function members(table: Readonly<Record<string, Check>>): (name: string, value: unknown) => void {
  return (name, value) => {
    const given = checkObject(name, value) as Readonly<Record<string, unknown>>;
    checkNames(given, table, `${name}.`, `${name} has no such member`);
    for (const member in table) {
      const path = `${name}.${member}`;
      if (given[member] !== undefined) table[member](path, given[member], given);
      else if (table[member].required) throw new KneserError('KNESER_OPTION', `${path}: is missing`);
    }
  };
}

/** Refuses names without a row. The message suggests the nearest name with a row, or all names. @param fault its first part. */
function checkNames(given: object, table: Readonly<Record<string, Check>>, prefix: string, fault: string): void {
  for (const name in given) {
    if (Object.hasOwn(table, name)) continue;
    const known = Object.keys(table);
    const near = nearestName(name, known);
    const advice =
      near !== undefined
        ? `did you mean ${prefix}${near}?`
        : known.length > 0
          ? `it takes ${known.join(', ')}`
          : 'it takes none';
    throw new KneserError('KNESER_OPTION', `${prefix}${name}: ${fault}; ${advice}`);
  }
}

/** The known name that differs from `name` least: in case, `-` and `_`, one edit for every four letters, or an ending; else `undefined`. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_]/g, '');
  const wanted = plain(name);
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 4)) + 1;
  for (const candidate of known) {
    const other = plain(candidate);
    const begins = Math.min(wanted.length, other.length) > 2 && (other.startsWith(wanted) || wanted.startsWith(other));
    const edits = Math.min(editDistance(wanted, other), begins ? 1 : Infinity);
    if (edits >= least) continue;
    least = edits;
    nearest = candidate;
  }
  return nearest;
}

/** How many letters to insert, delete, replace, or swap with their neighbour to turn `a` into `b` (Damerau 1964). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

/** The row of an option that must be given. */
export function required(check: Check): Check {
  return Object.assign((name: string, value: unknown, options: object) => check(name, value, options), {
    required: true,
  });
}

/** The row of an option that takes a whole number. */
export function wholeNumber(least: number, most: number): (name: string, value: unknown) => number {
  return (name, value) => checkInteger(name, value, least, most);
}

/** The row of an option that takes one of several strings. */
export function oneOf(choices: readonly string[]): Check {
  return (name, value) => checkOneOf(name, value, choices);
}

/** The row of an option that takes a list. @param checkItem checks each item. */
export function listOf(checkItem: Check): (name: string, value: unknown) => void {
  return (name, value) => {
    if (!Array.isArray(value)) throw optionError(name, value, 'a list');
    for (const item of value as unknown[]) checkItem(name, item, value);
  };
}

/** The largest number of threads that an option takes. */
export const MOST_THREADS = 256;

/** The error for an option with a value that is not allowed. @param takes the allowed values, such as `true or false`. */
export function optionError(name: string, value: unknown, takes: string): KneserError {
  return new KneserError('KNESER_OPTION', `${name}: ${shown(value)} is not ${takes}`);
}

/** Checks for a whole number from `least` to `most`. @returns the value */
export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  const isTooLarge = typeof value === 'number' && value > most;
  const range = most === Number.MAX_SAFE_INTEGER && !isTooLarge ? `of at least ${least}` : `from ${least} to ${most}`;
  throw optionError(name, value, `a whole number ${range}`);
}

/** Checks for a number of threads, 1 to {@link MOST_THREADS}. */
export const checkThreads = /* @__PURE__ */ wholeNumber(1, MOST_THREADS);

/** Checks for a number from 0 to `most`, which is at most 1. */
export function checkShare(name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw optionError(name, value, `a share from 0 to ${most}`);
}

/** Checks for an amount of memory, in bytes: at least 64 MiB, because less leaves no room for the buffers of a training. */
export function checkMemory(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 64 << 20) return value as number;
  throw new KneserError(
    'KNESER_OPTION',
    `${name}: takes a number of bytes from 64 MiB (64M) to less than 8192 TiB (8192T), not ${shown(value)}`,
  );
}

/** Checks for a finite number. */
export function checkFinite(name: string, value: unknown): void {
  if (!Number.isFinite(value)) throw optionError(name, value, 'a finite number');
}

/** Checks for `true` or `false`. */
export function checkFlag(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw optionError(name, value, 'true or false');
}

/** Checks for one of several strings. */
export function checkOneOf<Choice extends string>(name: string, value: unknown, choices: readonly Choice[]): Choice {
  if (choices.includes(value as Choice)) return value as Choice;
  throw optionError(name, value, `one of ${choices.join(', ')}`);
}

/** Checks for an object that is not iterable, as the value of an option with members. */
export function checkObject(name: string, value: unknown): object {
  if (typeof value === 'object' && value !== null && !(Symbol.iterator in value)) return value;
  throw optionError(name, value, 'an object');
}

/** Whether a value is an iterable object: no string, and no `String` object, which would be read letter by letter. */
export function isIterable(value: unknown): value is object {
  const isObject = typeof value === 'object' && value !== null && !(value instanceof String);
  return isObject && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** Checks for an array or another iterable object. */
export function checkList(name: string, value: unknown): void {
  if (isIterable(value) && Symbol.iterator in value) return;
  throw optionError(name, value, 'a list');
}

/** Checks for a string. */
export function checkText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw optionError(name, value, 'a string');
}

/** Checks for the path of a file or folder, or an address: a string that is not empty. */
export function checkPath(name: string, value: unknown): string {
  const path = checkText(name, value);
  if (path === '') throw new KneserError('KNESER_OPTION', `${name}: the path is empty`);
  if (path.includes('\0')) throw optionError(name, path, 'a path: no name of a file has the character NUL');
  return path;
}

/** Checks for a list of one or more paths. One string is refused, because it would be read letter by letter. */
export function checkPaths(name: string, value: unknown): void {
  listOf(checkPath)(name, value);
  if ((value as unknown[]).length === 0)
    throw new KneserError('KNESER_OPTION', `${name}: the list is empty; give one path or more`);
}

/** Checks for a function. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw optionError(name, value, 'a function');
}

/** Checks for an `AbortSignal`, also of another realm, such as an iframe. */
export function checkSignal(name: string, value: unknown): void {
  const isSignal = typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
  if (!isSignal) throw optionError(name, value, 'an AbortSignal');
}

/** The rows of the options of all long work. */
export const WORK_OPTIONS = { onProgress: checkFunction, signal: checkSignal } as const;

/** A value as messages show it. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) {
    const { constructor } = value;
    return typeof constructor !== 'function' || constructor === Object
      ? 'an object'
      : `an object of class ${constructor.name}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
