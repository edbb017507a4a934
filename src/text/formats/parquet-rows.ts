import { open } from 'node:fs/promises';
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from './parquet-compressors.js';
import { FileWindow } from './file-window.js';
import type { ReadPiece } from './reading-thread.js';

/** A row group of at most this many bytes is decoded at once, because to decode a part of it also decodes the rows before that part. */
const GROUP_BYTES = 1 << 28;
/** The rows of a larger group that are decoded at a time. */
const ROWS_A_STEP = 1 << 14;
/** The rows of a piece. */
const ROWS_A_PIECE = 1 << 10;

const encoder = new TextEncoder();

/**
 * Input: a Parquet file. Output: its rows as JSON lines with all columns, in the order of the file. 64-bit integers keep all their
 * digits; dates and times are written as ISO 8601; NaN and infinities, which JSON lacks, become `null`.
 *
 * @throws the operating system's error; other errors for a damaged file.
 */
export async function* readRows(path: string): AsyncGenerator<ReadPiece> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const window = new FileWindow(handle, size);
    const file = {
      byteLength: size,
      slice: async (start: number, end = size) => (await window.copy(start, end)).buffer,
    };
    const metadata = await parquetMetadataAsync(file);
    let first = 0;
    for (const { num_rows, total_byte_size } of metadata.row_groups) {
      const behind = first + Number(num_rows);
      const step = total_byte_size > GROUP_BYTES ? ROWS_A_STEP : behind - first;
      for (let from = first; from < behind; from += step) {
        const to = Math.min(behind, from + step);
        const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: from, rowEnd: to });
        if (rows.length !== to - from) throw new Error(`${rows.length} rows instead of ${to - from}`);
        for (let at = 0; at < rows.length; at += ROWS_A_PIECE) {
          const some = rows.slice(at, at + ROWS_A_PIECE);
          const text = some.map(row => `${jsonOf(row)}\n`).join('');
          const read = Math.round((size * (from + at + some.length)) / Number(metadata.num_rows));
          yield { bytes: encoder.encode(text), read };
        }
      }
      first = behind;
    }
  } finally {
    await handle.close();
  }
}

/** The JSON of a value that hyparquet decoded. */
function jsonOf(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (value === undefined) return 'null';
  if (value instanceof Date) return JSON.stringify(Number.isNaN(value.getTime()) ? null : value.toISOString());
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (ArrayBuffer.isView(value)) return jsonOf(Array.from(value as Uint8Array));
  if (Array.isArray(value)) return `[${value.map(jsonOf).join()}]`;
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${jsonOf(member)}`);
  return `{${members.join()}}`;
}
