import { open } from 'node:fs/promises';
import { parquetMetadataAsync, parquetSchema, type FileMetaData, type SchemaTree } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
// Internal modules of the package, because its public functions return the first page only when all pages of a row group are decoded.
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import type { PageHeader } from 'hyparquet/src/types.js';
import { KneserError } from '../../base/errors.js';
import { PieceBuilder } from './corpus.js';
import { FileWindow } from './file-window.js';
import { checkPage, unpackPage } from './parquet-page.js';
import type { ReadPiece } from './reading-thread.js';

/** The largest page, in bytes and in values; a larger one is refused as damaged. Writers make pages of about 1 MB. */
const MOST_PAGE_BYTES = 1 << 28;
const MOST_PAGE_VALUES = 1 << 24;

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
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const window = new FileWindow(file, size);
    const metadata = await parquetMetadataAsync({
      byteLength: size,
      slice: async (start, end = size) => (await window.copy(start, end)).buffer,
    });
    const schema = parquetSchema(metadata);
    const node = textColumn(path, schema, column);
    const builder = new PieceBuilder();
    let skipped = 0;
    const piece = (read: number): ReadPiece => {
      const taken = { ...builder.take(), read, skipped };
      skipped = 0;
      return taken;
    };
    let rows = 0;
    for await (const { values, end } of columnPages(window, metadata, schema, node)) {
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

/** A decoded page, valid until the next one. */
interface Page {
  /** A value for each row: its text as a Uint8Array; any other value stands for a row without text. */
  readonly values: ArrayLike<unknown> & Iterable<unknown>;
  /** The offset in the file behind the page, in bytes. */
  readonly end: number;
}

/** The values of a column, page by page. Before each page comes one without values, so that progress is reported before the decoding. */
async function* columnPages(
  window: FileWindow,
  metadata: FileMetaData,
  schema: SchemaTree,
  node: SchemaTree,
): AsyncGenerator<Page> {
  const parsers = { ...DEFAULT_PARSERS, stringFromBytes: (bytes: Uint8Array) => bytes };
  for (const { columns, num_rows } of metadata.row_groups) {
    const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema.join('\n') === node.element.name);
    if (!chunk?.meta_data) throw new Error('a row group lacks the column');
    // The footer stores the type of each of its numbers, so in a damaged footer the type may be another one.
    if (typeof num_rows !== 'bigint') throw new Error('a row group lacks its number of rows');
    const { type, codec, dictionary_page_offset, data_page_offset, total_compressed_size } = chunk.meta_data;
    const { element } = node;
    const path = [schema, node];
    const decoder = { pathInSchema: node.path, type, element, schemaPath: path, codec, parsers, compressors };
    let at = Number(dictionary_page_offset || data_page_offset);
    const end = at + Number(total_compressed_size);
    let dictionary: Uint8Array[] | undefined;
    let rows = 0;
    while (rows < num_rows && at < end) {
      const { header, length } = await readHeader(window, at, end);
      const size = header.compressed_page_size;
      const valueCount = (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)
        ?.num_values;
      if (!isWithin(size, MOST_PAGE_BYTES) || !isWithin(header.uncompressed_page_size, MOST_PAGE_BYTES)) {
        throw new Error(`a page has ${header.uncompressed_page_size} bytes`);
      }
      if (!isWithin(valueCount ?? 0, MOST_PAGE_VALUES)) throw new Error(`a page has ${valueCount} values`);
      // A copy, because readPage needs the page in a buffer of its own.
      const bytes = await window.copy(at + length, at + length + size);
      at += length + size;
      yield { values: [], end: at };
      const page = unpackPage(bytes, header, decoder);
      checkPage(page, header, element, MOST_PAGE_BYTES);
      const plainHeader = { ...header, compressed_page_size: page.length, uncompressed_page_size: page.length };
      const reader = { view: new DataView(page.buffer, page.byteOffset, page.length), offset: 0 };
      const { data = [] } = readPage(
        reader,
        plainHeader,
        { ...decoder, codec: 'UNCOMPRESSED' },
        dictionary,
        undefined,
        0,
      );
      if (header.type === 'DICTIONARY_PAGE') {
        dictionary = Array.from(data as Uint8Array[], entry => entry.slice());
      } else {
        rows += data.length;
        yield { values: data, end: at };
      }
    }
    if (BigInt(rows) !== num_rows) throw new Error(`a row group has ${rows} rows instead of ${num_rows}`);
  }
}

function isWithin(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}

/**
 * The header of the page at `at`, and the header's length in bytes. The length is known only when the header is read, so the
 * window grows until the header fits: its statistics may be long.
 */
async function readHeader(
  window: FileWindow,
  at: number,
  end: number,
): Promise<{ header: PageHeader; length: number }> {
  for (let most = 1 << 12; ; most *= 16) {
    const bytes = await window.view(at, Math.min(end, at + most));
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
    try {
      return { header: parquetHeader(reader), length: reader.offset };
    } catch (error) {
      if (at + most >= end || most > MOST_PAGE_BYTES) throw error;
    }
  }
}
