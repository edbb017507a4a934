import { once } from 'node:events';
import { standard } from '../base/node/standard-streams.js';
import { replacedWarning, skippedWarning } from '../text/formats/corpus.js';

export { bytes, figure, whole } from '../report/figures.js';

/** Writes text to standard output, and waits until its reader can take more. */
export async function print(text: string): Promise<void> {
  if (!standard.stdout.write(text)) await once(standard.stdout, 'drain');
}

/** Writes bytes to standard output, as {@link print} writes text. */
export async function printBytes(bytes: Uint8Array): Promise<void> {
  if (!standard.stdout.write(bytes)) await once(standard.stdout, 'drain');
}

/** Writes a warning to standard error. */
export function warn(warning: string): void {
  standard.stderr.write(`kneser: warning: ${warning}\n`);
}

/** Warns of invalid UTF-8 in the text that was read, if there was any. */
export function warnOfReplaced(sequences: number): void {
  if (sequences > 0) warn(replacedWarning(sequences));
}

/** Warns of documents that were left out with `--missing skip`, if there were any. */
export function warnOfSkipped(documents: number): void {
  if (documents > 0) warn(skippedWarning(documents));
}

/** The number of array entries that {@link printJsonLine} writes together. */
const PIECE_ENTRIES = 8192;

/**
 * Writes an object as a line of JSON without holding the whole line in memory: arrays and typed arrays are written piece by piece.
 *
 * @param end stands after the object.
 */
export async function printJsonLine(object: Readonly<Record<string, unknown>>, end = '\n'): Promise<void> {
  let text = '{';
  let separator = '';
  for (const [name, value] of Object.entries(object)) {
    text += `${separator}${JSON.stringify(name)}:`;
    separator = ',';
    const list = ArrayBuffer.isView(value) ? (value as unknown as ArrayLike<number>) : value;
    if (!isList(list)) {
      text += JSON.stringify(value);
      continue;
    }
    text += '[';
    for (let from = 0; from < list.length; from += PIECE_ENTRIES) {
      const piece = Array.from({ length: Math.min(PIECE_ENTRIES, list.length - from) }, (_, i) => list[from + i]);
      text += (from > 0 ? ',' : '') + JSON.stringify(piece).slice(1, -1);
      if (list.length > PIECE_ENTRIES) {
        await print(text);
        text = '';
      }
    }
    text += ']';
  }
  await print(`${text}}${end}`);
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

/** Prints a table. The first column is aligned to the left, the other columns, which are mostly numbers, to the right. */
export async function printTable(head: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
  const { default: Table } = await import('cli-table3');
  const outer = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const inner = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  const table = new Table({
    head: [...head],
    chars: { ...Object.fromEntries([...outer, ...inner].map(name => [name, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
  });
  table.push(...rows.map(row => [...row]));
  await print(table.toString().replace(/ +$/gm, '') + '\n');
}
