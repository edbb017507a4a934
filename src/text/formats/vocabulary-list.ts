import { KneserError } from '../../base/errors.js';
import { nameSeparators } from '../names.js';
import { decode } from '../surface.js';
import { BOS_WORD, EOS_WORD, splitTokens } from '../tokens.js';
import { readRecognized } from './bytes.js';
import { TextWatch } from './text-watch.js';

/** The largest list, in bytes: all of it is in memory at once. */
const MOST_BYTES = 1 << 29;

const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const EPSILON = '<eps>';

/** A line of a list that is not blank. */
interface Line {
  /** Its position in the file, from 1. */
  readonly at: number;
  /** Its columns: separated by tabs or, in a line without a tab, by white space. */
  readonly fields: readonly string[];
}

/**
 * Reads the words of a vocabulary list.
 *
 * Input: the path of a file in one of these forms, which docs/formats.md describes:
 *
 *     the                words separated by white space: a word a line, or any text
 *     the 17             a word and a number on every line: an id (Kaldi), a count, or a score (SentencePiece)
 *     17 the             a number and a word on every line: counts of `uniq -c`
 *     {"the": 17}        vocab.json: words to ids; or an array of words
 *     {"model": …}       tokenizer.json: its tokens
 *
 * Output: the words, without `<s>` and `</s>` and, in a list with `<eps>`, without Kaldi's symbols (`<eps>`, `#0`, `#1` …). Order:
 * as in the file.
 *
 * @throws KNESER_INPUT_VOCABULARY for other forms, by line; KNESER_INPUT_EMPTY for a file without words; KNESER_LIMIT, and
 * KNESER_INPUT_* of reading.
 */
export async function readVocabularyList(path: string): Promise<string[]> {
  const text = await readWhole(path);
  const listed = /^\s*[{[]/.test(text)
    ? (wordsOfJson(path, text) ?? wordsOfLines(path, text))
    : wordsOfLines(path, text);
  const isKaldi = listed.includes(EPSILON);
  const words = listed.filter(
    word => word !== BOS_WORD && word !== EOS_WORD && !(isKaldi && (word === EPSILON || /^#\d+$/.test(word))),
  );
  if (words.length === 0) throw new KneserError('KNESER_INPUT_EMPTY', `${path}: the vocabulary list holds no words`);
  return words;
}

async function readWhole(path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const watch = new TextWatch(path);
  for await (const chunk of readRecognized(path, {}, ['json'])) {
    watch.check(chunk);
    chunks.push(chunk.slice());
    length += chunk.length;
    if (length > MOST_BYTES) {
      throw new KneserError(
        'KNESER_LIMIT',
        `${path}: a vocabulary list has at most ${MOST_BYTES >> 20} MB; is this one?`,
      );
    }
  }
  return decode(Buffer.concat(chunks));
}

function wordsOfLines(path: string, text: string): string[] {
  const lines = linesOf(text);
  const refuse = (line: Line, reason: string): never => {
    throw new KneserError('KNESER_INPUT_VOCABULARY', `${path}, line ${line.at}: ${reason}`);
  };
  const numbered = lines.filter(isNumbered);
  if (2 * numbered.length < lines.length || numbered.length === 0) {
    const comma = lines.filter(
      ({ fields }) => fields.length === 1 && /^[^,]*[^,\d.][^,]*,[+-]?\d+(\.\d+)?$/.test(fields[0]),
    );
    if (2 * comma.length > lines.length) {
      refuse(
        comma[0],
        `a comma separates a word from a number (${quote(comma[0])}); write words alone, or a tab between`,
      );
    }
    return lines.flatMap(({ fields }) => fields.flatMap(splitTokens));
  }
  const [first] = numbered;
  for (const line of lines) {
    if (!isNumbered(line))
      refuse(line, `${quote(line)} has no column of numbers, as line ${first.at} has (${quote(first)})`);
    if (line.fields.length > 2)
      refuse(line, `${quote(line)} has ${line.fields.length} columns; a word and a number are read`);
  }
  const isNumber = (column: number): boolean => lines.every(({ fields }) => NUMBER.test(fields[column]));
  const numbers = isNumber(1) ? 1 : 0;
  if (isNumber(0) && isNumber(1))
    refuse(first, `${quote(first)} has two numbers, of which either may be the word; write words alone`);
  if (!isNumber(numbers)) {
    const other = lines.find(({ fields }) => NUMBER.test(fields[0]) !== NUMBER.test(first.fields[0])) ?? first;
    refuse(other, `${quote(other)} has its number in another column than line ${first.at} (${quote(first)})`);
  }
  return lines.map(line => {
    const word = line.fields[1 - numbers];
    if (splitTokens(word).length !== 1) refuse(line, `${JSON.stringify(word)} is not one word`);
    return word;
  });
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  text.split('\n').forEach((line, i) => {
    const fields = line.includes('\t')
      ? line
          .split('\t')
          .map(field => splitTokens(field).join(' '))
          .filter(field => field !== '')
      : splitTokens(line);
    if (fields.length > 0) lines.push({ at: i + 1, fields });
  });
  return lines;
}

/** Whether a line has columns of numbers beside one of words, or of numbers alone. */
function isNumbered({ fields }: Line): boolean {
  return fields.length > 1 && fields.filter(field => !NUMBER.test(field)).length <= 1;
}

function quote({ fields }: Line): string {
  const text = fields.slice(0, 4).join(' ');
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** The words of JSON; `undefined` for text that only begins like JSON. */
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

/** The words of an object of words and ids, of an array of words, of an array of words with scores, or of a tokenizer.json. */
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

/** The line at which JSON breaks off, from 1. The engine names the position in its message, or the end of the text. */
function jsonErrorLine(text: string, error: unknown): number {
  const position = /position (\d+)/.exec(String(error))?.[1];
  return text.slice(0, position === undefined ? text.length : Number(position)).split('\n').length;
}
