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

/** Puts documents together to a text of lines: each ends with a line feed, which is added where it has none. */
export class DocumentLines {
  private text = new Uint8Array(1 << 16);
  private length = 0;

  addText(document: string): void {
    if (document.length > LONG) {
      this.addBytes(encoder.encode(document));
      return;
    }
    this.reserve(3 * document.length + 1);
    this.endDocument(encoder.encodeInto(document, this.text.subarray(this.length)).written);
  }

  addBytes(document: Uint8Array): void {
    this.reserve(document.length + 1);
    this.text.set(document, this.length);
    this.endDocument(document.length);
  }

  /** The text so far, valid until the next document is added. */
  take(): Uint8Array {
    const text = this.text.subarray(0, this.length);
    this.length = 0;
    return text;
  }

  private endDocument(length: number): void {
    this.length += length;
    if (length === 0 || this.text[this.length - 1] !== NEWLINE) this.text[this.length++] = NEWLINE;
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.text.length) return;
    const larger = new Uint8Array(Math.max(2 * this.text.length, needed));
    larger.set(this.text.subarray(0, this.length));
    this.text = larger;
  }
}
