import type { Format, Piece, ReadOptions } from './corpus.js';

/**
 * Plain text: each line is a document. In a folder, files of text are known by their ending, by having no ending, or by
 * being a numbered part such as `news-00001-of-00100`.
 */
export const TEXT: Format = {
  name: 'text',
  ending: '.txt',
  matches: /\.(txt|text|tok|tokens|raw)(\.(gz|zst))?$/i,
  inFolders: /^[^.][^.]*$|^[^.].*(\.(txt|text|tok|tokens|raw)|-\d+-of-\d+)(\.(gz|zst))?$/i,
  read: readPlainText,
};

async function* readPlainText(path: string, options: ReadOptions): AsyncGenerator<Piece> {
  // Loaded when a file is read: the help of commands needs the row alone.
  const [{ readRecognized }, { TextWatch }] = await Promise.all([import('./bytes.js'), import('./text-watch.js')]);
  // With format: 'text' a JSON file is read as text, braces included.
  const expected = options.format === 'text' ? ['json'] : [];
  const watch = options.anyBytes ? undefined : new TextWatch(path);
  for await (const bytes of readRecognized(path, options, expected)) {
    watch?.check(bytes);
    yield { bytes };
  }
}
