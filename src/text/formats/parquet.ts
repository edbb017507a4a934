import { stat } from 'node:fs/promises';
import { KneserError, readError, systemCode } from '../../base/errors.js';
import type { DocumentListener } from './documents.js';
import { readAside } from './reading-thread.js';

/**
 * The text of a Parquet file: of each row one column, a document of one or more lines. One page of the column, a
 * megabyte or so, is in memory at a time, besides its dictionary.
 *
 * @param onRead told the bytes of the file, as far as they are needed.
 * @throws KNESER_INPUT_PARQUET, KNESER_INPUT_MISSING, KNESER_INPUT_UNREADABLE, KNESER_ABORTED
 */
export async function* readParquet(
  path: string,
  column: string,
  onRead?: (bytes: number) => void,
  signal?: AbortSignal,
  onDocument?: DocumentListener,
): AsyncGenerator<Uint8Array> {
  let reported = 0;
  const report = (read: number): void => {
    onRead?.(read - reported);
    reported = read;
  };
  try {
    for await (const { text, read, documents = [] } of readAside(
      { kind: 'parquet', path, column },
      undefined,
      signal,
    )) {
      report(read);
      for (const lines of documents) onDocument?.(lines);
      yield text;
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
