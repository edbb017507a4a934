import { checkFlag, checkText, oneOf, type OptionTable } from '../../base/check.js';
import { PendingBytes } from '../../base/pending-bytes.js';
import { NEWLINE } from '../tokens.js';
import type { Advised } from './text-check.js';

/** How files become documents. */
export interface DocumentOptions {
  /**
   * The field of each object of JSON lines that holds the text. Default `text`. A name with dots is a path: `meta.text` is the
   * member `text` of the member `meta`, unless the object has a member named `meta.text`.
   */
  readonly field?: string;
  /** The column of Parquet files that holds the text. Default `text`. */
  readonly column?: string;
  /**
   * The format of all files, whatever their names: for standard input and files with unusual names. By default a file is Parquet
   * if its first bytes say so, else of the format of its name's ending, and plain text if no format has this ending.
   */
  readonly format?: FormatName;
  /**
   * What to do with an object whose field, or a row whose column, is missing or `null`: `refuse` throws an error (the
   * default), `skip` leaves the document out and counts it.
   */
  readonly missing?: 'refuse' | 'skip';
  /**
   * Whether any bytes are read as text, and a file's name alone decides its format. By default archives, images, other binary
   * data, UTF-16, and text with many invalid UTF-8 sequences are refused.
   */
  readonly anyBytes?: boolean;
}

/** The name of a format. */
export type FormatName = (typeof FORMAT_NAMES)[number];

/** The values of the option `format`: the names of the rows of `FORMATS`. */
export const FORMAT_NAMES = ['text', 'jsonl', 'parquet'] as const;

/** The values of the option `missing`. */
export const MISSING_ACTIONS = ['refuse', 'skip'] as const;

/** The checks of {@link DocumentOptions}. */
export const DOCUMENT_OPTIONS: OptionTable<DocumentOptions> = {
  field: checkText,
  column: checkText,
  format: oneOf(FORMAT_NAMES),
  missing: oneOf(MISSING_ACTIONS),
  anyBytes: checkFlag,
};

/** The names of {@link DocumentOptions}. */
export const DOCUMENT_OPTION_NAMES = Object.keys(DOCUMENT_OPTIONS) as (keyof DocumentOptions)[];

/** The members of {@link DocumentOptions} that are given. */
export function givenDocumentOptions(options: DocumentOptions): DocumentOptions {
  const given = Object.entries(options).filter(([name, value]) => name in DOCUMENT_OPTIONS && value !== undefined);
  return Object.fromEntries(given);
}

/** How a file is read. */
export interface ReadOptions extends DocumentOptions, Advised {
  /** Called with the number of bytes just read from the disk (compressed bytes of a compressed file). */
  readonly onRead?: ((bytes: number) => void) | undefined;
  /** Ends the reading, even of a pipe that is silent. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of documents that `missing: 'skip'` just left out. */
  readonly onSkip?: ((documents: number) => void) | undefined;
  /** The longest line of JSON, in bytes. Default 32 MB, which is also the most. */
  readonly longestJson?: number | undefined;
}

/**
 * Consecutive documents as bytes, which training and perplexity read without making strings. Each document ends with a line feed:
 *
 *     bytes    the cat \n sat \n | a dog \n | \n |
 *     ends                       12         18   19
 *
 * The bytes are valid until the next piece is asked for.
 */
export interface Piece {
  /** The text as UTF-8. */
  readonly bytes: Uint8Array;
  /**
   * The offset in `bytes` behind each document, ascending; the last one equals `bytes.length`. Missing for plain text, where
   * each line is a document and the last line may continue in the next piece.
   */
  readonly ends?: readonly number[];
}

/** How records are read. */
export interface RecordOptions extends ReadOptions {
  /** Whether the file was already read to its end without an error: objects are then parsed when asked for. */
  readonly isChecked?: boolean;
  /** Called with the number of invalid UTF-8 sequences of plain text that were just read as U+FFFD. */
  readonly onReplaced?: ((sequences: number) => void) | undefined;
}

