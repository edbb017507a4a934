import { KneserError } from '../../base/errors.js';
import { nameSeparators } from '../names.js';
import { BOS_WORD, EOS_WORD, splitTokens } from '../tokens.js';
import { readWholeText } from './whole-text.js';

/** The largest list, in bytes: the whole list is in memory at once. */
const MOST_BYTES = 1 << 29;

const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const EPSILON = '<eps>';

/** A line of a list, with at least one column. */
interface Line {
  /** The line's number in the file, from 1. */
  readonly at: number;
  /** The columns, which tabs separate or, in a line without a tab, white space. */
  readonly columns: readonly string[];
}

/**
 * Reads the words of a vocabulary list.
 *
 * Input: the path of a file in one of these forms, which docs/formats.md describes:
 *
 *     the                words separated by white space: one on each line, or any text
 *     the 17             a word and a number on every line: an id (Kaldi), a count, or a score (SentencePiece)
 *     17 the             a number and a word on every line: counts of `uniq -c`
 *     {"the": 17}        vocab.json: words to ids; or an array of words
 *     {"model": …}       tokenizer.json: its tokens
 *
 * Output: the words in the order of the file, without `<s>` and `</s>` and, in a list with `<eps>`, without Kaldi's symbols (`<eps>`,
 * `#0`, `#1` …).
 *
 * @param what a noun for messages.
 * @throws KNESER_INPUT_VOCABULARY for another form, with the line's number; KNESER_INPUT_EMPTY for a file without words;
 * KNESER_LIMIT for a file of more than 512 MB; KNESER_INPUT_* if the file cannot be read.
 */
export async function readVocabularyList(path: string, what = 'vocabulary list'): Promise<string[]> {
  const text = await readWholeText(path, what, MOST_BYTES, ['json']);
  const listed = /^\s*[{[]/.test(text)
    ? (wordsOfJson(path, text) ?? wordsOfLines(path, text))
    : wordsOfLines(path, text);
  const isKaldi = listed.includes(EPSILON);
  const words = listed.filter(
    word => word !== BOS_WORD && word !== EOS_WORD && !(isKaldi && (word === EPSILON || /^#\d+$/.test(word))),
  );
  if (words.length === 0) throw new KneserError('KNESER_INPUT_EMPTY', `${path}: the ${what} holds no words`);
  return words;
}

/** The words of a list that is not JSON: the column beside the numbers if half of the lines have numbers, else all words. */
function wordsOfLines(path: string, text: string): string[] {
  const lines = linesOf(text);
  const refuse = (line: Line, reason: string): never => {
    throw new KneserError('KNESER_INPUT_VOCABULARY', `${path}, line ${line.at}: ${reason}`);
  };
  const numbered = lines.filter(isNumbered);
  if (2 * numbered.length < lines.length || numbered.length === 0) {
    const comma = lines.filter(
      ({ columns }) => columns.length === 1 && /^[^,]*[^,\d.][^,]*,[+-]?\d+(\.\d+)?$/.test(columns[0]),
    );
    if (2 * comma.length > lines.length) {
      refuse(
        comma[0],
        `a comma separates a word from a number (${quote(comma[0])}); leave the numbers out, or write a tab instead`,
      );
    }
    return lines.flatMap(({ columns }) => columns.flatMap(splitTokens));
  }
  const [first] = numbered;
  for (const line of lines) {
    if (!isNumbered(line))
      refuse(line, `${quote(line)} has no column of numbers, but line ${first.at} has one (${quote(first)})`);
    if (line.columns.length > 2)
      refuse(
        line,
        `${quote(line)} has ${line.columns.length} columns; write a word and a number on each line, or words alone`,
      );
  }
  const isNumber = (column: 0 | 1): boolean => lines.every(({ columns }) => NUMBER.test(columns[column]));
  const numberColumn = isNumber(1) ? 1 : 0;
  if (isNumber(0) && isNumber(1))
    refuse(first, `${quote(first)} has two numbers, and either may be the word; leave the numbers out`);
  if (!isNumber(numberColumn)) {
    const other = lines.find(({ columns }) => NUMBER.test(columns[0]) !== NUMBER.test(first.columns[0])) ?? first;
    refuse(other, `${quote(other)} has its number in another column than line ${first.at} (${quote(first)})`);
  }
  return lines.map(line => {
    const word = line.columns[1 - numberColumn];
    if (splitTokens(word).length !== 1) refuse(line, `${JSON.stringify(word)} is not one word`);
    return word;
  });
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  text.split('\n').forEach((line, i) => {
    const columns = line.includes('\t')
      ? line
          .split('\t')
          .map(column => splitTokens(column).join(' '))
          .filter(column => column !== '')
      : splitTokens(line);
    if (columns.length > 0) lines.push({ at: i + 1, columns });
  });
  return lines;
}

/** Whether all columns of a line are numbers, or all but one; false for a line of one column. */
function isNumbered({ columns }: Line): boolean {
  return columns.length > 1 && columns.filter(column => !NUMBER.test(column)).length <= 1;
}

/** The first four columns of a line, cut to 40 characters, for messages. */
function quote({ columns }: Line): string {
  const text = columns.slice(0, 4).join(' ');
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** The words of a list in JSON; `undefined` for a text that begins with a bracket or brace but is not JSON. */
function wordsOfJson(path: string, text: string): string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // A list may begin with the token `{` or `[`.
    if (!/^\s*(\{\s*"|\[\s*["[{])/.test(text)) return undefined;
    const line = jsonErrorLine(text, error);
    throw new KneserError(
      'KNESER_INPUT_VOCABULARY',
      `${path}, line ${line}: not JSON, though the file begins like JSON`,
      {
        cause: error,
      },
    );
  }
  const words = tokensOf(value);
  if (words) return words.map(nameSeparators);
  if (typeof value !== 'object' || value === null) return undefined;
  throw new KneserError(
    'KNESER_INPUT_VOCABULARY',
    `${path}, line 1: JSON, but neither an object of words and ids, an array of words, nor a tokenizer.json`,
  );
}

/**
 * The words of `{WORD: ID}`, of `[WORD]`, of `[[WORD, SCORE]]` or of a tokenizer.json, its added tokens included; `undefined` for any
 * other value.
 */
function tokensOf(value: unknown): string[] | undefined {
  if (Array.isArray(value)) {
    const words = value.map((item: unknown) => (Array.isArray(item) ? (item[0] as unknown) : item));
    return words.every(word => typeof word === 'string') ? words : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { model, added_tokens: added } = value as { readonly model?: unknown; readonly added_tokens?: unknown };
  if (typeof model === 'object' && model !== null && 'vocab' in model) {
    const tokens = tokensOf(model.vocab);
    const contents = Array.isArray(added) ? added.map(token => (token as { content?: unknown } | null)?.content) : [];
    return tokens && [...new Set([...tokens, ...contents.filter(content => typeof content === 'string')])];
  }
  const ids = Object.values(value);
  return ids.length > 0 && ids.every(id => typeof id === 'number') ? Object.keys(value) : undefined;
}

/** The number of the line that is not JSON, from 1: at the position in the engine's message or, without one, the last line. */
function jsonErrorLine(text: string, error: unknown): number {
  const position = /position (\d+)/.exec(String(error))?.[1];
  return text.slice(0, position === undefined ? text.length : Number(position)).split('\n').length;
}
