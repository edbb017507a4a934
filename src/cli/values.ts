import { InvalidArgumentError } from 'commander';
import { MOST_THREADS } from '../base/check.js';
import { MAX_ORDER } from '../tables/pattern.js';

/**
 * How flags' values are read: each function turns the text of a value into the library's form, and refuses text that does
 * not have that form. Whether a number is in range is checked by the library.
 */

const UNITS: Record<string, number> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** `512M`, `4G`: a number of bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  if (!match) throw new InvalidArgumentError('It takes a size such as 512M or 4G.');
  return Math.floor(Number(match[1]) * UNITS[match[2].toUpperCase()]);
}

/** `12`: a whole number. */
export function parseWhole(text: string): number {
  if (/^[+-]?\d+$/.test(text.trim())) return Number(text);
  throw new InvalidArgumentError('It takes a whole number.');
}

/** `8`: a number of threads. */
export function parseThreads(text: string): number {
  const threads = parseWhole(text);
  if (threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new InvalidArgumentError(`It takes a whole number from 1 to ${MOST_THREADS}.`);
}

/** A number. @param example a number to show in the error message. */
export function parseNumber(example: string): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`It takes a number, such as ${example}.`);
  };
}

/** `1_11,11_1`: a list of names. */
export function parseNames(text: string): string[] {
  return text.split(',').map(name => name.trim());
}

/** `0.7,0.3`: numbers. */
export function parseNumbers(text: string): number[] {
  const numbers = text.split(',').map(part => (part.trim() === '' ? NaN : Number(part)));
  if (numbers.every(Number.isFinite)) return numbers;
  throw new InvalidArgumentError('It takes numbers with commas between, such as 0.7,0.3.');
}

/** `0,0,1`: thresholds of the orders from 1 up. */
export function parseThresholds(text: string): number[] {
  if (/^\d+(,\d+)*$/.test(text.trim())) return text.split(',').map(Number);
  throw new InvalidArgumentError('It takes thresholds for the orders from 1 up, such as 0,0,1.');
}

/**
 * Turns `--prune 0 0 1`, the form of KenLM's `lmplz`, into `--prune 0,0,1`: whole numbers after the flag are thresholds. A file
 * whose name is a number must be given as `./1`.
 */
export function joinThresholds(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < args.length;) {
    let arg = args[at++];
    if (arg === '--') return [...joined, arg, ...args.slice(at)];
    if (arg === '--prune' && at < args.length) {
      joined.push(arg);
      arg = args[at++];
    } else if (!arg.startsWith('--prune=')) {
      joined.push(arg);
      continue;
    }
    while (/\d$/.test(arg) && /^\d+$/.test(args[at] ?? '')) arg += `,${args[at++]}`;
    joined.push(arg);
  }
  return joined;
}

/** Flags of `select` that take a word and, behind it, a number. */
const WORD_AND_NUMBER = ['--keep', '--sample'];

/** `--keep lowest 0.3` becomes `--keep lowest:0.3`, since a flag takes one value. */
export function joinShares(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [arg, word, number] = [args[at], args[at + 1], args[at + 2]] as (string | undefined)[];
    if (arg === '--') return [...joined, ...args.slice(at)];
    joined.push(arg ?? '');
    if (!WORD_AND_NUMBER.includes(arg ?? '') || !/^[a-z]+$/.test(word ?? '') || !/^[\d.]+$/.test(number ?? ''))
      continue;
    joined.push(`${word}:${number}`);
    at += 2;
  }
  return joined;
}

/** `2-5` or `1,3,5`: orders. */
export function parseOrders(text: string): number[] {
  return text.split(',').flatMap(part => {
    const [, from, to = from] = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    // Checked here although the library checks orders, too: 1-999999999 is not written out.
    if (!(first >= 1 && first <= last && last <= MAX_ORDER)) {
      throw new InvalidArgumentError(`It takes orders from 1 to ${MAX_ORDER}, such as 2-5 or 3,5.`);
    }
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** `glm5,mkn5`: two names. */
export function parsePair(text: string): [string, string] {
  const [first, second, ...rest] = parseNames(text);
  if (first && second && rest.length === 0) return [first, second];
  throw new InvalidArgumentError('It takes two names, such as glm5,mkn5.');
}
