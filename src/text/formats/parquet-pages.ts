import type { SchemaTree } from 'hyparquet';
import { KneserError } from '../../base/errors.js';
import { PieceBuilder } from './corpus.js';
import { bytePages, openParquet } from './parquet-column.js';
import type { ReadPiece } from './reading-thread.js';

/** A piece of text that reaches this length, in bytes, ends even within a page, because a small page can repeat long texts of its dictionary. */
const PIECE_BYTES = 1 << 22;

/**
 * The text of a Parquet file: in each row the value of one column is a document, of one or more lines. Before a page is decoded, an
 * empty piece tells where the page ends in the file.
 *
 * @param skipMissing whether rows without a value are left out and counted, rather than refused.
 * @throws KNESER_INPUT_PARQUET if the column is missing or is not text, or a row has no text; the operating system's error; other
 * errors for damaged data.
 */
export async function* readPages(path: string, column: string, skipMissing: boolean): AsyncGenerator<ReadPiece> {
  const file = await openParquet(path);
  try {
    const node = textColumn(path, file.schema, column);
    const builder = new PieceBuilder();
    let skipped = 0;
    const piece = (read: number): ReadPiece => {
      const taken = { ...builder.take(), read, skipped };
      skipped = 0;
      return taken;
    };
    let rows = 0;
    for await (const { values, end } of bytePages(file, node)) {
      for (const value of values) {
        rows++;
        if (value instanceof Uint8Array) builder.addBytes(value);
        else if (skipMissing) skipped++;
        else throw noText(path, rows, column);
        if (builder.size >= PIECE_BYTES) yield piece(end);
      }
      yield piece(end);
    }
  } finally {
    await file.close();
  }
}

function noText(path: string, row: number, column: string): KneserError {
  return new KneserError(
    'KNESER_INPUT_PARQUET',
    `${path}, row ${row}: there is no text in the column ${column}; leave such rows out with missing: 'skip' (--missing skip)`,
  );
}

/** The column of this name. @throws KNESER_INPUT_PARQUET if it is missing or does not hold strings */
function textColumn(path: string, schema: SchemaTree, column: string): SchemaTree {
  const isText = ({ children, element }: SchemaTree): boolean => {
    const { type, repetition_type, converted_type, logical_type } = element;
    return (
      children.length === 0 &&
      type === 'BYTE_ARRAY' &&
      repetition_type !== 'REPEATED' &&
      (converted_type === undefined || converted_type === 'UTF8') &&
      (logical_type === undefined || logical_type.type === 'STRING')
    );
  };
  const found = schema.children.find(({ element }) => element.name === column);
  if (found && isText(found)) return found;
  const names = schema.children.filter(isText).map(({ element }) => element.name);
  throw new KneserError(
    'KNESER_INPUT_PARQUET',
    `${path}: ${found ? `the column ${column} is not text` : `there is no column ${column}`}; ` +
      (names.length > 0
        ? `name another with column (--column): ${names.join(', ')}`
        : 'no column of this file is text'),
  );
}
