import { readBytes } from './bytes.js';
import type { Format, Piece, ReadOptions } from './corpus.js';

/**
 * Plain text: each line is a document. In a folder, files of text are known by their ending, by having no ending, or by
 * being a numbered part such as `news-00001-of-00100`.
 */
export const TEXT: Format = {
  name: 'text',
  ending: '.txt',
  matches: /(?:)/,
  inFolders: /^[^.][^.]*$|^[^.].*(\.(txt|text|tok|tokens|raw)|-\d+-of-\d+)(\.(gz|zst))?$/i,
  read: readPlainText,
};

async function* readPlainText(path: string, { onRead, signal }: ReadOptions): AsyncGenerator<Piece> {
  for await (const bytes of readBytes(path, onRead, signal)) yield { bytes };
}
