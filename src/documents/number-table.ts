import { readFile } from 'node:fs/promises';
import { KneserError, readError } from '../base/errors.js';

/** A table with a head, whose rows are a name and numbers. */
export interface NumberTable {
  readonly head: readonly string[];
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** Reads a table (TSV): a row of names, and rows of a name and numbers. @throws KNESER_INPUT_TABLE, KNESER_INPUT_* */
export async function readTable(path: string): Promise<NumberTable> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw readError(path, error);
  });
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const [head = [], ...others] = lines.map(line => line.split('\t'));
  const rows = others.map(([name, ...cells], i) => {
    if (cells.length !== head.length - 1 || cells.length === 0) {
      throw tableError(path, `line ${i + 2} has ${cells.length + 1} columns, and the head ${head.length}`);
    }
    const values = cells.map(cell => (cell.trim() === '' ? NaN : Number(cell)));
    const wrong = values.findIndex(value => !Number.isFinite(value));
    if (wrong >= 0)
      throw tableError(path, `line ${i + 2}, ${head[wrong + 1]}: ${JSON.stringify(cells[wrong])} is not a number`);
    return { name, values };
  });
  if (rows.length === 0) throw tableError(path, 'there are no rows below the head');
  return { head, rows };
}

/** The error that a table is wrong. */
export function tableError(path: string, problem: string): KneserError {
  return new KneserError('KNESER_INPUT_TABLE', `${path}: ${problem}`);
}
