import type { Format, Piece, ReadOptions, RecordOptions, RecordPiece } from './corpus.js';

/**
 * Parquet: each row is a document, whose text is the value of one column. Memory: one page of the column (about 1 MB) and
 * the column's dictionary.
 */
export const PARQUET: Format = {
  name: 'parquet',
  endings: ['.parquet'],
  matches: /\.parquet$/i,
  inFolders: /^[^.].*\.parquet$/i,
  kind: 'parquet',
  option: {
    name: 'column',
    flags: '--column <name>',
    help: 'column with the text in Parquet files (default: text)',
  },
  read: readParquet,
  readRecords,
};

async function* readParquet(path: string, options: ReadOptions): AsyncGenerator<Piece> {
  // Imported only when a file is read, because the help of commands needs no more than the row above.
  const file = await import('./parquet-file.js');
  yield* file.readParquet(path, options);
}

async function* readRecords(path: string, options: RecordOptions): AsyncGenerator<RecordPiece> {
  const [file, { readJsonObjects, recordsOf }] = await Promise.all([import('./parquet-file.js'), import('./jsonl.js')]);
  yield* recordsOf(readJsonObjects(path, options, file.readParquetRows(path, options)), 'row', options.column);
}
