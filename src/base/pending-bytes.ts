/** A buffer of up to this many bytes doubles when it grows; a larger one grows by a quarter. */
const LARGE = 1 << 22;

/** Collects the bytes of a token, a line or a text until its end is found. */
export class PendingBytes {
  /** The buffer, of which the first `length` bytes are in use. A buffer that grows is another array. */
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  /** @param room the first length of the buffer, in bytes. */
  constructor(private readonly room = 1 << 12) {
    this.bytes = new Uint8Array(room);
  }

  add(part: Uint8Array): void {
    this.reserve(part.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
  }

  /** Makes room for `more` bytes. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, (needed > LARGE ? 1.25 : 2) * this.bytes.length));
    larger.set(this.view());
    this.bytes = larger;
  }

  /** The bytes so far, as a view that is valid until bytes are added or removed. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** Removes the bytes, and frees a buffer larger than {@link LARGE}. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > LARGE) this.bytes = new Uint8Array(this.room);
  }
}
