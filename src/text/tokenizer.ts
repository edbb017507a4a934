import { KneserError } from '../base/errors.js';
import { PendingBytes } from '../base/pending-bytes.js';
import { ENDS_TOKEN, NEWLINE } from './tokens.js';
import { HASH_PRIME, HASH_START } from './word-list.js';

/** Receives the tokens and line ends that a {@link Tokenizer} finds. The bytes are a view, valid during the call only. */
export interface TokenSink {
  /** A token: `bytes[from, to)`, and its `hashBytes`. */
  token(bytes: Uint8Array, from: number, to: number, hash: number): void;
  /** The end of a line, called after the line's tokens. */
  line(): void;
}

/** Takes the bytes of a text in pieces of any length, and sends the text's tokens and line ends to a sink. */
export interface TextFeeder {
  /** Takes the next bytes; they may end within a token or a character. */
  feed(bytes: Uint8Array): void;
  /** Ends the text. */
  end(): void;
}

/** The longest token, in bytes: several copies of a token are in memory at once. */
export const MOST_TOKEN_BYTES = 1 << 26;

/**
 * The white-space tokenizer: cuts a stream of bytes into tokens and lines without creating strings. One pass over the bytes finds
 * and hashes the tokens: about 5 ns a byte on one core, of which the sink's look-ups take most.
 */
export class Tokenizer {
  /** The beginning of a token that continues in the next bytes, and the hash of this part. */
  private readonly pending = new PendingBytes();
  private pendingHash = HASH_START;
  /** Whether the bytes so far end within a line. */
  private isLineOpen = false;

  /**
   * @param source the name of the text, for messages.
   * @param mostBytes the longest token, in bytes.
   */
  constructor(
    private readonly sink: TokenSink,
    private readonly source = 'the text',
    private readonly mostBytes = MOST_TOKEN_BYTES,
  ) {}

  /** Takes the next bytes of the text; they may end within a token. */
  feed(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const start = this.scan(bytes, this.pending.length > 0 ? this.finishPending(bytes) : 0);
    if (start < bytes.length) this.append(bytes.subarray(start));
    this.isLineOpen = bytes[bytes.length - 1] !== NEWLINE;
  }

  /**
   * Sends the tokens that end within the bytes, and the line ends, to the sink. It does nothing else: V8 compiles the loop while it runs the
   * first time, and would drop the code at the first statement that it has not run yet.
   *
   * @returns where the token begins that the bytes end within, whose hash so far is then `pendingHash`; else the length of the bytes.
   */
  private scan(bytes: Uint8Array, from: number): number {
    const { sink } = this;
    const { length } = bytes;
    let start = from;
    let hash = HASH_START;
    for (let at = from; at < length; at++) {
      const byte = bytes[at];
      if (ENDS_TOKEN[byte] === 0) {
        hash = Math.imul(hash ^ byte, HASH_PRIME);
        continue;
      }
      if (at > start) sink.token(bytes, start, at, hash);
      if (byte === NEWLINE) sink.line();
      start = at + 1;
      hash = HASH_START;
    }
    if (start < length) this.pendingHash = hash;
    return start;
  }

  /** Ends the text, and with it a last line that has no line feed. */
  end(): void {
    if (this.pending.length > 0) this.flushPending();
    if (this.isLineOpen) this.sink.line();
    this.isLineOpen = false;
  }

  /** Keeps the beginning of a token that continues in the next bytes. @throws KNESER_LIMIT */
  private append(part: Uint8Array): void {
    if (this.pending.length + part.length > this.mostBytes) {
      throw new KneserError(
        'KNESER_LIMIT',
        `${this.source}: a token is longer than ${this.mostBytes >> 20} MB, the most that memory (--memory) allows. Tokens end at white ` +
          'space: is this the right tokenizer (--tokenizer) for this text?',
      );
    }
    this.pending.add(part);
  }

  /** Adds the bytes that continue the pending token. @returns the offset behind these bytes. */
  private finishPending(bytes: Uint8Array): number {
    let hash = this.pendingHash;
    let at = 0;
    for (; at < bytes.length && ENDS_TOKEN[bytes[at]] === 0; at++) hash = Math.imul(hash ^ bytes[at], HASH_PRIME);
    this.append(bytes.subarray(0, at));
    this.pendingHash = hash;
    if (at < bytes.length) this.flushPending();
    return at;
  }

  private flushPending(): void {
    const { pending } = this;
    this.sink.token(pending.bytes, 0, pending.length, this.pendingHash);
    pending.clear();
  }
}
