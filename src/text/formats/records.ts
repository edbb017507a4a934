import { KneserError } from '../../base/errors.js';
import { PendingBytes } from '../../base/pending-bytes.js';
import { canonicalSurface, decode } from '../surface.js';
import { NEWLINE } from '../tokens.js';
import type { ReadOptions } from './corpus.js';
import { findFormat, readPieces } from './index.js';
import { readJsonObjects, type JsonObject } from './jsonl.js';
import { readParquetRows } from './parquet-file.js';

/** Consecutive records of a file. A record is a JSON object. */
export interface RecordPiece {
  /** The JSON of each record as UTF-8 without a line feed: in JSON lines the line itself. Valid until the next piece is asked for. */
  readonly lines: readonly Uint8Array[];
  /** The object of record `i` of this piece. */
  readonly object: (i: number) => JsonObject;
  /** The word for a record in messages: `line` or `row`. */
  readonly unit: 'line' | 'row';
  /** The number of record `i` in the file, from 1; blank lines count. */
  readonly numberOf: (i: number) => number;
}

/** The longest line of plain text, in bytes. */
const MOST_BYTES = 1 << 25;

const encoder = new TextEncoder();

/**
 * Input: a file of any format. Output: its documents as JSON objects, in the order of the file: each line of JSON lines unchanged,
 * each row of Parquet with all columns, each line of plain text as an object with the member `text`.
 *
 * @param isChecked whether the file was already read to its end without an error: objects are then parsed when asked for.
 * @param onReplaced called with the number of invalid UTF-8 sequences of plain text that were just read as U+FFFD.
 * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED
 */
export async function* readRecords(
  path: string,
  options: ReadOptions,
  isChecked = false,
  onReplaced?: (sequences: number) => void,
): AsyncGenerator<RecordPiece> {
  const { name } = await findFormat(path, options);
  if (name === 'text') {
    yield* readLinesAsRecords(path, options, onReplaced);
    return;
  }
  const rows = name === 'parquet' ? readParquetRows(path, options) : undefined;
  for await (const lines of readJsonObjects(path, options, isChecked, rows)) {
    yield {
      lines: lines.map(({ bytes }) => bytes),
      object: i => lines[i].object,
      unit: rows ? 'row' : 'line',
      numberOf: i => lines[i].line,
    };
  }
}

async function* readLinesAsRecords(
  path: string,
  options: ReadOptions,
  onReplaced: ((sequences: number) => void) | undefined,
): AsyncGenerator<RecordPiece> {
  const pending = new PendingBytes();
  let linesRead = 0;
  let lines: Uint8Array[] = [];
  let objects: JsonObject[] = [];
  const keep = (part: Uint8Array): void => {
    if (pending.length + part.length > MOST_BYTES) {
      throw new KneserError(
        'KNESER_LIMIT',
        `${path}, line ${linesRead + 1}: has more than ${MOST_BYTES >> 20} MB; split it`,
      );
    }
    pending.add(part);
  };
  const add = (bytes: Uint8Array): void => {
    onReplaced?.(canonicalSurface(bytes, false)?.replaced ?? 0);
    const object = { text: decode(bytes) };
    lines.push(encoder.encode(JSON.stringify(object)));
    objects.push(object);
    linesRead++;
  };
  const take = (): RecordPiece => {
    const pieceObjects = objects;
    const linesBefore = linesRead - pieceObjects.length;
    const piece: RecordPiece = {
      lines,
      object: (i: number) => pieceObjects[i],
      unit: 'line',
      numberOf: (i: number) => linesBefore + i + 1,
    };
    lines = [];
    objects = [];
    return piece;
  };
  for await (const { bytes } of readPieces(path, options)) {
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      if (pending.length > 0) {
        keep(bytes.subarray(from, end));
        add(pending.view());
        pending.clear();
      } else {
        add(bytes.subarray(from, end));
      }
      from = end + 1;
    }
    keep(bytes.subarray(from));
    if (lines.length > 0) yield take();
  }
  if (pending.length > 0) add(pending.view());
  if (lines.length > 0) yield take();
}
