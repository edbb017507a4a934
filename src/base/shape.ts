import { BlockDamage } from './sealed.js';

/**
 * Checks of what a store says: checksums tell damage, but nothing of who wrote it. Each gives the value back as what it is
 * said to be, or throws a {@link BlockDamage} that names it.
 */

/** An object, of which nothing is known but that its entries are its own. */
export function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? (value as Readonly<Record<string, unknown>>) : fail(name, 'no object');
}

/** A list of what `check` takes. */
export function list<T>(value: unknown, name: string, check: (item: unknown, name: string) => T): T[] {
  return Array.isArray(value) ? Array.from(value, item => check(item, name)) : fail(name, 'no list');
}

/** A whole number in a range. */
export function requireInteger(value: unknown, name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const isWhole = typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
  return isWhole ? value : fail(name, `not from ${least} to ${most}`);
}

/** A finite number in a range. */
export function requireFinite(
  value: unknown,
  name: string,
  least = -Number.MAX_VALUE,
  most = Number.MAX_VALUE,
): number {
  return typeof value === 'number' && value >= least && value <= most ? value : fail(name, 'out of range');
}

export function text(value: unknown, name: string): string {
  return typeof value === 'string' ? value : fail(name, 'no text');
}

export function flag(value: unknown, name: string): boolean {
  return typeof value === 'boolean' ? value : fail(name, 'neither true nor false');
}

/** One of some texts. */
export function oneOf<T extends string>(value: unknown, name: string, choices: readonly T[]): T {
  return choices.find(choice => choice === value) ?? fail(name, `none of ${choices.join(', ')}`);
}

function fail(name: string, reason: string): never {
  throw new BlockDamage(`${name} is ${reason}`);
}
