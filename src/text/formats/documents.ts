import { PendingBytes } from '../../base/pending-bytes.js';
import { NEWLINE } from '../tokens.js';

/** Where the text of files is that hold more than text. */
export interface DocumentOptions {
  /** The field of the objects of `.jsonl` files that is the text. Default `text`. */
  readonly field?: string;
  /** The column of `.parquet` files that is the text. Default `text`. */
  readonly column?: string;
}

const encoder = new TextEncoder();
/** Room for the most bytes that a longer document may take would be too much. */
const LONG = 1 << 18;

/** Told of each document how many lines it has, before its text is given. */
export type DocumentListener = (lines: number) => void;

/** Puts documents together to a text of lines: each ends with a line feed, which is added where it has none. */
export class DocumentLines {
  private readonly text = new PendingBytes(1 << 16);

  constructor(private readonly onDocument?: DocumentListener) {}

  addText(document: string): void {
    const { text } = this;
    text.reserve((document.length > LONG ? utf8Length(document) : 3 * document.length) + 1);
    this.endDocument(encoder.encodeInto(document, text.bytes.subarray(text.length)).written);
  }

  addBytes(document: Uint8Array): void {
    const { text } = this;
    text.reserve(document.length + 1);
    text.bytes.set(document, text.length);
    this.endDocument(document.length);
  }

  /** Bytes of the text so far. */
  get size(): number {
    return this.text.length;
  }

  /** The text so far, valid until the next document is added. */
  take(): Uint8Array {
    const text = this.text.view();
    this.text.clear();
    return text;
  }

  private endDocument(length: number): void {
    const { text } = this;
    const start = text.length;
    text.length += length;
    if (length === 0 || text.bytes[text.length - 1] !== NEWLINE) text.bytes[text.length++] = NEWLINE;
    this.onDocument?.(countLines(text.bytes.subarray(start, text.length)));
  }
}

function countLines(text: Uint8Array): number {
  let lines = 0;
  for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

/** At least the bytes of a string in UTF-8: a pair of surrogates takes fewer. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    length += code < 0x800 ? 1 : 2;
  }
  return length;
}
