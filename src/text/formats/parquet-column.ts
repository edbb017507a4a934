import { open, type FileHandle } from 'node:fs/promises';
import { parquetMetadataAsync, parquetSchema, type FileMetaData, type SchemaTree } from 'hyparquet';
import { compressors } from './parquet-compressors.js';
// Internal modules of the package, because its public functions return the first page only when all pages of a row group are decoded.
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import type { ColumnDecoder, PageHeader } from 'hyparquet/src/types.js';
import { FileWindow } from './file-window.js';
import { checkPage, unpackPage } from './parquet-page.js';

/** The largest page, in bytes and in values; a larger one is refused as damaged. Writers make pages of about 1 MB. */
export const MOST_PAGE_BYTES = 1 << 28;
const MOST_PAGE_VALUES = 1 << 24;

/** A Parquet file that is open: its metadata, which stand at its end. */
export interface OpenParquet {
  readonly size: number;
  readonly metadata: FileMetaData;
  readonly schema: SchemaTree;
  /** A window for reading one column. */
  window(): FileWindow;
  close(): Promise<void>;
}

/** Opens a file, and reads its metadata. @throws the operating system's error; other errors for damaged data. */
export async function openParquet(path: string): Promise<OpenParquet> {
  const file: FileHandle = await open(path);
  try {
    const { size } = await file.stat();
    const window = new FileWindow(file, size);
    const metadata = await parquetMetadataAsync({
      byteLength: size,
      slice: async (start, end = size) => (await window.copy(start, end)).buffer,
    });
    const schema = parquetSchema(metadata);
    return { size, metadata, schema, window: () => new FileWindow(file, size), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A page as it stands in the file, packed, and its end in the file. */
export interface PackedPage {
  readonly header: PageHeader;
  /** In a buffer of its own. */
  readonly bytes: Uint8Array;
  readonly decoder: ColumnDecoder;
  readonly end: number;
  /** Whether it is the first page of a row group. */
  readonly isFirst: boolean;
}

/** The pages of a column in the order of the file, of all row groups; the page of a dictionary comes before those that refer to it. */
export async function* packedPages(
  { metadata, schema, ...file }: OpenParquet,
  node: SchemaTree,
): AsyncGenerator<PackedPage> {
  const window = file.window();
  const parsers = { ...DEFAULT_PARSERS, stringFromBytes: (bytes: Uint8Array) => bytes };
  for (const { columns, num_rows } of metadata.row_groups) {
    const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema.join('\n') === node.element.name);
    if (!chunk?.meta_data) throw new Error('a row group lacks the column');
    // The footer stores the type of each of its numbers, so in a damaged footer the type may be another one.
    if (typeof num_rows !== 'bigint') throw new Error('a row group lacks its number of rows');
    const { type, codec, dictionary_page_offset, data_page_offset, total_compressed_size } = chunk.meta_data;
    const { element } = node;
    const decoder = { pathInSchema: node.path, type, element, schemaPath: [schema, node], codec, parsers, compressors };
    let at = Number(dictionary_page_offset || data_page_offset);
    const end = at + Number(total_compressed_size);
    let rows = 0;
    for (let isFirst = true; rows < num_rows && at < end; isFirst = false) {
      const { header, length } = await readHeader(window, at, end);
      const size = header.compressed_page_size;
      const data = header.data_page_header ?? header.data_page_header_v2;
      const values = (data ?? header.dictionary_page_header)?.num_values;
      if (!isWithin(size, MOST_PAGE_BYTES) || !isWithin(header.uncompressed_page_size, MOST_PAGE_BYTES)) {
        throw new Error(`a page has ${header.uncompressed_page_size} bytes`);
      }
      if (!isWithin(values ?? 0, MOST_PAGE_VALUES)) throw new Error(`a page has ${values} values`);
      // A copy, because readPage needs the page in a buffer of its own.
      const bytes = await window.copy(at + length, at + length + size);
      at += length + size;
      rows += data?.num_values ?? 0;
      yield { header, bytes, decoder, end: at, isFirst };
    }
    if (BigInt(rows) !== num_rows) throw new Error(`a row group has ${rows} rows instead of ${num_rows}`);
  }
}

/** A decoded page, valid until the next one. */
export interface BytePage {
  /** A value for each row: its bytes as a Uint8Array; any other value stands for a row without one. */
  readonly values: ArrayLike<unknown> & Iterable<unknown>;
  /** The offset in the file behind the page, in bytes. */
  readonly end: number;
}

/** The values of a column of byte strings, page by page. Before each page comes one without values, so that progress is reported before the decoding. */
export async function* bytePages(file: OpenParquet, node: SchemaTree): AsyncGenerator<BytePage> {
  let dictionary: Uint8Array[] | undefined;
  for await (const { header, bytes, decoder, end, isFirst } of packedPages(file, node)) {
    if (isFirst) dictionary = undefined;
    yield { values: [], end };
    const page = unpackPage(bytes, header, decoder);
    checkPage(page, header, node.element, MOST_PAGE_BYTES);
    const plain = { ...header, compressed_page_size: page.length, uncompressed_page_size: page.length };
    const reader = { view: new DataView(page.buffer, page.byteOffset, page.length), offset: 0 };
    const { data = [] } = readPage(reader, plain, { ...decoder, codec: 'UNCOMPRESSED' }, dictionary, undefined, 0);
    if (header.type === 'DICTIONARY_PAGE') {
      dictionary = Array.from(data as Uint8Array[], entry => entry.slice());
    } else {
      const { num_values } = header.data_page_header ?? header.data_page_header_v2 ?? { num_values: 0 };
      if (data.length !== num_values) throw new Error(`a page has ${data.length} values instead of ${num_values}`);
      yield { values: data, end };
    }
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
