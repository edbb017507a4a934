/**
 * text/formats: files to documents. `FORMATS` has one row for each way to store documents in a file, in `text.ts`, `jsonl.ts` and
 * `parquet.ts`. A row reads documents as text (`Piece`), or as records with all their members (`RecordPiece`); `corpus.ts` has these types
 * and `Format`. `bytes.ts` unpacks gzip and zstd, and refuses the kinds of files that base/file-kinds.ts lists; `text-check.ts` refuses all
 * other bytes that are not UTF-8 text; `input.ts` finds the files of a folder; `lines.ts` reads a file line by line. CONTRIBUTING.md says
 * what a new format needs.
 */
import { checkAborted } from '../../base/errors.js';
import type { TextFeeder } from '../tokenizer.js';
import type { DocumentOptions, Format, Piece, ReadOptions, RecordOptions, RecordPiece, TextOption } from './corpus.js';
import { JSON_LINES } from './jsonl.js';
import { PARQUET } from './parquet.js';
import { TEXT } from './text.js';

/** The formats: the first row whose `matches` fits a file's name is the file's format. A file whose name fits no row is plain text. */
export const FORMATS: readonly Format[] = [TEXT, JSON_LINES, PARQUET];

/** The options that say where in a file its text is: one for each structured format. */
export const FORMAT_OPTIONS: readonly TextOption[] = FORMATS.flatMap(({ option }) => option?.name ?? []);

/** The format of a file: the option `format` if given, else the format that its name matches, else plain text. */
export function formatOf(path: string, { format }: DocumentOptions = {}): Format {
  return FORMATS.find(({ name, matches }) => (format === undefined ? matches.test(path) : name === format)) ?? TEXT;
}

/** The format of a file: {@link formatOf}, unless neither `format` nor `anyBytes` is given and the file's first bytes are those of another. */
export async function findFormat(path: string, options: DocumentOptions = {}): Promise<Format> {
  const format = formatOf(path, options);
  if (options.format !== undefined || options.anyBytes || format.kind !== undefined) return format;
  const [{ kindOf }, { readHead }] = await Promise.all([
    import('../../base/file-kinds.js'),
    import('../../base/node/file-head.js'),
  ]);
  const found = kindOf(await readHead(path))?.name;
  return FORMATS.find(({ kind }) => kind !== undefined && kind === found) ?? format;
}

/** Whether a file is plain text, so that its line numbers are those of an editor. */
export async function isPlain(path: string, options: DocumentOptions = {}): Promise<boolean> {
  return (await findFormat(path, options)) === TEXT;
}

/** The documents of a file as bytes, in the order of the file. @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED */
export async function* readPieces(path: string, options: ReadOptions = {}): AsyncGenerator<Piece> {
  const format = await findFormat(path, options);
  yield* format.read(path, options);
}

/** The documents of a file as records, in the order of the file. @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED */
export async function* readRecords(path: string, options: RecordOptions = {}): AsyncGenerator<RecordPiece> {
  const format = await findFormat(path, options);
  yield* format.readRecords(path, options);
}

/**
 * The text of a file as UTF-8: the bytes of plain text, the documents of other formats, each ended by a line feed. Each array
 * is valid until the next one is asked for.
 *
 * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED.
 */
export async function* readText(path: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of readPieces(path, options)) yield bytes;
}

/**
 * Feeds the text of a file to a tokenizer, and calls `endDocument` behind each document; in plain text, where the tokenizer tells the ends
 * of lines, it is not called.
 *
 * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED, and the errors of the tokenizer.
 */
export async function feedFile(
  path: string,
  options: ReadOptions,
  tokenizer: TextFeeder,
  endDocument: () => void,
): Promise<void> {
  for await (const { bytes, ends = [] } of readPieces(path, options)) {
    checkAborted(options.signal, 'reading documents');
    let from = 0;
    for (const end of ends) {
      tokenizer.feed(bytes.subarray(from, end));
      endDocument();
      from = end;
    }
    tokenizer.feed(bytes.subarray(from));
  }
  tokenizer.end();
}
