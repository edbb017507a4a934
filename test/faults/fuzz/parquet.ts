import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer, type ParquetWriteOptions } from 'hyparquet-writer';
import { NUMBERS, below, pick } from './mutate.js';
import { fileTarget } from './texts.js';
import type { CreateTarget } from './target.js';

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
    mutate: (bytes, random) => {
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
    },
  });
};
