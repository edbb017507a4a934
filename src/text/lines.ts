import { KneserError } from '../errors.js';
import type { DocumentOptions } from './documents.js';
import { readText } from './input.js';
import { canonicalSurface, decode } from './surface.js';
import { NEWLINE } from './tokens.js';

/** The lines of a text, one at a time, as soon as each is complete. */
export class LineReader {
  /** Invalid UTF-8 sequences that were read as U+FFFD so far. */
  replaced = 0;

  constructor(
    private readonly path: string,
    private readonly documents: DocumentOptions = {},
  ) {}

  /** @throws KNESER_INPUT_*; KNESER_LIMIT for a line that is longer than a string can be. */
  async *lines(): AsyncGenerator<string> {
    let parts: Uint8Array[] = [];
    for await (const bytes of readText(this.path, this.documents)) {
      let from = 0;
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
        parts.push(bytes.subarray(from, at));
        yield this.text(parts);
        parts = [];
        from = at + 1;
      }
      // A chunk's memory may be used again for the next one.
      if (from < bytes.length) parts.push(bytes.slice(from));
    }
    if (parts.length > 0) yield this.text(parts);
  }

  private text(parts: readonly Uint8Array[]): string {
    const bytes = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    this.replaced += canonicalSurface(bytes, false)?.replaced ?? 0;
    try {
      return decode(bytes);
    } catch (error) {
      const megabytes = Math.round(bytes.length / 1e6);
      throw new KneserError(
        'KNESER_LIMIT',
        `${this.path}: a line of ${megabytes} MB is too long to be scored as one sentence; split it, or use kneser perplexity`,
        { cause: error },
      );
    }
  }
}
