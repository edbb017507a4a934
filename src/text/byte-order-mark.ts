import { compareBytes } from '../base/bytes.js';

const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Removes the UTF-8 byte-order mark at the beginning of a text that arrives in pieces. */
export class MarkRemover {
  /** The first bytes of the text, held back while they may still be the beginning of a mark; `undefined` afterwards. */
  private head: Uint8Array | undefined = new Uint8Array(0);

  /**
   * Takes the next piece. Bytes that cannot be a mark are returned at once, because a program that writes a short line to a pipe
   * may wait for its answer before it writes more.
   *
   * @returns the bytes that can be passed on, without a mark.
   */
  take(piece: Uint8Array): Uint8Array {
    if (this.head === undefined) return piece;
    const head = new Uint8Array(this.head.length + piece.length);
    head.set(this.head);
    head.set(piece, this.head.length);
    const mayBeMark = beginAlike(head, BYTE_ORDER_MARK);
    this.head = mayBeMark && head.length < BYTE_ORDER_MARK.length ? head : undefined;
    if (this.head) return NOTHING;
    return mayBeMark ? head.subarray(BYTE_ORDER_MARK.length) : head;
  }

  /** The bytes still held back when the text has ended. */
  rest(): Uint8Array {
    return this.head ?? NOTHING;
  }
}

const NOTHING = new Uint8Array(0);

/** Whether the shorter of two byte strings is a prefix of the other. */
function beginAlike(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.min(a.length, b.length);
  return compareBytes(a.subarray(0, length), b.subarray(0, length)) === 0;
}
