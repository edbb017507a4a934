import { KneserError } from '../../base/errors.js';
import { canonicalSurface, decode } from '../surface.js';
import { NEWLINE } from '../tokens.js';
import type { DocumentOptions } from './corpus.js';
import { openCorpus } from './index.js';

/** The longest line, in bytes: a whole line and its tokens are in memory at once. */
const MOST_BYTES = 1 << 26;

/** The lines of a text, one at a time, as soon as each is complete. */
export class LineReader {
  /** Invalid UTF-8 sequences that were read as U+FFFD so far. */
  replaced = 0;
  /** Documents without text that were left out so far, with `missing: 'skip'`. */
  skipped = 0;
  /** Whether the file ends without a line feed after its last line. */
  unended = false;
  /** The number of the document that the line yielded last belongs to, from 1; 0 in plain text. */
  document = 0;

  constructor(
    private readonly path: string,
    private readonly options: DocumentOptions = {},
  ) {}

  /** @throws KNESER_INPUT_*; KNESER_LIMIT for a line of more than 64 MB. */
  async *lines(): AsyncGenerator<string> {
    let parts: Uint8Array[] = [];
    let length = 0;
    const onSkip = (documents: number): void => void (this.skipped += documents);
    for await (const { bytes, ends = [] } of openCorpus(this.path, { ...this.options, onSkip }).pieces()) {
      let from = 0;
      let endIndex = 0;
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
        parts.push(bytes.subarray(from, at));
        if (endIndex < ends.length) {
          if (from === (endIndex === 0 ? 0 : ends[endIndex - 1])) this.document++;
          if (at + 1 === ends[endIndex]) endIndex++;
        }
        yield this.text(parts);
        parts = [];
        length = 0;
        from = at + 1;
      }
      // A copy, because the reader may overwrite the bytes with the next piece.
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
