import { KneserError } from './errors.js';

/**
 * Checks of options, for every public function: each throws KNESER_OPTION with the option's name, the given value, and the allowed
 * values. `name` is the name that the caller of the library knows: `order`, or `patterns.maxGap` for a member of an option.
 */

/** The most threads that a job may be given. */
export const MOST_THREADS = 256;

/** Less memory than this (64 MiB) leaves no room for the buffers of a build. */
const LEAST_MEMORY = 64 << 20;

/** The error for an option with a value that is not allowed. @param takes the allowed values, such as `true or false`. */
export function optionError(name: string, value: unknown, takes: string): KneserError {
  return new KneserError('KNESER_OPTION', `${name}: ${shown(value)} is not ${takes}`);
}

/** A whole number from `least` to `most`. @returns the value. */
export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw optionError(name, value, `a whole number ${range}`);
}

/** A number of threads, 1 to {@link MOST_THREADS}. */
export function checkThreads(value: unknown): number {
  return checkInteger('threads', value, 1, MOST_THREADS);
}

/** A share from 0 to `most`, which is at most 1. */
export function checkShare(name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw optionError(name, value, `a share from 0 to ${most}`);
}

/** A number of bytes of memory, at least {@link LEAST_MEMORY}. */
export function checkMemory(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= LEAST_MEMORY) return value as number;
  throw new KneserError(
    'KNESER_OPTION',
    `memory: it takes a number of bytes of at least 64 MiB (64M), not ${shown(value)}`,
  );
}

/** `true` or `false`. */
export function checkFlag(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw optionError(name, value, 'true or false');
}

/** One of the words of `words`. */
export function checkOneOf<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  if (words.includes(value as Word)) return value as Word;
  throw optionError(name, value, `one of ${words.join(', ')}`);
}

/** An object, as an option with members is one. */
export function checkObject(name: string, value: unknown): object {
  if (typeof value === 'object' && value !== null) return value;
  throw optionError(name, value, 'an object');
}

/** An array or another iterable object. A string is refused: it would be read letter by letter. */
export function checkList(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return;
  throw optionError(name, value, 'a list');
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
