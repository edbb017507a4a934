import { KneserError } from '../base/errors.js';
import type { NgramCount, WordCount } from '../tools/counts.js';
import { print } from './output.js';

/** Flags of the commands that list the words or n-grams of a model with their counts. */
export interface ListFlags {
  readonly json?: boolean | undefined;
}

/** Lines are collected up to this many UTF-16 code units, and printed together. */
const CHUNK = 1 << 16;

/** Characters that separate tokens in a line of output, and so must not be inside one. */
const SEPARATORS = /[\0\t\n\v\f\r ]/;

/** Prints n-grams, a line each: the tokens separated by spaces, a tab, the count. @throws KNESER_OPTION, see {@link field} */
export function printNgrams(model: string, ngrams: AsyncIterable<NgramCount>, { json }: ListFlags): Promise<void> {
  return printLines(ngrams, json, ({ ngram, count }) => {
    let line = field(model, ngram[0]);
    for (let i = 1; i < ngram.length; i++) line += ' ' + field(model, ngram[i]);
    return `${line}\t${count}`;
  });
}

/** Prints words, a line each: the word, a tab, the count; the word alone without a count. @throws KNESER_OPTION, see {@link field} */
export function printWords(model: string, words: AsyncIterable<WordCount>, { json }: ListFlags): Promise<void> {
  return printLines(words, json, ({ word, count }) => field(model, word) + (count === null ? '' : `\t${count}`));
}

async function printLines<T>(
  items: AsyncIterable<T>,
  json: boolean | undefined,
  format: (item: T) => string,
): Promise<void> {
  let text = '';
  for await (const item of items) {
    text += (json ? JSON.stringify(item) : format(item)) + '\n';
    if (text.length < CHUNK) continue;
    await print(text);
    text = '';
  }
  await print(text);
}

/** A token as a field of a line. @throws KNESER_OPTION for a token that is empty or contains white space */
function field(model: string, token: string): string {
  if (token !== '' && !SEPARATORS.test(token)) return token;
  throw new KneserError(
    'KNESER_OPTION',
    `${model}: the word ${JSON.stringify(token)} contains white space, so a line cannot show where it ends; pass --json`,
  );
}
