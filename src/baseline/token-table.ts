import { figure } from '../report/figures.js';
import { KneserError } from '../base/errors.js';
import { LineReader } from '../text/formats/lines.js';

/**
 * The columns of the table of tokens, which do not depend on a model. The table is tab-separated and gzipped, with one line for each
 * token, like the table published with the One Billion Word benchmark. It lets others interpolate or compare their models with these.
 *
 * ```
 * file    sentence  position  token  count  oov  [document]  MODEL.log10Prob  MODEL.matched  … for each model
 * a.txt   1         1         the    120    0                -1.234567        2
 * ```
 *
 * `sentence` is the number of the sentence in the file, `position` the number of the token in the sentence, both from 1. `count` is the
 * number of occurrences in the training text, 0 for an OOV; `oov` is 0 or 1. The table has the column `document` if any text has
 * documents: the number of the document from 1, or 0 in a text without documents.
 */
export const TOKEN_COLUMNS = ['file', 'sentence', 'position', 'token', 'count', 'oov'] as const;

const PROBABILITY = '.log10Prob';
const MATCHED = '.matched';

/** The most characters of a line: the cells of a line take far more memory than its characters. */
const MOST_CHARACTERS = 1 << 25;

/** The smallest log10 p that is read: below it, the perplexity of the token would exceed the largest double. */
const LEAST_LOG10 = -308;

/** Decimals of log10 p in the table: rounding changes p by a factor of at most 1 + 1.2e-6. */
const DIGITS = 6;

/** The column that only tables of texts with documents have. */
export const DOCUMENT_COLUMN = 'document';

/** The names of the columns of a model. */
export function modelColumns(model: string): string[] {
  return [model + PROBABILITY, model + MATCHED];
}

/** Formats log10 p for the table. */
export function formatLog10Prob(value: number): string {
  return figure(value, DIGITS);
}

/** Formats text as a cell: tabs and line ends are replaced by their symbols, U+2409 to U+240D. */
export function cell(text: string): string {
  return text.replace(/[\t\n\v\f\r]/g, control => String.fromCharCode(0x2400 + control.charCodeAt(0)));
}

/** The columns, besides `MODEL.log10Prob`, that a table of another program needs for a comparison. */
export const ALIGNED_COLUMNS = ['sentence', 'position', 'token'] as const;

/** A line of a table. For a column that the table lacks, the value is 0, empty or false. */
export interface TokenRow {
  /** The line of the file, from 1 (the names of the columns). */
  readonly line: number;
  readonly file: string;
  /** Number of the document, from 1; 0 in a text without documents. */
  readonly document: number;
  readonly sentence: number;
  readonly position: number;
  readonly token: string;
  readonly count: number;
  readonly oov: boolean;
  /** The values by the models that `rows` was called with, in the same order. */
  readonly values: readonly TokenValue[];
}

/** The values of a token by one model. */
export interface TokenValue {
  readonly log10Prob: number;
  /** Length [tokens] of the n-gram that matched; `null` if the table lacks this column. */
  readonly matched: number | null;
}

/** Reads a table of tokens: `open` reads the names of the columns, then `rows` yields the other lines one by one. */
export class TokenTable {
  private constructor(
    readonly path: string,
    /** The names of the models in the table. */
    readonly models: readonly string[],
    /** The index of each column by name. */
    private readonly columns: ReadonlyMap<string, number>,
    private readonly lines: AsyncGenerator<string>,
  ) {}

  /**
   * @param required the columns that the table must have.
   * @throws KNESER_INPUT_*; KNESER_INPUT_TABLE if the first line does not name the columns.
   */
  static async open(path: string, required: readonly string[] = TOKEN_COLUMNS): Promise<TokenTable> {
    const lines = new LineReader(path).lines();
    try {
      const first = await lines.next();
      if (first.done) throw new KneserError('KNESER_INPUT_EMPTY', `${path}: the file is empty; name a table of tokens`);
      const names = splitCells(path, 1, first.value);
      return new TokenTable(path, ...readHead(path, names, required), lines);
    } catch (error) {
      await lines.return(undefined);
      throw error;
    }
  }

