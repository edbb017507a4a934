import { InvalidArgumentError, Option } from 'commander';
import type { DocumentOptions } from '../text/formats/documents.js';

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

/** `0,0,1`: whole numbers. */
export function parseThresholds(text: string): number[] {
  if (/^\d+(,\d+)*$/.test(text.trim())) return text.split(',').map(Number);
  throw new InvalidArgumentError('It takes thresholds for the orders from 1 up, such as 0,0,1.');
}

/** A number above 0. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError('It takes a number above 0, such as 1e-8.');
}

/** `2-5` or `1,3,5`: orders. */
export function parseOrders(text: string): number[] {
  const orders = text.split(',').flatMap(part => {
    const [, from, to = from] = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    return first >= 1 && last <= 12 && first <= last
      ? Array.from({ length: last - first + 1 }, (_, i) => first + i)
      : [NaN];
  });
  if (orders.includes(NaN)) throw new InvalidArgumentError('It takes orders from 1 to 12, such as 2-5 or 3,5.');
  return orders;
}

/** `glm5,mkn5`: two names. */
export function parseModels(text: string): [string, string] {
  const [first, second, ...rest] = text.split(',').map(name => name.trim());
  if (first && second && rest.length === 0) return [first, second];
  throw new InvalidArgumentError('It takes two names, such as glm5,mkn5.');
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

/** The options that say which words a model knows: `VocabularyFlags`. */
export function vocabularyOptions(): Option[] {
  return [
    new Option('--vocab <file>', 'count only the words of this file, all others as <unk>').conflicts([
      'vocabLimit',
      'unkBelow',
    ]),
    new Option('--vocab-limit <n>', 'keep the n most frequent words')
      .argParser(parseWhole(1))
      .conflicts(['vocab', 'unkBelow']),
    new Option('--unk-below <n>', 'count words seen fewer than n times as <unk>')
      .argParser(parseWhole(1))
      .conflicts(['vocab', 'vocabLimit']),
  ];
}

/** The options that say how text becomes sentences and tokens: `TokenizationFlags`. */
export function tokenizationOptions(): Option[] {
  return [
    new Option(
      '--tokenizer <what>',
      'what tokens are, here and when scoring: whitespace, words, characters, bytes, or the path of a tokenizer.json',
    ).default('whitespace'),
    new Option('--locale <tag>', 'language for words and for sentences that are segmented (default: en)'),
    new Option('--sentences <where>', 'lines are sentences, or are cut into sentences')
      .choices(['lines', 'segment'])
      .default('lines'),
    new Option('--normalize <form>', 'Unicode normalisation of the text').choices(['NFC', 'NFKC']),
  ];
}

/** Where the text of files is, without what was not given. */
export function documentOptions({ field, column }: DocumentOptions): DocumentOptions {
  return { ...(field === undefined ? {} : { field }), ...(column === undefined ? {} : { column }) };
}
