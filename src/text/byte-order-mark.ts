import { compareBytes } from '../base/bytes.js';

const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** Takes the byte-order mark off the beginning of a text that comes in pieces. */
export class MarkRemover {
  /** What may be the beginning of a mark. */
  private head: Uint8Array | undefined = new Uint8Array(0);

  /** @returns what there is of the text: anything but a mark goes on at once, since a short line on a pipe waits for its answer. */
  take(piece: Uint8Array): Uint8Array {
    if (this.head === undefined) return piece;
    const head = new Uint8Array(this.head.length + piece.length);
    head.set(this.head);
    head.set(piece, this.head.length);
    const alike = beginsAlike(head, BYTE_ORDER_MARK);
    this.head = alike && head.length < BYTE_ORDER_MARK.length ? head : undefined;
    if (this.head) return NOTHING;
    return alike ? head.subarray(BYTE_ORDER_MARK.length) : head;
  }

  /** What was held back of a text that has ended. */
  rest(): Uint8Array {
    return this.head ?? NOTHING;
  }
}

const NOTHING = new Uint8Array(0);

/** Whether two byte strings are equal as far as the shorter one goes. */
function beginsAlike(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.min(a.length, b.length);
  return compareBytes(a.subarray(0, length), b.subarray(0, length)) === 0;
}
