import { InvalidArgumentError } from 'commander';
import { MOST_THREADS } from '../base/check.js';
import { MAX_ORDER } from '../tables/pattern.js';

/**
 * Functions that read the values of flags. Each turns the text of a value into the form that the library takes, and refuses text of
 * another form. The library checks whether a number is in range.
 */

const WHOLE = /^[+-]?\d+$/;
const UNITS: Record<string, number> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Reads a size, such as `512M` or `4G`. @returns the size in bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  if (!match) throw new InvalidArgumentError('It takes a size such as 512M or 4G.');
  const bytes = Math.floor(Number(match[1]) * UNITS[match[2].toUpperCase()]);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('It takes a size below 8192T.');
}

/** Reads a whole number, such as `12`. */
export function parseWhole(text: string): number {
  if (WHOLE.test(text.trim())) return exact(text);
  throw new InvalidArgumentError('It takes a whole number.');
}

/** A whole number of which no digit is lost: the library could only name the nearest double. */
export function exact(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It takes a whole number between -2^53 and 2^53.');
}

/** Reads a number of threads, such as `8`. */
export function parseThreads(text: string): number {
  const threads = WHOLE.test(text.trim()) ? Number(text) : NaN;
  if (threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new InvalidArgumentError(`It takes a whole number from 1 to ${MOST_THREADS}.`);
}

/** Makes a function that reads a number. @param example a number to show in the error message. */
export function parseNumber(example: string): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`It takes a number, such as ${example}.`);
  };
}

/** Reads a list of names, such as `1_11,11_1`. */
export function parseNames(text: string): string[] {
  return text.split(',').map(name => name.trim());
}

/** Reads a list of numbers, such as `0.7,0.3`. */
export function parseNumbers(text: string): number[] {
  const numbers = text.split(',').map(part => (part.trim() === '' ? NaN : Number(part)));
  if (numbers.every(Number.isFinite)) return numbers;
  throw new InvalidArgumentError('It takes numbers separated by commas, such as 0.7,0.3.');
}

/** Reads the thresholds of the orders from 1 up, such as `0,0,1`. */
export function parseThresholds(text: string): number[] {
  if (/^\d+(,\d+)*$/.test(text.trim())) return text.split(',').map(exact);
  throw new InvalidArgumentError('It takes thresholds for the orders from 1 up, such as 0,0,1.');
}

/** Reads one number of classes, or a list of them, such as `300,100`. */
export function parseSizes(text: string): number | number[] {
  if (/^\d+$/.test(text.trim())) return exact(text);
  if (/^\d+(,\d+)*$/.test(text.trim())) return text.split(',').map(exact);
  throw new InvalidArgumentError('It takes a number of classes, or several, such as 300,100.');
}

/**
 * Turns `--prune 0 0 1`, as KenLM's `lmplz` takes it, into `--prune 0,0,1`: all whole numbers after the flag are thresholds. So a file
 * whose name is a number must be given as `./1` there.
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

/** Flags of `select` that take a word and a number. */
const WORD_AND_NUMBER = ['--keep', '--sample'];

/** Turns `--keep lowest 0.3` into `--keep lowest:0.3`, since a flag takes one value. */
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

/** Reads orders, such as `2-5` or `1,3,5`. */
export function parseOrders(text: string): number[] {
  return text.split(',').flatMap(part => {
    const [, from, to = from] = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    // The range is checked here, too, so that 1-999999999 does not become a list of that length.
    if (!(first >= 1 && first <= last && last <= MAX_ORDER)) {
      throw new InvalidArgumentError(`It takes orders from 1 to ${MAX_ORDER}, such as 2-5 or 3,5.`);
    }
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** Reads two names, such as `glm5,mkn5`. */
export function parsePair(text: string): [string, string] {
  const [first, second, ...rest] = parseNames(text);
  if (first && second && rest.length === 0) return [first, second];
  throw new InvalidArgumentError('It takes two names, such as glm5,mkn5.');
}
