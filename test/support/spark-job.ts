import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ByteWriter, parquetWrite, type ColumnSource } from 'hyparquet-writer';

/**
 * The folder that a Spark job leaves, made without Spark: tables counted from their definitions with sets of strings, and written as Parquet.
 */

export interface JobText {
  readonly sentences: readonly (readonly string[])[];
  readonly order: number;
  /** Skip patterns, as `1_11`. */
  readonly skip?: readonly string[];
  /** By order, the count up to which n-grams are dropped. */
  readonly prune?: readonly number[];
  /** The most words, and their least frequency. */
  readonly limit?: number;
  readonly atLeast?: number;
}

/** A table: the distances of its context, and rows of numbers: context, nearest word first, word, count. */
export interface JobTable {
  readonly distances: readonly number[];
  readonly rows: number[][];
  /** Before pruning: n-grams, the sum of their counts, how many have the count 1, 2, 3, 4. */
  readonly all?: readonly number[];
}

export interface CountedJob {
  readonly plan: object;
  /** By id from 1, without `<s>`. */
  readonly words: { readonly id: number; readonly word: string; readonly frequency: number }[];
  readonly tables: Readonly<Record<string, JobTable>>;
}

/** The distances that a pattern keeps, nearest word first. */
const distancesOf = (pattern: string): number[] =>
  Array.from({ length: pattern.length - 1 }, (_, at) => at + 1).filter(distance => pattern.at(-1 - distance) === '1');

const byNumbers = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
};

/** Adds one to a count. */
const bump = (counts: Map<string, number>, key: string, by = 1): void =>
  void counts.set(key, (counts.get(key) ?? 0) + by);

