import { NEWLINE } from './tokens.js';

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
/** Memory that is kept for the next documents. */
const MOST_KEPT = 1 << 22;

/** Told of each document how many lines it has, before its text is given. */
export type DocumentListener = (lines: number) => void;

/** Puts documents together to a text of lines: each ends with a line feed, which is added where it has none. */
export class DocumentLines {
  private text = new Uint8Array(1 << 16);
  private length = 0;

  constructor(private readonly onDocument?: DocumentListener) {}

  addText(document: string): void {
    this.reserve((document.length > LONG ? utf8Length(document) : 3 * document.length) + 1);
    this.endDocument(encoder.encodeInto(document, this.text.subarray(this.length)).written);
  }

  addBytes(document: Uint8Array): void {
    this.reserve(document.length + 1);
    this.text.set(document, this.length);
    this.endDocument(document.length);
  }

  /** Bytes of the text so far. */
  get size(): number {
    return this.length;
  }

  /** The text so far, valid until the next document is added. */
  take(): Uint8Array {
    const text = this.text.subarray(0, this.length);
    this.length = 0;
    if (this.text.length > MOST_KEPT) this.text = new Uint8Array(0);
    return text;
  }

  private endDocument(length: number): void {
    const start = this.length;
    this.length += length;
    if (length === 0 || this.text[this.length - 1] !== NEWLINE) this.text[this.length++] = NEWLINE;
    this.onDocument?.(countLines(this.text.subarray(start, this.length)));
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.text.length) return;
    const larger = new Uint8Array(Math.max(needed, (needed > MOST_KEPT ? 1.25 : 2) * this.text.length));
    larger.set(this.text.subarray(0, this.length));
    this.text = larger;
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
