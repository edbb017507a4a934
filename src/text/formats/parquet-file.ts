import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { KneserError, readError, systemCode, writeError } from '../../base/errors.js';
import { kindOf } from '../../base/file-kinds.js';
import { makeTemporaryFolder } from '../../base/node/leftovers.js';
import { isFile, readHead } from '../../base/node/file-head.js';
import { readRecognized } from './bytes.js';
import type { Piece, ReadOptions } from './corpus.js';
import { readInThread, type ReadingTask } from './reading-thread.js';

/**
 * The text of one column of a Parquet file. The end of the file says where its columns are, so that the file must
 * be readable at any offset: a pipe, and a Parquet file inside gzip or zstd, are first copied to a temporary file. A file that is not Parquet is
 * refused with the name of its kind.
 */
export function readParquet(path: string, options: ReadOptions): AsyncGenerator<Piece> {
  const { column = 'text', missing } = options;
  return readLocally(path, options, { kind: 'parquet', column, skipMissing: missing === 'skip' });
}

/** The rows of a file as JSON lines, with all columns. @throws KNESER_INPUT_PARQUET, KNESER_INPUT_*, KNESER_ABORTED */
export async function* readParquetRows(path: string, options: ReadOptions): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of readLocally(path, options, { kind: 'rows' })) yield bytes;
}

/** A task of the reading thread on a Parquet file, without the path. */
type ParquetTask = Task extends infer T ? (T extends Task ? Omit<T, 'path'> : never) : never;
type Task = Exclude<ReadingTask, { readonly kind: 'zstd' }>;

/** Runs a task on a file itself or, where it cannot be read at any offset, on a temporary copy. */
async function* readLocally(path: string, options: ReadOptions, task: ParquetTask): AsyncGenerator<Piece> {
  const kind = kindOf(await readHead(path));
  if ((await isFile(path)) && (options.anyBytes || kind === undefined || kind.name === 'parquet')) {
    yield* readFile(path, path, options, task);
    return;
  }
  const folder = await makeTemporaryFolder('parquet');
  try {
    const copy = join(folder, 'copy');
    const source = readRecognized(path, options, ['parquet']);
    await pipeline(copyEach(source), createWriteStream(copy)).catch((error: unknown) => {
      throw error instanceof KneserError ? error : writeError(copy, error);
    });
    yield* readFile(copy, path, { ...options, onRead: undefined }, task);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* copyEach(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield chunk.slice();
}

/** Runs a task on the file at `path`. @param name the name of the file in messages. */
async function* readFile(
  path: string,
  name: string,
  { onRead, onSkip, signal }: ReadOptions,
  task: ParquetTask,
): AsyncGenerator<Piece> {
  let reported = 0;
  const report = (read: number): void => {
    onRead?.(read - reported);
    reported = read;
  };
  try {
    for await (const { read, skipped = 0, ...piece } of readInThread({ ...task, path }, undefined, signal)) {
      report(read);
      if (skipped > 0) onSkip?.(skipped);
      if (piece.bytes.length > 0) yield piece;
    }
    report((await stat(path)).size);
  } catch (error) {
    if (error instanceof KneserError) throw withName(error, path, name);
    if (systemCode(error) !== undefined) throw readError(name, error);
    const reason = error instanceof Error ? error.message : String(error);
    throw new KneserError(
      'KNESER_INPUT_PARQUET',
      `${name}: is damaged, or not Parquet of a kind that is supported (${reason})`,
      {
        cause: error,
      },
    );
  }
}

/** An error whose message names the input instead of its temporary copy. */
function withName(error: KneserError, path: string, name: string): KneserError {
  if (path === name || !error.message.startsWith(path)) return error;
  return new KneserError(error.code, name + error.message.slice(path.length), { cause: error });
}