/** Consecutive records of a file: documents with all their members, as JSON objects. */
export interface RecordPiece {
  /** The JSON of each record as UTF-8 without a line feed: in JSON lines the line itself. Valid until the next piece is asked for. */
  readonly lines: readonly Uint8Array[];
  /** The object of record `i` of this piece. */
  readonly object: (i: number) => Readonly<Record<string, unknown>>;
  /** The member that holds the text. */
  readonly textMember: string;
  /** The word for a record in messages: `line` or `row`. */
  readonly unit: 'line' | 'row';
  /** The number of record `i` in the file, from 1; blank lines count. */
  readonly numberOf: (i: number) => number;
}

/** The warning that `missing: 'skip'` left documents out. */
export function skippedWarning(documents: number): string {
  return documents === 1 ? '1 document without text was left out' : `${documents} documents without text were left out`;
}

/** The name of an option that says where in a file the text is. */
export type TextOption = Exclude<keyof DocumentOptions, 'format' | 'missing' | 'anyBytes'>;

/** The warning that text was not UTF-8. @param sequences number of the invalid sequences. */
export function replacedWarning(sequences: number): string {
  return `${sequences} invalid UTF-8 sequences were read as U+FFFD`;
}

/** A way to store documents in a file: the type of the rows of `FORMATS`. */
export interface Format {
  readonly name: FormatName;
  /** The usual endings of a file's name, for messages and help, the most usual one first. */
  readonly endings: readonly [string, ...string[]];
  /** Matches the paths of files of this format. */
  readonly matches: RegExp;
  /** Matches the names, without folder, of files that are read when a folder is given. */
  readonly inFolders: RegExp;
  /** The name of the kind of files (base/file-kinds.ts) as which a file of this format begins, if its first bytes tell it from text. */
  readonly kind?: string;
  /** The option that says where in a file the text is, with its flag and the flag's help; missing for plain text. */
  readonly option?: { readonly name: TextOption; readonly flags: string; readonly help: string };
  /**
   * Input: the path of a file. Output: its documents, in the order of the file.
   *
   * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED
   */
  readonly read: (path: string, options: ReadOptions) => AsyncGenerator<Piece>;
  /**
   * Input: the path of a file. Output: its documents as JSON objects, in the order of the file: each line of JSON lines unchanged, each
   * row of Parquet with all columns, each line of plain text as an object with the member `text`.
   *
   * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED
   */
  readonly readRecords: (path: string, options: RecordOptions) => AsyncGenerator<RecordPiece>;
}

const encoder = new TextEncoder();
/**
 * The memory for a document with more UTF-16 units than this is reserved by its length in UTF-8; a shorter document gets 3 bytes
 * for each unit, the most that UTF-8 can need.
 */
const LONG = 1 << 18;

/** Joins documents to a {@link Piece}. A document that does not end with a line feed gets one. */
export class PieceBuilder {
  private readonly text = new PendingBytes(1 << 16);
  private ends: number[] = [];

  /** Adds a document as a string. */
  addText(document: string): void {
    const { text } = this;
    text.reserve((document.length > LONG ? mostUtf8Bytes(document) : 3 * document.length) + 1);
    this.endDocument(encoder.encodeInto(document, text.bytes.subarray(text.length)).written);
  }

  /** Adds a document as UTF-8. */
  addBytes(document: Uint8Array): void {
    const { text } = this;
    text.reserve(document.length + 1);
    text.bytes.set(document, text.length);
    this.endDocument(document.length);
  }

  /** Bytes of the piece so far. */
  get size(): number {
    return this.text.length;
  }

  /** Ends the piece and begins the next. The bytes are valid until a document is added. */
  take(): Piece & { readonly ends: readonly number[] } {
    const piece = { bytes: this.text.view(), ends: this.ends };
    this.text.clear();
    this.ends = [];
    return piece;
  }

  private endDocument(length: number): void {
    const { text } = this;
    text.length += length;
    if (length === 0 || text.bytes[text.length - 1] !== NEWLINE) text.bytes[text.length++] = NEWLINE;
    this.ends.push(text.length);
  }
}

/** An upper bound of a string's length in UTF-8, in bytes: it counts 6 bytes for a surrogate pair, which takes 4. */
function mostUtf8Bytes(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    length += code < 0x800 ? 1 : 2;
  }
  return length;
}
