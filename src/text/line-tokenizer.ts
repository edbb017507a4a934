import { KneserError } from '../base/errors.js';
import { PendingBytes } from '../base/pending-bytes.js';
import { canonicalSurface, decode } from './surface.js';
import { isTokenizerFile, type TextChanges, type Tokenization } from './tokenization.js';
import type { TextFeeder, TokenSink } from './tokenizer.js';
import { NEWLINE } from './tokens.js';

/** A line of more bytes than this is tokenized in pieces of about this length, each cut before a space. */
const PIECE_BYTES = 1 << 16;
/** The same limit for `segment` and tokenizers from a file, because their sentences or tokens next to a cut may differ. */
const LONG_PIECE_BYTES = 1 << 20;
/** The longest piece without a space, in bytes: a line with a longer one is refused. */
const MOST_BYTES = 1 << 25;

const SPACE = 0x20;
const CARRIAGE_RETURN = 0x0d;

const encoder = new TextEncoder();

/** Tokenizes a text line by line. A line is first decoded, normalised and cut into sentences, as the tokenization says. */
export class LineTokenizer implements TextFeeder {
  private readonly pending = new PendingBytes();
  /** The length at which a line is cut, in bytes. */
  private readonly pieceBytes: number;

  constructor(
    private readonly tokenization: Tokenization,
    private readonly sink: TokenSink,
    private readonly changes: TextChanges,
    private readonly source: string,
  ) {
    const { tokenizer, sentences } = tokenization.info;
    this.pieceBytes = isTokenizerFile(tokenizer) || sentences === 'segment' ? LONG_PIECE_BYTES : PIECE_BYTES;
  }

  feed(bytes: Uint8Array): void {
    const { pending, pieceBytes } = this;
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      if (pending.length === 0 && at - from <= pieceBytes) {
        this.tokenize(bytes.subarray(from, at), true);
      } else {
        this.append(bytes.subarray(from, at));
        this.endLine();
      }
      from = at + 1;
    }
    this.append(bytes.subarray(from));
  }

  end(): void {
    if (this.pending.length > 0) this.endLine();
  }

  private endLine(): void {
    this.tokenize(this.pending.view(), true);
    this.pending.clear();
  }

  /**
   * Adds a part of a line, and tokenizes the line's pieces. A piece ends before the last space among its first `pieceBytes` bytes
   * or, if they hold none, before the next space: the cuts do not depend on how the line was divided into parts.
   */
  private append(part: Uint8Array): void {
    const { pending, pieceBytes } = this;
    for (let from = 0, to = 0; from < part.length; from = to) {
      if (pending.length < pieceBytes) {
        to = Math.min(part.length, from + pieceBytes - pending.length);
        pending.add(part.subarray(from, to));
        continue;
      }
      to = from;
      if (this.cut()) continue;
      const rest = part.subarray(from, from + pieceBytes);
      const space = rest.indexOf(SPACE);
      to = from + (space < 0 ? rest.length : space);
      pending.add(part.subarray(from, to));
      if (space >= 0) {
        this.tokenize(pending.view(), false);
        pending.clear();
      } else if (pending.length > MOST_BYTES) {
        throw new KneserError(
          'KNESER_LIMIT',
          `${this.source}: a line has ${MOST_BYTES >> 20} MB without a space, too much for this tokenizer; split it`,
        );
      }
    }
  }

  /**
   * Tokenizes the pending bytes up to the last space, which no token and no Unicode composition crosses; for a `local` splitter
   * alone, up to the last code point.
   *
   * @returns false if there is no place to cut, and nothing was tokenized.
   */
  private cut(): boolean {
    const { pending, pieceBytes } = this;
    const { info, splitter } = this.tokenization;
    // Bytes beyond `pieceBytes` were added up to the next space, so they hold none.
    let at = pending.bytes.subarray(0, pieceBytes).lastIndexOf(SPACE);
    if (at <= 0 && splitter.local && info.normalize === 'none' && info.sentences === 'lines') {
      at = pending.length - 1;
      while (at > pending.length - 4 && (pending.bytes[at] & 0xc0) === 0x80) at--;
    }
    if (at <= 0) return false;
    this.tokenize(pending.bytes.subarray(0, at), false);
    pending.bytes.copyWithin(0, at, pending.length);
    pending.length -= at;
    return true;
  }

  /** Sends the tokens of a line, or of a piece of one, to the sink. @param endsLine whether the line ends here. */
  private tokenize(line: Uint8Array, endsLine: boolean): void {
    const { tokenization, sink } = this;
    const { info, splitter } = tokenization;
    let text = endsLine && line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
    const surface = canonicalSurface(text, false);
    if (surface) {
      this.changes.replaced += surface.replaced;
      this.changes.extraBytes += surface.extraBytes;
      this.changes.extraCharacters += surface.extraCharacters;
      text = surface.bytes;
    }
    if (info.sentences === 'segment') {
      const sentences = tokenization.sentences(decode(text));
      sentences.forEach((sentence, i) => {
        splitter.split(encoder.encode(sentence), sink);
        if (endsLine || i + 1 < sentences.length) sink.line();
      });
      return;
    }
    if (info.normalize !== 'none') text = encoder.encode(tokenization.normalized(decode(text)));
    splitter.split(text, sink);
    if (endsLine) sink.line();
  }
}
