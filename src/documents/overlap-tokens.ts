import { KneserError } from '../base/errors.js';
import { PendingBytes } from '../base/pending-bytes.js';
import { decode } from '../text/surface.js';
import { MOST_TOKEN_BYTES, type TextFeeder, type TokenSink } from '../text/tokenizer.js';
import { ENDS_TOKEN, NEWLINE } from '../text/tokens.js';
import { HASH_PRIME, HASH_START, hashBytes } from '../text/word-list.js';

/** How text is compared: `gpt3` lower-cases it and deletes punctuation (Brown et al. 2020, appendix C); `none` only splits at white space. */
export type Normalization = 'gpt3' | 'none';

const encoder = new TextEncoder();

/** Codes of bytes that do not stand for a byte of a token: white space, ASCII punctuation (deleted), and bytes beyond ASCII. */
const ENDS = 256;
const DELETED = 257;
const WIDE = 258;

/** By byte, the byte that takes its place in the token, or one of the codes above. */
const COMPARED = Uint16Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return WIDE;
  if (ENDS_TOKEN[byte] === 1) return ENDS;
  const character = String.fromCharCode(byte);
  return /[!-/:-@[-`{-~]/.test(character) ? DELETED : character.toLowerCase().charCodeAt(0);
});

/**
 * Cuts text at white space into lower-cased tokens without ASCII punctuation. One pass over the bytes finds, maps and hashes ASCII tokens
 * without making strings; other tokens are decoded. Punctuation that stands alone is not a token.
 */
export class NormalizedTokenizer implements TextFeeder {
  private buffer = new Uint8Array(256);
  /** The beginning of a token whose end was not read yet. */
  private readonly pending = new PendingBytes();
  /** Whether the text so far ends within a line. */
  private lineOpen = false;

  /** @param source the name of the text, for messages. */
  constructor(
    private readonly sink: TokenSink,
    private readonly source = 'the text',
  ) {}

  /** Takes the next bytes of the text; they may end within a token. @throws KNESER_LIMIT */
  feed(bytes: Uint8Array): void {
    const { sink, pending } = this;
    const { length } = bytes;
    if (length === 0) return;
    let at = 0;
    if (pending.length > 0) {
      while (at < length && ENDS_TOKEN[bytes[at]] === 0) at++;
      this.append(bytes.subarray(0, at));
      if (at < length) this.flush();
    }
    while (at < length) {
      const start = at;
      let hash = HASH_START;
      let kept = 0;
      let changed = 0;
      let code = 0;
      for (; at < length; at++) {
        const byte = bytes[at];
        code = COMPARED[byte];
        if (code < ENDS) {
          hash = Math.imul(hash ^ code, HASH_PRIME);
          kept++;
          changed |= code ^ byte;
        } else if (code === ENDS) {
          break;
        } else {
          changed |= code;
        }
      }
      if (at === length) {
        this.append(bytes.subarray(start));
        break;
      }
      if (at > start) {
        // Most tokens need no change, and so no copy.
        if (changed === 0) sink.token(bytes, start, at, hash);
        else if (kept > 0 || (changed & WIDE) === WIDE) this.changed(bytes, start, at, hash);
      }
      if (bytes[at++] === NEWLINE) sink.line();
    }
    this.lineOpen = bytes[length - 1] !== NEWLINE;
  }

  /** Ends the text, and the last line if it has no line feed. */
  end(): void {
    if (this.pending.length > 0) this.flush();
    if (this.lineOpen) this.sink.line();
    this.lineOpen = false;
  }

  /** Appends bytes to the token whose end was not read yet. */
  private append(part: Uint8Array): void {
    const { pending } = this;
    if (pending.length + part.length > MOST_TOKEN_BYTES) {
      throw new KneserError(
        'KNESER_LIMIT',
        `${this.source}: has more than ${MOST_TOKEN_BYTES >> 20} MB without white space; is it text?`,
      );
    }
    pending.add(part);
  }

  /** Ends the token in `pending`. */
  private flush(): void {
    const { pending } = this;
    this.changed(pending.bytes, 0, pending.length, HASH_START);
    pending.clear();
  }

  /** Gives the sink a token that has to be changed. @param hash the hash of the changed token, or `HASH_START` if it is not known. */
  private changed(bytes: Uint8Array, from: number, to: number, hash: number): void {
    if (to - from > this.buffer.length) this.buffer = new Uint8Array(2 * (to - from));
    const { buffer, sink } = this;
    let length = 0;
    for (let i = from; i < to; i++) {
      const code = COMPARED[bytes[i]];
      if (code < ENDS) {
        buffer[length++] = code;
      } else if (code === WIDE) {
        this.wide(decode(bytes.subarray(from, to)));
        return;
      }
    }
    if (length > 0) sink.token(buffer, 0, length, hash === HASH_START ? hashBytes(buffer, 0, length) : hash);
  }

  /** Gives the sink the tokens of a text with characters beyond ASCII. It may have several tokens, because some of these characters are white space. */
  private wide(text: string): void {
    const plain = text.toLowerCase().replaceAll(/[!-/:-@[-`{-~]/g, '');
    for (const token of plain.split(/\s+/)) {
      if (token === '') continue;
      const bytes = encoder.encode(token);
      this.sink.token(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length));
    }
  }
}
