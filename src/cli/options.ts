import { InvalidArgumentError } from 'commander';
import type { DocumentOptions } from '../text/input.js';

const UNITS: Record<string, number> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** `512M`, `4G`: a number of bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  if (!match) throw new InvalidArgumentError('It takes a size such as 512M or 4G.');
  return Math.floor(Number(match[1]) * UNITS[match[2].toUpperCase()]);
}

/** A share from 0 to 0.5. */
export function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 0.5) return value;
  throw new InvalidArgumentError('It takes a share from 0 to 0.5, such as 0.02.');
}

/** `1_11,11_1`: a list of patterns. */
export function parsePatterns(text: string): string[] {
  return text.split(',').map(pattern => pattern.trim());
}

/** A whole number in a range. */
export function parseWhole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return text => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It takes a whole number ${range}.`);
  };
}

/** Where the text of files is, without what was not given. */
export function documentOptions({ field, column }: DocumentOptions): DocumentOptions {
  return { ...(field === undefined ? {} : { field }), ...(column === undefined ? {} : { column }) };
}