/** Counts a text. Patterns must be closed: a skip pattern comes with the patterns of its contexts. */
export function countJob({ sentences, order, skip = [], prune = [], limit = 0, atLeast = 1 }: JobText): CountedJob {
  const occurrences = new Map<string, number>();
  for (const word of sentences.flat()) bump(occurrences, word);
  const unk = occurrences.get('<unk>') ?? 0;
  occurrences.delete('<unk>');
  const ranked = [...occurrences].sort(([a, x], [b, y]) => y - x || Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const kept = ranked.filter(([, count]) => count >= atLeast).slice(0, limit || undefined);
  const lost =
    [...occurrences.values()].reduce((sum, count) => sum + count, unk) -
    kept.reduce((sum, [, count]) => sum + count, 0);
  const ids = new Map(kept.map(([word], at) => [word, at + 4]));
  const words = [
    { id: 1, word: '<unk>', frequency: lost },
    { id: 3, word: '</s>', frequency: sentences.length },
    ...kept.map(([word, frequency], at) => ({ id: at + 4, word, frequency })),
  ];
  // Each occurrence of a word with all words before it: w, c1, c2 …, 0 before <s>.
  const events = sentences.flatMap(sentence => {
    const line = [2, ...sentence.map(word => ids.get(word) ?? 1), 3];
    return line
      .slice(1)
      .map((w, at) => [
        w,
        ...Array.from({ length: order - 1 }, (_, d) => line.at(at - d < 0 ? line.length : at - d) ?? 0),
      ]);
  });
  const contiguous = Array.from({ length: order }, (_, level) => '1'.repeat(level + 1));
  const plan = { format: 1, order, patterns: [...contiguous, ...skip], prune, limit, atLeast, skipBlank: false };
  const tables: Record<string, JobTable> = {};
  if (order > 1) {
    for (const pattern of [...contiguous, ...skip]) tables[pattern] = countTable(events, pattern, order, prune);
  }
  return { plan, words, tables };
}

function countTable(events: readonly number[][], pattern: string, order: number, prune: readonly number[]): JobTable {
  const distances = distancesOf(pattern);
  const span = pattern.length - 1;
  const raw = new Map<string, number>();
  const longer = new Set<string>();
  for (const event of events) {
    const row = [...distances.map(distance => event[distance]), event[0]];
    if (row.includes(0)) continue;
    bump(raw, row.join());
    longer.add(event.slice(0, Math.min(span + 1, order - 1) + 1).join());
  }
  const isWhole = distances.length === span;
  const different = new Map<string, number>();
  for (const ngram of longer) {
    const event = ngram.split(',').map(Number);
    bump(different, [...distances.map(distance => event[distance]), event[0]].join());
  }
  const countOf = (row: readonly number[]): number => {
    const isRaw = isWhole && (span === order - 1 || row[span - 1] === 2);
    return (isRaw ? raw : different).get(row.join()) ?? 0;
  };
  const rows = [...raw.keys()].map(key => key.split(',').map(Number)).sort(byNumbers);
  const threshold = prune[span] ?? 0;
  if (threshold === 0) return { distances, rows: rows.map(row => [...row, countOf(row)]) };
  const counts = rows.map(countOf);
  const all = [
    rows.length,
    counts.reduce((sum, n) => sum + n, 0),
    ...[1, 2, 3, 4].map(n => counts.filter(c => c === n).length),
  ];
  const byContext = new Map<string, { kept: number[][]; dropped: number }>();
  for (const row of rows) {
    const context = row.slice(0, -1).join();
    const group = byContext.get(context) ?? { kept: [], dropped: 0 };
    byContext.set(context, group);
    if ((raw.get(row.join()) ?? 0) > threshold) group.kept.push([...row, countOf(row)]);
    else group.dropped += countOf(row);
  }
  const left = [...byContext].flatMap(([context, { kept, dropped }]) =>
    kept.length === 0 ? [] : [...(dropped > 0 ? [[...context.split(',').map(Number), 0, dropped]] : []), ...kept],
  );
  return { distances, rows: left, all };
}

/** How the folder is written. */
export interface JobForm {
  /** Rows of a file. Default: all in one. */
  readonly rowsAFile?: number;
  readonly pageSize?: number;
  readonly encoding?: ColumnSource['encoding'];
  readonly codec?: ColumnSource['codec'];
  /** The type of counts. Default INT64, as Spark's `count(*)`. */
  readonly counts?: 'INT32' | 'INT64';
}

/** Writes the folder of a job as Spark does. @returns the path of its folder `model`. */
export function writeJob(folder: string, { plan, words, tables }: CountedJob, form: JobForm = {}): string {
  const model = join(folder, 'model');
  writeText(join(model, 'plan'), 'txt', [plan]);
  const totals = Object.entries(tables).map(([name, { rows, all }]) => ({
    name,
    rows: rows.filter(row => row.at(-2) !== 0).length,
    sum: rows.reduce((sum, row) => sum + (row.at(-1) ?? 0), 0),
    ...(all ? { all_rows: all[0], all_sum: all[1], n1: all[2], n2: all[3], n3: all[4], n4: all[5] } : {}),
  }));
  const vocabulary = {
    name: 'vocabulary',
    rows: words.length,
    sum: words.reduce((sum, { frequency }) => sum + frequency, 0),
    invalid: 0,
  };
  writeText(join(model, 'totals'), 'json', [vocabulary, ...totals]);
  writeRows(join(model, 'vocabulary'), words.length, form, (from, to) => {
    const some = words.slice(from, to);
    return [
      { name: 'id', type: 'INT32', data: some.map(({ id }) => id) },
      { name: 'word', type: 'BYTE_ARRAY', data: some.map(({ word }) => new TextEncoder().encode(word)) },
      { name: 'frequency', type: 'INT64', data: some.map(({ frequency }) => BigInt(frequency)) },
    ];
  });
  for (const [name, table] of Object.entries(tables)) writeTable(join(model, name), table, form);
  return model;
}

/** Writes the folder of a table. */
export function writeTable(folder: string, { distances, rows }: JobTable, form: JobForm = {}): void {
  const { counts = 'INT64' } = form;
  writeRows(folder, rows.length, form, (from, to) => {
    const some = rows.slice(from, to);
    const of = (at: number): number[] => some.map(row => row.at(at) ?? 0);
    return [
      ...distances.map((distance, at) => ({ name: `c${distance}`, type: 'INT32' as const, data: of(at) })),
      { name: 'w', type: 'INT32', data: of(-2) },
      { name: 'n', type: counts, data: counts === 'INT64' ? of(-1).map(BigInt) : of(-1) },
    ];
  });
}

function writeRows(
  folder: string,
  length: number,
  form: JobForm,
  columns: (from: number, to: number) => ColumnSource[],
): void {
  const { rowsAFile = Math.max(1, length), pageSize, encoding, codec } = form;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '_SUCCESS'), '');
  for (let part = 0; part * rowsAFile < Math.max(1, length); part++) {
    const from = part * rowsAFile;
    const data = columns(from, Math.min(length, from + rowsAFile)).map(column =>
      encoding && column.type !== 'BYTE_ARRAY' ? { ...column, encoding } : column,
    );
    const writer = new ByteWriter();
    void parquetWrite({ writer, columnData: data, ...(pageSize ? { pageSize } : {}), ...(codec ? { codec } : {}) });
    writeFileSync(join(folder, `part-${String(part).padStart(5, '0')}-a7-c000.snappy.parquet`), writer.getBytes());
  }
}

function writeText(folder: string, ending: string, lines: readonly object[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '_SUCCESS'), '');
  writeFileSync(join(folder, `part-00000-a7-c000.${ending}`), lines.map(line => `${JSON.stringify(line)}\n`).join(''));
}
