import { stat } from 'node:fs/promises';
import { KneserError, readError, systemCode } from '../../base/errors.js';
import type { Format, Piece, ReadOptions } from './corpus.js';
import { readInThread } from './reading-thread.js';

/**
 * Parquet: rows, of which one column is the text of a document. One page of the column, about a megabyte, is in memory at
 * a time, besides its dictionary.
 */
export const PARQUET: Format = {
  name: 'parquet',
  ending: '.parquet',
  matches: /\.parquet$/i,
  inFolders: /^[^.].*\.parquet$/i,
  option: 'column',
  read: readParquet,
};

async function* readParquet(path: string, { column = 'text', onRead, signal }: ReadOptions): AsyncGenerator<Piece> {
  let reported = 0;
  const report = (read: number): void => {
    onRead?.(read - reported);
    reported = read;
  };
  try {
    for await (const piece of readInThread({ kind: 'parquet', path, column }, undefined, signal)) {
      report(piece.read);
      yield piece;
    }
    report((await stat(path)).size);
  } catch (error) {
    if (error instanceof KneserError) throw error;
    if (systemCode(error) !== undefined) throw readError(path, error);
    const reason = error instanceof Error ? error.message : String(error);
    throw new KneserError('KNESER_INPUT_PARQUET', `${path}: damaged, or not Parquet as it is read here (${reason})`, {
      cause: error,
    });
  }
}
