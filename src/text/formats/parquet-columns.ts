import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import type { ParquetType } from 'hyparquet';
import type { PageHeader, SchemaElement } from 'hyparquet/src/types.js';
import { KneserError } from '../../base/errors.js';
import { bytePages, MOST_PAGE_BYTES, openParquet, packedPages, type OpenParquet } from './parquet-column.js';
import { checkPage, unpackPage } from './parquet-page.js';

/** The kind of a column: whole numbers of 32 bits without sign, whole numbers up to 2^53 − 1, or byte strings. */
export type ColumnKind = 'count' | 'sum' | 'bytes';

/** The values of a column in some rows: `Uint32Array` for `count`, `Float64Array` for `sum`, byte strings for `bytes`. */
export type ColumnValues = Uint32Array | Float64Array | readonly Uint8Array[];

/** Some rows of a file, valid until the next ones. */
export interface Rows {
  readonly length: number;
  /** By column, in the order asked for, the values of the rows. */
  readonly columns: readonly ColumnValues[];
}

/**
 * Columns of a Parquet file side by side. For each column, memory holds one page (about 1 MB), its dictionary and a window of the file
 * (1 MB or one page), however many rows a row group has: the public functions of hyparquet decode a group at once, and Spark writes groups
 * of more than a million rows.
 *
 * - Input: a file, and the names and kinds of columns, none of which may lack a value.
 * - Output: rows in the order of the file. Each yield ends where the first of the columns' current pages ends.
 *
 * @throws KNESER_INPUT_PARQUET for a column that is missing, of another type, or in an encoding that is not read; KNESER_LIMIT for a number
 * that is too large for its kind; the operating system's error; other errors for damaged data.
 */
export async function* readColumns(
  path: string,
  columns: readonly { readonly name: string; readonly kind: ColumnKind }[],
): AsyncGenerator<Rows> {
  const file = await openParquet(path);
  try {
    const names = file.schema.children.map(({ element }) => element.name).join(', ');
    const pages = columns.map(({ name, kind }) => {
      const node = file.schema.children.find(({ element }) => element.name === name);
      if (!node) throw columnFault(path, `there is no column ${name}, only ${names}`);
      const { type, repetition_type } = node.element;
      const types: readonly (ParquetType | undefined)[] = kind === 'bytes' ? ['BYTE_ARRAY'] : ['INT32', 'INT64'];
      if (!types.includes(type) || node.children.length > 0 || repetition_type === 'REPEATED') {
        const found = `${type ?? 'a group'} (${repetition_type})`;
        throw columnFault(
          path,
          `the column ${name} is ${found}, but must be ${types.join(' or ')} with one value a row`,
        );
      }
      return kind === 'bytes' ? byteValues(file, node, name) : numberPages(file, node, kind, path);
    });
    yield* sideBySide(pages, Number(file.metadata.num_rows));
  } finally {
    await file.close();
  }
}

/** The error for a column that is not read, although the file may be whole. */
function columnFault(path: string, reason: string): KneserError {
  return new KneserError('KNESER_INPUT_PARQUET', `${path}: ${reason}`);
}

/** @param columns the values of each column, page by page. */
async function* sideBySide(columns: readonly AsyncGenerator<ColumnValues>[], rows: number): AsyncGenerator<Rows> {
  const pages = columns.map((): ColumnValues => []);
  const used = columns.map(() => 0);
  let done = 0;
  while (done < rows) {
    let length = rows - done;
    for (let c = 0; c < columns.length; c++) {
      while (used[c] === pages[c].length) {
        const { value, done: isOver } = (await columns[c].next()) as IteratorResult<ColumnValues, undefined>;
        if (isOver) throw new Error(`a column has fewer rows than the ${rows} of the file`);
        pages[c] = value;
        used[c] = 0;
      }
      length = Math.min(length, pages[c].length - used[c]);
    }
    const values = pages.map((page, c) => {
      const [from, to] = [used[c], used[c] + length];
      return ArrayBuffer.isView(page) ? (page as Uint32Array).subarray(from, to) : page.slice(from, to);
    });
    for (let c = 0; c < columns.length; c++) used[c] += length;
    done += length;
    yield { length, columns: values };
  }
}

type SchemaNode = OpenParquet['schema'];

async function* byteValues(file: OpenParquet, node: SchemaNode, name: string): AsyncGenerator<ColumnValues> {
  for await (const { values } of bytePages(file, node)) {
    const bytes = Array.from(values, value => {
      if (value instanceof Uint8Array) return value;
      throw new Error(`the column ${name} lacks a value`);
    });
    if (bytes.length > 0) yield bytes;
  }
}

