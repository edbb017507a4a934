import { BlockDamage } from './sealed.js';

/**
 * Checks the types and ranges of decoded values, because a checksum finds damage, but not values that another program wrote. Each check
 * returns the value with its type, or throws a {@link BlockDamage} with the name of the value.
 */

/** A plain object, without inherited members. */
export function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? (value as Readonly<Record<string, unknown>>) : fail(name, 'not an object');
}

/** An array; `check` is called for each item. */
export function list<T>(value: unknown, name: string, check: (item: unknown, name: string) => T): T[] {
  return Array.isArray(value) ? Array.from(value, item => check(item, name)) : fail(name, 'not a list');
}

/** An integer from `least` to `most`. */
export function requireInteger(value: unknown, name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const isWhole = typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
  return isWhole ? value : fail(name, `not a whole number from ${least} to ${most}`);
}

/** A finite number from `least` to `most`. */
export function requireFinite(
  value: unknown,
  name: string,
  least = -Number.MAX_VALUE,
  most = Number.MAX_VALUE,
): number {
  const isInRange = typeof value === 'number' && value >= least && value <= most;
  return isInRange ? value : fail(name, 'no finite number, or out of range');
}

/** A string. */
export function text(value: unknown, name: string): string {
  return typeof value === 'string' ? value : fail(name, 'not a string');
}

/** A boolean. */
export function flag(value: unknown, name: string): boolean {
  return typeof value === 'boolean' ? value : fail(name, 'neither true nor false');
}

/** One of the strings of `choices`. */
export function oneOf<T extends string>(value: unknown, name: string, choices: readonly T[]): T {
  return choices.find(choice => choice === value) ?? fail(name, `none of ${choices.join(', ')}`);
}

function fail(name: string, reason: string): never {
  throw new BlockDamage(`${name} is ${reason}`);
}
