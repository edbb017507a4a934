import { KneserError } from '../../base/errors.js';
import { canonicalSurface, decode } from '../surface.js';
import { NEWLINE } from '../tokens.js';
import type { DocumentOptions, Piece } from './corpus.js';
import type { Advised } from './text-check.js';
import { readPieces } from './index.js';

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
  /** The pieces of the file. */
  private readonly pieces: AsyncGenerator<Piece>;
  /** The bytes behind the line that was yielded last, of the piece that this line ends in. */
  private behind: Uint8Array = new Uint8Array(0);

  /** @param options those of the caller; without them, its caller has none, so that no error advises them. */
  constructor(
    private readonly path: string,
    options: DocumentOptions & Advised = { advise: false },
  ) {
    const onSkip = (documents: number): void => void (this.skipped += documents);
    this.pieces = readPieces(path, { ...options, onSkip });
  }

  /** @throws KNESER_INPUT_*; KNESER_LIMIT for a line of more than 64 MB. */
  async *lines(): AsyncGenerator<string> {
    let parts: Uint8Array[] = [];
    let length = 0;
    for await (const { bytes, ends = [] } of this.pieces) {
      let from = 0;
      let endIndex = 0;
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
        parts.push(bytes.subarray(from, at));
        if (endIndex < ends.length) {
          if (from === (endIndex === 0 ? 0 : ends[endIndex - 1])) this.document++;
          if (at + 1 === ends[endIndex]) endIndex++;
        }
        from = at + 1;
        this.behind = bytes.subarray(from);
        yield this.text(parts);
        parts = [];
        length = 0;
      }
      // A copy, because the reader may overwrite the bytes with the next piece.
      if (from < bytes.length) parts.push(bytes.slice(from));
      length += bytes.length - from;
      if (length > MOST_BYTES) throw this.tooLong();
    }
    this.behind = new Uint8Array(0);
    this.unended = parts.length > 0;
    if (this.unended) yield this.text(parts);
  }

  /**
   * The text behind the line that {@link lines} yielded last, as bytes; all of it if `lines` was not called. No more lines may be asked for.
   * Each array is valid until the next one is asked for.
   *
   * @throws KNESER_INPUT_*; KNESER_LIMIT for a line of more than 64 MB.
   */
  async *rest(): AsyncGenerator<Uint8Array> {
    let length = 0;
    const checked = (bytes: Uint8Array): Uint8Array => {
      const last = bytes.lastIndexOf(NEWLINE);
      if (length + (last < 0 ? bytes.length : bytes.indexOf(NEWLINE)) > MOST_BYTES) throw this.tooLong();
      length = last < 0 ? length + bytes.length : bytes.length - last - 1;
      return bytes;
    };
    yield checked(this.behind);
    for await (const { bytes } of this.pieces) yield checked(bytes);
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
