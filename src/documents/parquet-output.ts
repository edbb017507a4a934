import { ByteWriter, ParquetWriter, type BasicType } from 'hyparquet-writer';
import { checkAborted, KneserError } from '../base/errors.js';
import { decode } from '../text/surface.js';
import { membersOf } from './member.js';
import { writeChunks } from './output.js';
import type { RecordAt } from './stream.js';

/** The most rows of a row group. */
const GROUP_ROWS = 10_000;
/** A row group ends when its records have this many bytes of JSON. */
const GROUP_BYTES = 1 << 25;

/**
 * The kind of a member's values. A `long` is an integer that a double cannot hold. `text` is the unchanged JSON of a value, for numbers that
 * no column type can hold.
 */
type Kind = 'string' | 'boolean' | 'integer' | 'long' | 'number' | 'json' | 'text';

const TYPES: Readonly<Record<Kind, BasicType>> = {
  string: 'STRING',
  boolean: 'BOOLEAN',
  integer: 'INT64',
  long: 'INT64',
  number: 'DOUBLE',
  json: 'JSON',
  text: 'STRING',
};

/** A row: a record of the input, and the figures that are added to it. */
export interface ParquetRow {
  /** The record's JSON in UTF-8. */
  readonly source: Uint8Array;
  readonly figures: object;
}

/** Half of a surrogate pair. */
const HALF_PAIR = /\p{Surrogate}/u;

/** Collects the columns of a table from its records. */
export class Columns {
  /** By name of a member, the kind of its values; `undefined` while all of them were `null`. */
  private readonly kinds = new Map<string, Kind | undefined>();
  /** Number of strings with half a surrogate pair, which UTF-8 cannot hold: it becomes U+FFFD. */
  broken = 0;

  /** Takes the members of a record into account. @throws KNESER_INPUT_JSON for a member that is there twice */
  look({ line, place }: Pick<RecordAt, 'line' | 'place'>): void {
    const names = new Set<string>();
    for (const [name, raw] of membersOf(decode(line))) {
      if (names.has(name)) {
        throw new KneserError(
          'KNESER_INPUT_JSON',
          `${place()}: the member ${JSON.stringify(name)} is there twice, which a row of Parquet cannot hold; write .jsonl, which keeps both`,
        );
      }
      names.add(name);
      if (raw.startsWith('"') && raw.includes('\\u') && HALF_PAIR.test(JSON.parse(raw) as string)) this.broken++;
      const kind = kindOf(raw);
      const known = this.kinds.get(name);
      this.kinds.set(name, kind === undefined ? known : known === undefined ? kind : common(known, kind));
    }
  }

  /** The names and kinds of the columns, in the sequence in which the members first came. A member that is always `null` becomes a string. */
  get all(): readonly (readonly [name: string, kind: Kind])[] {
    return [...this.kinds].map(([name, kind]) => [name, kind ?? 'string'] as const);
  }
}

/** The kind of a value, given as JSON; `undefined` for `null`. */
function kindOf(raw: string): Kind | undefined {
  if (raw === 'null') return undefined;
  if (raw.startsWith('"')) return 'string';
  if (raw === 'true' || raw === 'false') return 'boolean';
  if (raw.startsWith('{') || raw.startsWith('[')) return isHeld(raw) ? 'json' : 'text';
  if (/^-?\d{1,19}$/.test(raw) && raw !== '-0' && BigInt.asIntN(64, BigInt(raw)) === BigInt(raw))
    return Number.isSafeInteger(Number(raw)) ? 'integer' : 'long';
  return isHeld(raw) ? 'number' : 'text';
}

/** Whether JavaScript can hold all numbers of a JSON text without loss, and all members of its objects: of repeated ones it keeps the last. */
function isHeld(raw: string): boolean {
  const plain = raw.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  if (plain.split(':').length - 1 !== membersIn(JSON.parse(raw))) return false;
  // The library that writes Parquet loses members of this name.
  if (raw.includes('__proto__')) return false;
  const numbers = plain.match(/-?\d[\d.eE+-]*/g) ?? [];
  return numbers.every(number => {
    const value = Number(number);
    // A list or object is written as JSON again, which has no −0.
    if (Object.is(value, -0) && raw !== number) return false;
    const digits = scientific(number);
    // As many digits of the double as the text has.
    const most = Math.max(1, digits.indexOf('e'));
    if (!Number.isFinite(value) || most > 17) return false;
    // Where two decimals are equally near, `toPrecision` takes the higher one, and the shortest form may be the lower one.
    return scientific(value.toPrecision(most)) === digits || scientific(String(value)) === digits;
  });
}

/** A decimal number as its digits, without zeros at either end, and the exponent of the last one: equal for equal numbers. */
function scientific(number: string): string {
  const [mantissa, exponent = '0'] = number.toLowerCase().replace(/^-/, '').split('e');
  const [whole, fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** The number of members of all objects in a value. */
function membersIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value);
  return inner.reduce<number>((sum, one) => sum + membersIn(one), Array.isArray(value) ? 0 : inner.length);
}

