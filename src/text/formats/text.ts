import type { Format, Piece, ReadOptions, RecordOptions, RecordPiece } from './corpus.js';

/**
 * Plain text: each line is a document. In a folder, a file is taken as text if its name has one of these endings, has no
 * ending, or ends as the name of a numbered part does, such as `news-00001-of-00100`.
 */
export const TEXT: Format = {
  name: 'text',
  endings: ['.txt'],
  matches: /\.(txt|text|tok|tokens|raw)(\.(gz|zst))?$/i,
  inFolders: /^[^.][^.]*$|^[^.].*(\.(txt|text|tok|tokens|raw)|-\d+-of-\d+)(\.(gz|zst))?$/i,
  read: readPlainText,
  readRecords,
};

async function* readPlainText(path: string, options: ReadOptions): AsyncGenerator<Piece> {
  // Imported only when a file is read, because the help of commands needs no more than the row above.
  const [{ readRecognized }, { TextCheck }] = await Promise.all([import('./bytes.js'), import('./text-check.js')]);
  // With format: 'text' a JSON file is read as text, braces included.
  const expected = options.format === 'text' ? ['json'] : [];
  const textCheck = options.anyBytes ? undefined : new TextCheck(path, options);
  for await (const bytes of readRecognized(path, options, expected)) {
    textCheck?.add(bytes);
    yield { bytes };
  }
}

async function* readRecords(path: string, options: RecordOptions): AsyncGenerator<RecordPiece> {
  const { recordsOfLines } = await import('./text-records.js');
  yield* recordsOfLines(path, readPlainText(path, options), options.onReplaced);
}
