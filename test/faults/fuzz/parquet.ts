import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer, type ParquetWriteOptions } from 'hyparquet-writer';
import { encodeJob } from '../../../src/spark/job.js';
import { JobFolder } from '../../../src/spark/job-folder.js';
import { NUMBERS, below, pick, type Random } from './mutate.js';
import { fileTarget } from './texts.js';
import { Wrong, type CreateTarget } from './target.js';

type Column = ParquetWriteOptions['columnData'][number];

/** Parquet files of text in several encodings and compressions. Most mutations change headers and levels, which hold the lengths. */
export const parquet: CreateTarget = folder => {
  const lines = Array.from({ length: 300 }, (_, i) => `the ${i % 7} cat sat on ${i}`);
  const column = (changes: Partial<Column>): Column => ({ name: 'text', data: lines, type: 'STRING', ...changes });
  const few = column({ data: lines.map((_, i) => `w${i % 5}`) });
  const write = (columns: Column[], options: Omit<ParquetWriteOptions, 'writer' | 'columnData'> = {}): Uint8Array =>
    new Uint8Array(parquetWriteBuffer({ columnData: columns, ...options }));
  const plain = { codec: 'UNCOMPRESSED' } as const;
  return fileTarget(folder, '.parquet', {
    seeds: [
      write([few], plain),
      write([column({ encoding: 'PLAIN', nullable: true })], plain),
      write([column({ encoding: 'DELTA_LENGTH_BYTE_ARRAY' })], plain),
      write([column({ encoding: 'DELTA_BYTE_ARRAY', nullable: false })], plain),
      write([few, { name: 'id', data: lines.map((_, i) => i), type: 'INT32' }], { rowGroupSize: 100, pageSize: 300 }),
      write([column({})], { codec: 'GZIP', compressors: { GZIP: gzipSync } }),
    ],
    words: ['PAR1', 'text'],
    mutate: mutateHeaders,
  });
};

/** Changes bytes that are likely to be lengths: small varints of headers. `undefined` for any other mutation. */
function mutateHeaders(bytes: Uint8Array, random: Random): Uint8Array | undefined {
  if (random() < 0.5) return undefined;
  // Replaces a number of the headers, a small varint, by another.
  const changed = bytes.slice();
  for (let changes = 1 + below(random, 3); changes > 0; changes--) {
    const at = random() < 0.5 ? below(random, Math.min(100, bytes.length)) : below(random, bytes.length);
    let value = BigInt(Math.trunc(Math.min(Math.abs(pick(random, NUMBERS)), 2 ** 53)));
    for (let i = at; i < changed.length; i++, value >>= 7n) {
      changed[i] = Number(value & 127n) | (value > 127n ? 128 : 0);
      if (value <= 127n) break;
    }
  }
  return changed;
}

/** A part of a table that Spark wrote: columns of whole numbers, side by side. */
export const spark: CreateTarget = async folder => {
  const model = join(folder, 'model');
  const write = (name: string, file: string, text: string | Uint8Array): void => {
    mkdirSync(join(model, name), { recursive: true });
    writeFileSync(join(model, name, '_SUCCESS'), '');
    writeFileSync(join(model, name, file), text);
  };
  write(
    'plan',
    'part-0.txt',
    encodeJob({ order: 2, patterns: ['1', '11'], prune: [], limit: 0, atLeast: 1, skipBlank: false }),
  );
  write('totals', 'part-0.json', '{"name":"11","rows":300,"sum":300}');
  const numbers = Array.from({ length: 300 }, (_, i) => i);
  const rows = (encoding?: Column['encoding'], nullable = true): Uint8Array => {
    const how = { nullable, ...(encoding ? { encoding } : {}) };
    const columnData: Column[] = [
      { name: 'c1', type: 'INT32', data: numbers.map(i => i >> 4), ...how },
      { name: 'w', type: 'INT32', data: numbers, ...how },
      { name: 'n', type: 'INT64', data: numbers.map(i => BigInt(i % 5)), ...how },
    ];
    return new Uint8Array(parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED', pageSize: 400 }));
  };
  const columns = ['c1', 'w', 'n'].map(name => ({ name, kind: 'count' as const }));
  write('11', 'part-00000.parquet', '');
  const job = await JobFolder.open(folder);
  return {
    seeds: [rows(), rows('PLAIN'), rows('DELTA_BINARY_PACKED'), rows('PLAIN', false)],
    words: ['PAR1', 'c1'],
    names: /part-00000/,
    mutate: mutateHeaders,
    async run(bytes) {
      write('11', 'part-00000.parquet', bytes);
      for await (const { length, columns: values } of job.read('11', columns)) {
        if (values.some(column => column.length !== length)) throw new Wrong('columns of different lengths');
      }
    },
  };
};