  /** Yields the rows, with the values by these models. @throws KNESER_INPUT_TABLE with the line, for a malformed line. */
  async *rows(models: readonly string[]): AsyncGenerator<TokenRow> {
    const { path, columns } = this;
    const indices = models.map(model => ({
      log10ProbAt: columns.get(model + PROBABILITY) ?? -1,
      matchedAt: columns.get(model + MATCHED),
    }));
    const [fileAt, tokenAt, oovAt] = ['file', 'token', 'oov'].map(name => columns.get(name) ?? -1);
    let line = 1;
    for await (const text of this.lines) {
      line++;
      const cells = splitCells(path, line, text);
      if (cells.length !== columns.size) {
        throw tableError(path, line, `it has ${cells.length} cells, but the table has ${columns.size} columns`);
      }
      const number = (name: string): number => {
        const at = columns.get(name);
        if (at === undefined) return 0;
        const value = /^\d+$/.test(cells[at]) ? Number(cells[at]) : NaN;
        if (Number.isSafeInteger(value)) return value;
        throw tableError(path, line, `${name}: ${quoted(cells[at])} is not a whole number`);
      };
      if (oovAt >= 0 && cells[oovAt] !== '0' && cells[oovAt] !== '1') {
        throw tableError(path, line, `oov: ${quoted(cells[oovAt])} is neither 0 nor 1`);
      }
      yield {
        line,
        file: cells[fileAt] ?? '',
        document: number(DOCUMENT_COLUMN),
        sentence: number('sentence'),
        position: number('position'),
        token: cells[tokenAt] ?? '',
        count: number('count'),
        oov: cells[oovAt] === '1',
        values: indices.map(({ log10ProbAt, matchedAt }, i) => {
          const cell = cells[log10ProbAt];
          const log10Prob = cell.trim() === '' ? NaN : Number(cell);
          // Where p is nearly 1, rounding can make log10 p a little larger than 0.
          if (!(log10Prob <= 1e-6 && log10Prob >= LEAST_LOG10)) {
            const name = models[i] + PROBABILITY;
            throw tableError(path, line, `${name}: ${quoted(cell)} is not the logarithm of a probability above 0`);
          }
          return { log10Prob, matched: matchedAt === undefined ? null : number(models[i] + MATCHED) };
        }),
      };
    }
  }

  async close(): Promise<void> {
    await this.lines.return(undefined);
  }
}

/** The error for a malformed line of a table. */
export function tableError(path: string, line: number, reason: string): KneserError {
  return new KneserError('KNESER_INPUT_TABLE', `${path}: line ${line}: ${reason}`);
}

/** The models and the columns of a table, from the names in its first line. @throws KNESER_INPUT_TABLE */
function readHead(
  path: string,
  names: readonly string[],
  required: readonly string[],
): [models: readonly string[], columns: ReadonlyMap<string, number>] {
  const columns = new Map(names.map((name, i) => [name, i]));
  const missing = required.find(name => !columns.has(name));
  const models = names.filter(name => name.endsWith(PROBABILITY)).map(name => name.slice(0, -PROBABILITY.length));
  if (missing === undefined && models.length > 0 && columns.size === names.length) return [models, columns];
  const reason =
    missing !== undefined
      ? `the column ${missing} is missing`
      : models.length === 0
        ? `there is no column MODEL${PROBABILITY}`
        : 'two columns have one name';
  throw tableError(path, 1, `${reason}; the first line names the columns, as kneser baseline writes them`);
}

function splitCells(path: string, number: number, line: string): string[] {
  if (line.length > MOST_CHARACTERS)
    throw tableError(path, number, `it is longer than ${MOST_CHARACTERS >> 20} MB; is this a table of tokens?`);
  return (line.endsWith('\r') ? line.slice(0, -1) : line).split('\t');
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? text.slice(0, 40) + '…' : text);
}
