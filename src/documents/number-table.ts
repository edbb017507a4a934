import { KneserError } from '../base/errors.js';
import { LineReader } from '../text/formats/lines.js';

/** A table with a head, whose rows are a name and numbers. */
export interface NumberTable {
  readonly head: readonly string[];
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** Reads a table (TSV, also packed): a row of names, and rows of a name and numbers. @throws KNESER_INPUT_TABLE, KNESER_INPUT_* */
export async function readTable(path: string): Promise<NumberTable> {
  let head: string[] | undefined;
  const rows: { name: string; values: number[] }[] = [];
  const lineOf = new Map<string, number>();
  let line = 0;
  for await (const text of new LineReader(path).lines()) {
    line++;
    const [name, ...cells] = text.replace(/\r$/, '').split('\t');
    if (!head) {
      head = [name, ...cells];
      checkHead(path, head);
      continue;
    }
    if (cells.length !== head.length - 1)
      throw tableError(path, `line ${line} has ${cells.length + 1} columns, and the head ${head.length}`);
    const before = lineOf.get(name);
    if (before !== undefined) throw tableError(path, `lines ${before} and ${line} have one name, ${name}`);
    lineOf.set(name, line);
    rows.push({ name, values: numbersOf(path, line, cells, head) });
  }
  if (!head || rows.length === 0) throw tableError(path, 'there are no rows below the head');
  return { head, rows };
}

function checkHead(path: string, head: readonly string[]): void {
  if (head.length === 1) throw tableError(path, 'line 1 has one column; a tab separates columns');
  const twice = head.find((name, i) => head.indexOf(name) !== i);
  if (twice !== undefined) throw tableError(path, `two columns have one name, ${twice}`);
}

function numbersOf(path: string, line: number, cells: readonly string[], head: readonly string[]): number[] {
  const values = cells.map(cell => (cell.trim() === '' ? NaN : Number(cell)));
  const wrong = values.findIndex(value => !Number.isFinite(value));
  if (wrong >= 0)
    throw tableError(path, `line ${line}, ${head[wrong + 1]}: ${JSON.stringify(cells[wrong])} is not a number`);
  return values;
}

/** Reads a table of one number for each name. @throws KNESER_INPUT_TABLE, KNESER_INPUT_* */
export async function readNumbers(path: string): Promise<ReadonlyMap<string, number>> {
  const { head, rows } = await readTable(path);
  if (head.length > 2)
    throw tableError(path, `has ${head.length} columns, and not two: a name and a number; leave out the others`);
  return new Map(rows.map(({ name, values }) => [name, values[0]]));
}

/** The error that a table is wrong. */
export function tableError(path: string, problem: string): KneserError {
  return new KneserError('KNESER_INPUT_TABLE', `${path}: ${problem}`);
}
