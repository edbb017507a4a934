import { open } from 'node:fs/promises';
import { parquetMetadataAsync, parquetSchema, type FileMetaData, type SchemaTree } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
// Inner modules of the package: its public functions decode all pages of a row group before they return the first.
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import type { PageHeader } from 'hyparquet/src/types.js';
import { KneserError } from '../../base/errors.js';
import { PieceBuilder } from './corpus.js';
import { FileWindow } from './file-window.js';
import { checkPage, unpackPage } from './parquet-page.js';
import type { ReadPiece } from './reading-thread.js';

/** The largest page, in bytes and in rows; a larger one is refused as damaged. Writers make pages of about 1 MB. */
const MOST_PAGE_BYTES = 1 << 28;
const MOST_PAGE_ROWS = 1 << 24;

/** A piece of text ends at this length, in bytes, even within a page: a small page can repeat long texts of its dictionary. */
const PIECE_BYTES = 1 << 22;

/**
 * The text of a Parquet file. The value of one column in each row is a document, of one or more lines. An empty piece comes
 * before each page is decoded: it says where the page ends in the file.
 *
 * @param skipMissing whether rows without a value are left out and counted, rather than refused.
 * @throws KNESER_INPUT_PARQUET for a column that is no text; the operating system's error; other errors for damaged data.
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

/** The column of that name; it must hold strings. */
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
    `${path}: ${found ? `the column ${column} is no text` : `there is no column ${column}`}; ` +
      (names.length > 0
        ? `name another with column (--column): ${names.join(', ')}`
        : 'no column of this file is text'),
  );
}

/** The values of a page and its end in the file. A value that is no Uint8Array has no text. Valid until the next page. */
interface Page {
  readonly values: ArrayLike<unknown> & Iterable<unknown>;
  readonly end: number;
}

/** The values of a column, page by page. An empty page comes before each, so that progress is reported while it is decoded. */
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
    // The footer itself says the type of each of its numbers: a damaged one may be of another type.
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
      const values = (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)
        ?.num_values;
      if (!isWithin(size, MOST_PAGE_BYTES) || !isWithin(header.uncompressed_page_size, MOST_PAGE_BYTES)) {
        throw new Error(`a page of ${header.uncompressed_page_size} bytes`);
      }
      if (!isWithin(values ?? 0, MOST_PAGE_ROWS)) throw new Error(`a page of ${values} rows`);
      // A copy: readPage needs the page in a buffer of its own.
      const bytes = await window.copy(at + length, at + length + size);
      at += length + size;
      yield { values: [], end: at };
      const page = unpackPage(bytes, header, decoder);
      checkPage(page, header, element, MOST_PAGE_BYTES);
      const plain = { ...header, compressed_page_size: page.length, uncompressed_page_size: page.length };
      const reader = { view: new DataView(page.buffer, page.byteOffset, page.length), offset: 0 };
      const { data = [] } = readPage(reader, plain, { ...decoder, codec: 'UNCOMPRESSED' }, dictionary, undefined, 0);
      if (header.type === 'DICTIONARY_PAGE') {
        dictionary = Array.from(data as Uint8Array[], word => word.slice());
      } else {
        rows += data.length;
        yield { values: data, end: at };
      }
    }
    if (BigInt(rows) !== num_rows) throw new Error(`${rows} rows in a group of ${num_rows}`);
  }
}

function isWithin(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}

/** A page's header and its length in bytes, which is known only when it is read: the statistics in it may be long. */
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
