import { KneserError } from '../../base/errors.js';
import type { DocumentOptions } from './documents.js';
import { readText } from './input.js';
import { canonicalSurface, decode } from '../surface.js';
import { NEWLINE } from '../tokens.js';

/** A line is in memory as a whole, as are its tokens. */
const MOST_BYTES = 1 << 26;

/** The lines of a text, one at a time, as soon as each is complete. */
export class LineReader {
  /** Invalid UTF-8 sequences that were read as U+FFFD so far. */
  replaced = 0;
  /** Whether the last line ends with the file instead of a line feed. */
  unended = false;
  private readonly documents = new DocumentCounter();

  constructor(
    private readonly path: string,
    private readonly options: DocumentOptions = {},
  ) {}

  /** Which of the file's documents the last line is of, from 1; 0 where the file is a text and not documents. */
  get document(): number {
    return this.documents.number;
  }

  /** @throws KNESER_INPUT_*; KNESER_LIMIT for a line of more than 64 MB. */
  async *lines(): AsyncGenerator<string> {
    let parts: Uint8Array[] = [];
    let length = 0;
    const options = { ...this.options, onDocument: (lines: number) => this.documents.add(lines) };
    for await (const bytes of readText(this.path, options)) {
      let from = 0;
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
        parts.push(bytes.subarray(from, at));
        this.documents.beginLine();
        yield this.text(parts);
        parts = [];
        length = 0;
        from = at + 1;
      }
      // A chunk's memory may be used again for the next one.
      if (from < bytes.length) parts.push(bytes.slice(from));
      length += bytes.length - from;
      if (length > MOST_BYTES) throw this.tooLong();
    }
    this.unended = parts.length > 0;
    if (this.unended) yield this.text(parts);
  }

  private text(parts: readonly Uint8Array[]): string {
    const bytes = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    if (bytes.length > MOST_BYTES) throw this.tooLong();
    this.replaced += canonicalSurface(bytes, false)?.replaced ?? 0;
    return decode(bytes);
  }

  private tooLong(): KneserError {
    return new KneserError(
      'KNESER_LIMIT',
      `${this.path}: a line of more than ${MOST_BYTES >> 20} MB is too long to be scored as one sentence; split it, or use kneser perplexity`,
    );
  }
}

/** Counts documents while their lines are given. */
class DocumentCounter {
  /** That of the last line, from 1. */
  number = 0;
  /** Lines of the documents that are to come, from `next` on, and what is left of the one at hand. */
  private readonly lines: number[] = [];
  private next = 0;
  private left = 0;

  add(lines: number): void {
    this.lines.push(lines);
  }

  beginLine(): void {
    if (this.left === 0) {
      if (this.next === this.lines.length) return;
      this.left = this.lines[this.next++];
      this.number++;
      if (this.next === this.lines.length) this.next = this.lines.length = 0;
    }
    this.left--;
  }
}
