import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { readRows } from '#kneser/src/text/formats/parquet-rows.js';
import { temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('parquet-rows');

// Two columns of a row group have the same length, so that a buffer that both reads share would give one the numbers of the other.
test('columns of several row groups keep their own values', async () => {
  const rows = 3 * 140_000;
  const columns = { a: (row: number) => row + 0.5, b: (row: number) => -row - 0.25 };
  const columnData = Object.entries(columns).map(([name, valueOf]) => ({
    name,
    data: Array.from({ length: rows }, (_, row) => valueOf(row)),
    type: 'DOUBLE' as const,
    encoding: 'PLAIN' as const,
  }));
  const path = join(folder, 'doubles.parquet');
  const bytes = parquetWriteBuffer({ columnData, rowGroupSize: rows / 3, codec: 'UNCOMPRESSED' });
  writeFileSync(path, new Uint8Array(bytes));
  const decoder = new TextDecoder();
  let row = 0;
  let wrong = 0;
  for await (const piece of readRows(path)) {
    for (const line of decoder.decode(piece.bytes).trimEnd().split('\n')) {
      const { a, b } = JSON.parse(line) as { readonly a: number; readonly b: number };
      if (a !== columns.a(row) || b !== columns.b(row)) wrong++;
      row++;
    }
  }
  expect([row, wrong]).toEqual([rows, 0]);
});

test('a column without values, packed with LZ4, has null in every row: fixtures/lz4-empty.parquet', async () => {
  const lines: string[] = [];
  const path = fileURLToPath(new URL('../../fixtures/lz4-empty.parquet', import.meta.url));
  for await (const { bytes } of readRows(path)) lines.push(...new TextDecoder().decode(bytes).trimEnd().split('\n'));
  expect(lines).toEqual(['{"text":"a","x":null}', '{"text":"b","x":null}']);
});
