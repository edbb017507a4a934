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
  /** The end in the file of the last page that was read [bytes]. */
  readonly end: number;
}

/**
 * Columns of a Parquet file side by side. One page of each column (about 1 MB) is in memory, however many rows a row group has: the
 * public functions of hyparquet decode a group at once, and Spark writes groups of more than a million rows.
 *
 * - Input: a file, and the names and kinds of columns, none of which may lack a value.
 * - Output: rows, as many at a time as the pages of all columns have in common.
 * - Rows come in the order of the file.
 *
 * @throws KNESER_LIMIT for a number that is too large for its kind; the operating system's error; other errors for damaged data.
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
      if (!node) throw new Error(`there is no column ${name}, only ${names}`);
      const { type, repetition_type } = node.element;
      const fits = kind === 'bytes' ? type === 'BYTE_ARRAY' : type === 'INT32' || type === 'INT64';
      if (!fits || node.children.length > 0 || repetition_type === 'REPEATED') {
        throw new Error(`the column ${name} is of type ${type ?? 'group'}`);
      }
      return kind === 'bytes' ? byteValues(file, node, name) : numberPages(file, node, kind, path);
    });
    yield* sideBySide(pages, Number(file.metadata.num_rows));
  } finally {
    await file.close();
  }
}

/** A page of a column: its values, and its end in the file. */
interface Page {
  readonly values: ColumnValues;
  readonly end: number;
}

async function* sideBySide(columns: readonly AsyncGenerator<Page>[], rows: number): AsyncGenerator<Rows> {
  const pages: (Page | undefined)[] = columns.map(() => undefined);
  const used = columns.map(() => 0);
  let [done, end] = [0, 0];
  while (done < rows) {
    let length = rows - done;
    for (let c = 0; c < columns.length; c++) {
      while (!pages[c] || used[c] === pages[c]?.values.length) {
        const { value, done: isOver } = (await columns[c].next()) as IteratorResult<Page, undefined>;
        if (isOver) throw new Error(`a column has fewer rows than the ${rows} of the file`);
        pages[c] = value;
        used[c] = 0;
        end = Math.max(end, value.end);
      }
      length = Math.min(length, (pages[c]?.values.length ?? 0) - used[c]);
    }
    const values = pages.map((page, c) => {
      const all = page?.values ?? [];
      const [from, to] = [used[c], used[c] + length];
      return ArrayBuffer.isView(all) ? (all as Uint32Array).subarray(from, to) : (all as Uint8Array[]).slice(from, to);
    });
    for (let c = 0; c < columns.length; c++) used[c] += length;
    done += length;
    yield { length, columns: values, end };
  }
}

type SchemaNode = OpenParquet['schema'];

async function* byteValues(file: OpenParquet, node: SchemaNode, name: string): AsyncGenerator<Page> {
  for await (const { values, end } of bytePages(file, node)) {
    const bytes = Array.from(values, value => {
      if (value instanceof Uint8Array) return value;
      throw new Error(`the column ${name} lacks a value`);
    });
    if (bytes.length > 0) yield { values: bytes, end };
  }
}

async function* numberPages(
  file: OpenParquet,
  node: SchemaNode,
  kind: 'count' | 'sum',
  path: string,
): AsyncGenerator<Page> {
  const { element } = node;
  let dictionary: Numbers | undefined;
  for await (const { header, bytes, decoder, end, isFirst } of packedPages(file, node)) {
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
      if (values.length > 0) yield { values, end };
    } catch (error) {
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

function numbersOf({ data_page_header: first, data_page_header_v2: second }: PageHeader): number {
  return (first ?? second)?.num_values ?? 0;
}

/** Reads the numbers of a data page. @param to gets them; its length is their number. */
function readNumbers(
  page: Uint8Array,
  header: PageHeader,
  element: SchemaElement,
  type: ParquetType,
  dictionary: Numbers | undefined,
  to: Numbers,
): void {
  const at = skipLevels(page, header, element);
  const { encoding } = header.data_page_header ?? header.data_page_header_v2 ?? { encoding: '' };
  if (encoding === 'PLAIN') readPlain(page, at, type, to);
  else if (encoding.endsWith('_DICTIONARY')) readIndices(page, at, dictionary ?? to.subarray(0, 0), to);
  else if (encoding === 'DELTA_BINARY_PACKED') {
    const values = type === 'INT64' ? new BigInt64Array(to.length) : new Int32Array(to.length);
    deltaBinaryUnpack({ view: viewOf(page), offset: at }, to.length, values);
    for (let i = 0; i < to.length; i++) put(to, i, Number(values[i]));
  } else throw new Error(`numbers in the encoding ${encoding}`);
}

/** The offset of the values of a page, behind its levels, which must say that each row has a value. */
function skipLevels(page: Uint8Array, header: PageHeader, element: SchemaElement): number {
  const { data_page_header_v2: second } = header;
  if (element.repetition_type !== 'OPTIONAL' && !second) return 0;
  const view = viewOf(page);
  let [begin, end] = [4, 0];
  if (second) {
    if (second.num_nulls > 0) throw new Error(`the column ${element.name} lacks a value`);
    begin = second.repetition_levels_byte_length;
    end = begin + second.definition_levels_byte_length;
  } else end = 4 + view.getUint32(0, true);
  if (second) return end;
  const levels = new Uint8Array(numbersOf(header));
  readRleBitPackedHybrid({ view, offset: begin }, 1, levels, end - begin);
  if (levels.includes(0)) throw new Error(`the column ${element.name} lacks a value`);
  return end;
}

/** Numbers of 4 or 8 bytes, little-endian with a sign. */
function readPlain(page: Uint8Array, at: number, type: ParquetType, to: Numbers): void {
  const { length } = to;
  const size = type === 'INT64' ? 8 : 4;
  if (at + size * length > page.length) throw new Error(`${length} numbers in a page of ${page.length} bytes`);
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
    if (index >= size) throw new Error(`a dictionary of ${size} numbers lacks number ${index}`);
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