/** The kind of a column that has values of two kinds. */
function common(a: Kind, b: Kind): Kind {
  if (a === b) return a;
  const both = [a, b];
  const areOf = (...kinds: Kind[]): boolean => both.every(kind => kinds.includes(kind));
  if (areOf('integer', 'number')) return 'number';
  if (areOf('integer', 'long')) return 'long';
  return both.includes('text') || both.includes('long') ? 'text' : 'json';
}

/** The value of a column for a member's JSON. */
function cell(raw: string | undefined, kind: Kind): unknown {
  if (raw === undefined || raw === 'null') return undefined;
  if (kind === 'text') return raw;
  return kind === 'integer' || kind === 'long' ? BigInt(raw) : (JSON.parse(raw) as unknown);
}

/** The figures by name of their column: `path` and the names of the members that lead to the figure, with dots between them. */
function flat(figures: object, path: string): [string, unknown][] {
  return Object.entries(figures).flatMap(([name, value]: [string, unknown]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? flat(value, `${path}.${name}`)
      : [[`${path}.${name}`, value]],
  );
}

/** The names of the figures that are whole numbers. */
const COUNTS = new Set(['sentences', 'tokens', 'oov']);

function kindOfFigure(path: string, value: unknown): Kind {
  if (typeof value === 'string') return 'string';
  if (Array.isArray(value)) return 'json';
  return COUNTS.has(path.slice(path.lastIndexOf('.') + 1)) ? 'integer' : 'number';
}

/**
 * Writes records with figures to a Parquet file, completely or not at all. The file has one column for each member, and one for each
 * figure, such as `kneser.perplexity`.
 *
 * @param columns the columns of all records.
 * @param as the first part of the names of the figures' columns.
 * @throws KNESER_OPTION if a member has the name of such a column; KNESER_DISK_FULL, KNESER_IO, and the errors that `rows` throws
 */
export function writeParquet(
  path: string,
  rows: AsyncIterable<readonly ParquetRow[]>,
  columns: Columns,
  as: string,
  signal?: AbortSignal,
): Promise<void> {
  return writeChunks(path, parquetChunks(rows, columns, as, signal), false);
}

async function* parquetChunks(
  rows: AsyncIterable<readonly ParquetRow[]>,
  columns: Columns,
  as: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const own = columns.all;
  const taken = own.find(([name]) => name === as || name.startsWith(`${as}.`));
  if (taken) {
    throw new KneserError(
      'KNESER_OPTION',
      `as: there is already a column ${taken[0]}; give the figures another name (--as NAME)`,
    );
  }
  const bytes = new ByteWriter();
  const take = (): Uint8Array => {
    const chunk = bytes.getBytes().slice();
    bytes.index = 0;
    return chunk;
  };
  let writer: ParquetWriter | undefined;
  let figures: [string, Kind][] = [];
  let group: ParquetRow[] = [];
  let size = 0;
  const flush = (): void => {
    if (!writer) {
      figures = (group.length > 0 ? flat(group[0].figures, as) : []).map(([name, value]) => [
        name,
        kindOfFigure(name, value),
      ]);
      writer = new ParquetWriter({ writer: bytes, schema: schemaOf([...own, ...figures]) });
    }
    if (group.length === 0) return;
    const members = group.map(({ source }) => new Map(membersOf(decode(source))));
    const values = group.map(row => new Map(flat(row.figures, as)));
    const columnData = [
      ...own.map(([name, kind]) => ({ name, data: members.map(record => cell(record.get(name), kind)) })),
      ...figures.map(([name, kind]) => ({ name, data: values.map(record => figureCell(record.get(name), kind)) })),
    ];
    void writer.write({ columnData, rowGroupSize: group.length });
    group = [];
    size = 0;
  };
  for await (const some of rows) {
    checkAborted(signal, 'writing documents');
    for (const row of some) {
      group.push(row);
      size += row.source.length;
      if (group.length < GROUP_ROWS && size < GROUP_BYTES) continue;
      flush();
      yield take();
    }
  }
  flush();
  await writer?.finish();
  yield take();
}

/** The value of a figure's column. */
function figureCell(value: unknown, kind: Kind): unknown {
  if (value === null || value === undefined) return undefined;
  return kind === 'integer' ? BigInt(value as number) : value;
}

/** The schema of a file in which every column may have missing values. */
function schemaOf(columns: readonly (readonly [name: string, kind: Kind])[]): SchemaElements {
  const elements = columns.map(([name, kind]) => {
    const type = TYPES[kind];
    const physical = type === 'STRING' || type === 'JSON' ? 'BYTE_ARRAY' : type;
    const converted = type === 'STRING' ? 'UTF8' : type === 'JSON' ? 'JSON' : undefined;
    return {
      name,
      type: physical,
      repetition_type: 'OPTIONAL',
      ...(converted ? { converted_type: converted } : {}),
    };
  });
  return [{ name: 'root', num_children: columns.length }, ...elements] as SchemaElements;
}

type SchemaElements = ConstructorParameters<typeof ParquetWriter>[0]['schema'];
