import { KneserError } from '../errors.js';
import { canonicalSurface, decode } from './surface.js';
import type { TextChanges, Tokenization } from './tokenization.js';
import type { TextFeeder, TokenSink } from './tokenizer.js';
import { NEWLINE } from './tokens.js';

/** A line that grows longer than this is tokenized in pieces, each cut before a space. */
const PIECE_BYTES = 1 << 16;
/** The same where a cut may be seen in the tokens or sentences beside it. */
const LONG_PIECE_BYTES = 1 << 20;
/** No piece may be longer: where a line has no space to be cut at. */
const MOST_BYTES = 1 << 25;

const SPACE = 0x20;
const CARRIAGE_RETURN = 0x0d;

const encoder = new TextEncoder();

/** Tokenizes a text line by line, each decoded, normalised and cut into sentences first. */
export class LineTokenizer implements TextFeeder {
  private pending = new Uint8Array(1 << 12);
  private length = 0;
  private readonly piece: number;

  constructor(
    private readonly tokenization: Tokenization,
    private readonly sink: TokenSink,
    private readonly changes: TextChanges,
    private readonly source: string,
  ) {
    const { tokenizer, sentences } = tokenization.info;
    this.piece = tokenizer === 'tokenizer.json' || sentences === 'segment' ? LONG_PIECE_BYTES : PIECE_BYTES;
  }

  feed(bytes: Uint8Array): void {
    // A long document comes at once, and its lines may be as long.
    const { piece } = this;
    for (let from = 0; from < bytes.length; from += piece) this.feedPiece(bytes.subarray(from, from + piece));
  }

  end(): void {
    if (this.length > 0) this.take(this.pending.subarray(0, this.length), true);
    this.length = 0;
  }

  private feedPiece(bytes: Uint8Array): void {
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      if (this.length === 0) {
        this.take(bytes.subarray(from, at), true);
      } else {
        this.keep(bytes.subarray(from, at));
        this.take(this.pending.subarray(0, this.length), true);
        this.length = 0;
      }
      from = at + 1;
    }
    if (from === bytes.length) return;
    this.keep(bytes.subarray(from));
    if (this.length >= this.piece) this.cut();
  }

  private keep(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (length > this.pending.length) {
      const larger = new Uint8Array(Math.max(2 * this.pending.length, length));
      larger.set(this.pending.subarray(0, this.length));
      this.pending = larger;
    }
    this.pending.set(bytes, this.length);
    this.length = length;
  }

  /** Tokenizes as much of a long line as may be: no token reaches over a space from before it, nor does a composition. */
  private cut(): void {
    const { info, splitter } = this.tokenization;
    let at = this.pending.subarray(0, this.length).lastIndexOf(SPACE);
    if (at <= 0 && splitter.local && info.normalize === 'none' && info.sentences === 'lines') {
      at = this.length - 1;
      while (at > this.length - 4 && (this.pending[at] & 0xc0) === 0x80) at--;
    }
    if (at > 0) {
      this.take(this.pending.subarray(0, at), false);
      this.pending.copyWithin(0, at, this.length);
      this.length -= at;
    } else if (this.length > MOST_BYTES) {
      throw new KneserError(
        'KNESER_LIMIT',
        `${this.source}: a line has ${MOST_BYTES >> 20} MB without a space, too much for this tokenizer; split it`,
      );
    }
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