async function* numberPages(
  file: OpenParquet,
  node: SchemaNode,
  kind: 'count' | 'sum',
  path: string,
): AsyncGenerator<ColumnValues> {
  const { element } = node;
  let dictionary: Numbers | undefined;
  for await (const { header, bytes, decoder, isFirst } of packedPages(file, node)) {
    if (isFirst) dictionary = undefined;
    const page = unpackPage(bytes, header, decoder);
    checkPage(page, header, element, MOST_PAGE_BYTES);
    try {
      if (header.type === 'DICTIONARY_PAGE') {
        const values = newNumbers(kind, header.dictionary_page_header?.num_values ?? 0);
        readPlain(page, 0, decoder.type, values);
        dictionary = values;
        continue;
      }
      const values = newNumbers(kind, numbersOf(header));
      readNumbers(page, header, element, decoder.type, dictionary, values);
      if (values.length > 0) yield values;
    } catch (error) {
      if (error instanceof UnknownEncoding) {
        throw columnFault(
          path,
          `kneser does not read numbers in the encoding ${error.message}, which the column ${element.name} has; write them as PLAIN, with a dictionary or as DELTA_BINARY_PACKED`,
        );
      }
      if (!(error instanceof TooLarge)) throw error;
      const most = kind === 'count' ? 2 ** 32 - 1 : Number.MAX_SAFE_INTEGER;
      throw new KneserError(
        'KNESER_LIMIT',
        `${path}: the column ${element.name} holds ${error.message}, and a model holds whole numbers from 0 to ${most.toLocaleString('en')} there`,
      );
    }
  }
}

type Numbers = Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

function newNumbers(kind: 'count' | 'sum', length: number): Numbers {
  return kind === 'count' ? new Uint32Array(length) : new Float64Array(length);
}

/** A number that its column cannot hold. The message is the number. */
class TooLarge extends Error {}

/** An encoding that {@link readNumbers} does not know. The message is its name. */
class UnknownEncoding extends Error {}

function numbersOf({ data_page_header: first, data_page_header_v2: second }: PageHeader): number {
  return (first ?? second)?.num_values ?? 0;
}

/** Fills `to` with the `to.length` numbers of a data page. */
function readNumbers(
  page: Uint8Array,
  header: PageHeader,
  element: SchemaElement,
  type: ParquetType,
  dictionary: Numbers | undefined,
  to: Numbers,
): void {
  const at = skipLevels(page, header, element);
  const encoding = (header.data_page_header ?? header.data_page_header_v2)?.encoding;
  if (encoding === undefined) throw new Error('a page lacks its encoding');
  if (encoding === 'PLAIN') readPlain(page, at, type, to);
  else if (encoding.endsWith('_DICTIONARY')) readIndices(page, at, dictionary ?? to.subarray(0, 0), to);
  else if (encoding === 'DELTA_BINARY_PACKED') {
    const values = type === 'INT64' ? new BigInt64Array(to.length) : new Int32Array(to.length);
    deltaBinaryUnpack({ view: viewOf(page), offset: at }, to.length, values);
    for (let i = 0; i < to.length; i++) put(to, i, Number(values[i]));
  } else throw new UnknownEncoding(encoding);
}

/** The offset of the values of a page, behind its levels, which must say that each row has a value. */
function skipLevels(page: Uint8Array, header: PageHeader, element: SchemaElement): number {
  const { data_page_header_v2: second } = header;
  if (second) {
    if (second.num_nulls > 0) throw new Error(`the column ${element.name} lacks a value`);
    return second.repetition_levels_byte_length + second.definition_levels_byte_length;
  }
  if (element.repetition_type !== 'OPTIONAL') return 0;
  const view = viewOf(page);
  const length = view.getUint32(0, true);
  const levels = new Uint8Array(numbersOf(header));
  readRleBitPackedHybrid({ view, offset: 4 }, 1, levels, length);
  if (levels.includes(0)) throw new Error(`the column ${element.name} lacks a value`);
  return 4 + length;
}

/** Numbers of 4 or 8 bytes, little-endian with a sign. */
function readPlain(page: Uint8Array, at: number, type: ParquetType, to: Numbers): void {
  const { length } = to;
  const size = type === 'INT64' ? 8 : 4;
  if (at + size * length > page.length) {
    throw new Error(
      `a page of ${page.length} bytes is too short for ${length} numbers of ${size} bytes from byte ${at} on`,
    );
  }
  const halves = new Int32Array(page.slice(at, at + size * length).buffer);
  if (size === 4) {
    for (let i = 0; i < length; i++) put(to, i, halves[i]);
  } else {
    for (let i = 0; i < length; i++) put(to, i, halves[2 * i + 1] * 2 ** 32 + (halves[2 * i] >>> 0));
  }
}

/** Numbers as indices of a dictionary. */
function readIndices(page: Uint8Array, at: number, dictionary: Numbers, to: Numbers): void {
  const { length } = to;
  const view = viewOf(page);
  const width = view.getUint8(at);
  const indices = new Uint32Array(length);
  if (width > 0) readRleBitPackedHybrid({ view, offset: at + 1 }, width, indices, page.length - at - 1);
  const size = dictionary.length;
  for (let i = 0; i < length; i++) {
    const index = indices[i];
    if (index >= size) throw new Error(`a page refers to index ${index} of a dictionary of ${size} numbers`);
    to[i] = dictionary[index];
  }
}

function put(to: Numbers, at: number, value: number): void {
  to[at] = value;
  if (to[at] === value && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return;
  throw value < 0 ? new Error(`a number below 0, ${value}`) : new TooLarge(String(value));
}

function viewOf(page: Uint8Array): DataView {
  return new DataView(page.buffer, page.byteOffset, page.length);
}
