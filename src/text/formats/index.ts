/**
 * text/formats: files to documents. `FORMATS` has one row for each way to store documents in a file, in `text.ts`,
 * `jsonl.ts` and `parquet.ts`; `corpus.ts` has the types Document, Piece, Corpus and Format; `bytes.ts` decompresses
 * (gzip, zstd); `input.ts` finds the files of a folder; `lines.ts` reads a file line by line. A new format is a file,
 * a row here, a test, and a line of docs/commands.md.
 */
import { Corpus, type DocumentOptions, type Format, type ReadOptions } from './corpus.js';
import { JSON_LINES } from './jsonl.js';
import { PARQUET } from './parquet.js';
import { TEXT } from './text.js';

/** The formats; the first row that matches a file's name is its format, and plain text matches every name. */
export const FORMATS: readonly Format[] = [JSON_LINES, PARQUET, TEXT];

/** The options that say where in a file its text is: one for each structured format. */
export const FORMAT_OPTIONS: readonly (keyof DocumentOptions)[] = FORMATS.flatMap(({ option }) => option ?? []);

/** The format of a file, by its name. */
export function formatOf(path: string): Format {
  return FORMATS.find(({ matches }) => matches.test(path)) ?? TEXT;
}

/** Whether a file is plain text: its lines are then those that an editor shows. */
export function isPlain(path: string): boolean {
  return formatOf(path) === TEXT;
}

/** The documents of a file. Nothing is read before they are asked for. */
export function openCorpus(path: string, options: ReadOptions = {}): Corpus {
  return new Corpus(path, formatOf(path), options);
}

/**
 * The text of a file as UTF-8: of plain text its bytes, of other formats the documents, each as its lines. Bytes are valid
 * until the next ones are asked for.
 *
 * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED.
 */
export async function* readText(path: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of openCorpus(path, options).pieces()) yield bytes;
}
