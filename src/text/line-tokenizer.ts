import { KneserError } from '../base/errors.js';
import { PendingBytes } from '../base/pending-bytes.js';
import { canonicalSurface, decode } from './surface.js';
import { isTokenizerFile, type TextChanges, type Tokenization } from './tokenization.js';
import type { TextFeeder, TokenSink } from './tokenizer.js';
import { NEWLINE } from './tokens.js';

/** A line that grows longer than this is tokenized in pieces, each cut before a space. */
const PIECE_BYTES = 1 << 16;
/** The same limit for tokenizers and sentence splitters that may give other tokens or sentences next to a cut. */
const LONG_PIECE_BYTES = 1 << 20;
/** The longest piece, in bytes: a line with a longer stretch without a space is refused. */
const MOST_BYTES = 1 << 25;

const SPACE = 0x20;
const CARRIAGE_RETURN = 0x0d;

const encoder = new TextEncoder();

/** Tokenizes a text line by line, each decoded, normalised and cut into sentences first. */
export class LineTokenizer implements TextFeeder {
  private readonly pending = new PendingBytes();
  private readonly piece: number;

  constructor(
    private readonly tokenization: Tokenization,
    private readonly sink: TokenSink,
    private readonly changes: TextChanges,
    private readonly source: string,
  ) {
    const { tokenizer, sentences } = tokenization.info;
    this.piece = isTokenizerFile(tokenizer) || sentences === 'segment' ? LONG_PIECE_BYTES : PIECE_BYTES;
  }

  feed(bytes: Uint8Array): void {
    const { pending, piece } = this;
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      if (pending.length === 0 && at - from <= piece) {
        this.take(bytes.subarray(from, at), true);
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
    this.take(this.pending.view(), true);
    this.pending.clear();
  }

  /**
   * Adds a part of a line. The places of cuts depend on the line alone, not on its parts: a cut lies before the last space
   * among the first `PIECE_BYTES` or `LONG_PIECE_BYTES` bytes or, if there is none, before the next space.
   */
  private append(part: Uint8Array): void {
    const { pending, piece } = this;
    for (let from = 0, to = 0; from < part.length; from = to) {
      if (pending.length < piece) {
        to = Math.min(part.length, from + piece - pending.length);
        pending.add(part.subarray(from, to));
        continue;
      }
      to = from;
      if (this.cut()) continue;
      const rest = part.subarray(from, from + piece);
      const space = rest.indexOf(SPACE);
      to = from + (space < 0 ? rest.length : space);
      pending.add(part.subarray(from, to));
      if (space >= 0) {
        this.take(pending.view(), false);
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
   * Tokenizes a long line up to a space: neither a token nor a Unicode composition begins before that space and ends after it.
   *
   * @returns whether there is a place to cut it.
   */
  private cut(): boolean {
    const { pending, piece } = this;
    const { info, splitter } = this.tokenization;
    // Bytes beyond a piece were added up to the next space: they have none.
    let at = pending.bytes.subarray(0, piece).lastIndexOf(SPACE);
    if (at <= 0 && splitter.local && info.normalize === 'none' && info.sentences === 'lines') {
      at = pending.length - 1;
      while (at > pending.length - 4 && (pending.bytes[at] & 0xc0) === 0x80) at--;
    }
    if (at <= 0) return false;
    this.take(pending.bytes.subarray(0, at), false);
    pending.bytes.copyWithin(0, at, pending.length);
    pending.length -= at;
    return true;
  }

  /** @param ended whether the line ends here. */
  private take(line: Uint8Array, ended: boolean): void {
    const { tokenization, sink } = this;
    const { info, splitter } = tokenization;
    let text = ended && line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
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
        if (ended || i + 1 < sentences.length) sink.line();
      });
      return;
    }
    if (info.normalize !== 'none') text = encoder.encode(tokenization.normalized(decode(text)));
    splitter.split(text, sink);
    if (ended) sink.line();
  }
}
