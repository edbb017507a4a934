import { open, type FileHandle } from 'node:fs/promises';
import { parquetMetadataAsync, parquetSchema, type FileMetaData, type SchemaTree } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
// Inner modules of the package: its public functions decode all pages of a row group before they return the first.
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import type { ColumnDecoder, PageHeader } from 'hyparquet/src/types.js';
import { FileWindow } from './file-window.js';
import { checkPage, unpackPage } from './parquet-page.js';

/** The largest page, in bytes and in rows; a larger one is refused as damaged. Writers make pages of about 1 MB. */
export const MOST_PAGE_BYTES = 1 << 28;
const MOST_PAGE_ROWS = 1 << 24;

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
    // The footer itself says the type of each of its numbers: a damaged one may be of another type.
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
        throw new Error(`a page of ${header.uncompressed_page_size} bytes`);
      }
      if (!isWithin(values ?? 0, MOST_PAGE_ROWS)) throw new Error(`a page of ${values} rows`);
      // A copy: readPage needs the page in a buffer of its own.
      const bytes = await window.copy(at + length, at + length + size);
      at += length + size;
      rows += data?.num_values ?? 0;
      yield { header, bytes, decoder, end: at, isFirst };
    }
    if (BigInt(rows) !== num_rows) throw new Error(`${rows} rows in a group of ${num_rows}`);
  }
}

/** The values of a page and its end in the file. A value that is no Uint8Array is missing. Valid until the next page. */
export interface BytePage {
  readonly values: ArrayLike<unknown> & Iterable<unknown>;
  readonly end: number;
}

/** The values of a column of byte strings, page by page. An empty page comes before each, so that progress is reported while it is decoded. */
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
      dictionary = Array.from(data as Uint8Array[], word => word.slice());
    } else {
      const { num_values } = header.data_page_header ?? header.data_page_header_v2 ?? { num_values: 0 };
      if (data.length !== num_values) throw new Error(`${data.length} rows in a page of ${num_values}`);
      yield { values: data, end };
    }
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
